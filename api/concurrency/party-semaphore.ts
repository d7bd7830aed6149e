import type { Clock } from '../clock.js'
import { type Release, Semaphore } from './semaphore.js'

export interface PartySemaphoreOptions {
  /** How many of one party run at once. */
  readonly perParty: number
  /** Milliseconds that one waits at most. */
  readonly maxWaitMs: number
  /** Makes the error for one that has waited so long. */
  readonly refusal: () => Error
  readonly clock: Clock
}

interface Party {
  readonly semaphore: Semaphore
  /** How many run or wait. */
  count: number
}

/** A semaphore for each party, in which nothing waits long: what one party does at once delays that party alone. */
export class PartySemaphore {
  readonly #options: PartySemaphoreOptions
  /** Those of whom something runs or waits. */
  readonly #parties = new Map<string, Party>()

  constructor(options: PartySemaphoreOptions) {
    this.#options = options
  }

  /** Parties of whom something runs or waits. */
  get size(): number {
    return this.#parties.size
  }

  /** Resolves with what gives the permit back. Rejects with what `refusal` makes, or with the signal's reason. */
  acquire(name: string, signal: () => AbortSignal): Promise<Release> {
    const party = this.#parties.get(name) ?? { semaphore: new Semaphore(this.#options.perParty), count: 0 }
    this.#parties.set(name, party)
    party.count += 1
    const giveBack = once((leave: Release) => {
      leave()
      party.count -= 1
      if (party.count === 0) this.#parties.delete(name)
    })
    return new Promise((resolve, reject) => {
      let hasPermit = false
      let stopWaiting = () => {}
      const leave = party.semaphore.enter((permit) => {
        hasPermit = true
        stopWaiting()
        resolve(() => giveBack(permit))
      })
      if (hasPermit) return
      stopWaiting = this.#waitBriefly(signal(), (error) => {
        giveBack(leave)
        reject(error)
      })
    })
  }

  /** Gives up when the time is over or the signal aborts, whichever is first. The function returned ends the wait. */
  #waitBriefly(signal: AbortSignal, giveUp: (error: unknown) => void): () => void {
    const { clock, maxWaitMs, refusal } = this.#options
    const stop = () => {
      cancel()
      signal.removeEventListener('abort', abort)
    }
    const abort = () => {
      stop()
      giveUp(signal.reason)
    }
    const cancel = clock.after(maxWaitMs, () => {
      stop()
      giveUp(refusal())
    })
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort)
    return stop
  }
}

function once<T>(run: (value: T) => void): (value: T) => void {
  let isDone = false
  return (value) => {
    if (isDone) return
    isDone = true
    run(value)
  }
}
