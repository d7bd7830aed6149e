import { FairQueue } from '../../concurrency/fair-queue.js'
import { Quota } from '../../concurrency/quota.js'
import type { Release } from '../../concurrency/semaphore.js'
import { ApiError } from '../../model/error.js'
import { WaitingLine } from './waiting-line.js'

/** Sign-ins that wait at once. A check takes about 20 ms, so the last one waits no longer than a person has patience for. */
const MAX_WAITING = 64

/**
 * Sign-ins from known addresses that wait at once. They have a quota of their own, so that an attacker who fills the line from
 * a hundred networks does not lock the owner out.
 */
const MAX_PREFERRED = 16

/** Sign-ins of one address that wait at once: one for a person, a few for an office behind one address. */
const MAX_WAITING_PER_ADDRESS = 4

const TOO_MANY = 'too many sign-ins wait already'

interface WaitingSignIn {
  readonly addressKey: string
  /** Never rejects. */
  start(): Promise<void>
  refuse(reason: string): void
}

/**
 * Runs one sign-in at a time. Those from known addresses go first; of the others wide networks take turns, and within each the
 * addresses. One at a time, so that a failure is counted before the next guess runs, and so that hashing passwords occupies one
 * core and leaves the others to readers.
 */
export class SignInQueue {
  readonly #preferred = new FairQueue<WaitingSignIn>()
  readonly #others = new WaitingLine<WaitingSignIn>(MAX_WAITING)
  readonly #preferredQuota = quota(MAX_PREFERRED, MAX_PREFERRED, TOO_MANY)
  readonly #addresses = quota(
    MAX_WAITING_PER_ADDRESS,
    MAX_PREFERRED + MAX_WAITING + 1,
    `${MAX_WAITING_PER_ADDRESS} sign-ins of this address wait already`,
  )
  #isRunning = false

  /**
   * Resolves with the result of `signIn`. Rejects with rate-limited if too many wait: at once, or as soon as a client from a
   * network with fewer needs the place.
   */
  enter<T>(addressKey: string, signIn: () => Promise<T>, isPreferred = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const release = this.#acquire(addressKey, isPreferred)
      const waiting: WaitingSignIn = {
        addressKey,
        start: async () => {
          // Only waiting sign-ins count.
          release()
          try {
            resolve(await signIn())
          } catch (error) {
            reject(error)
          }
        },
        refuse: (reason) => {
          release()
          reject(tooManyWaiting(reason))
        },
      }
      if (!this.#isRunning) void this.#run(waiting)
      else if (isPreferred) this.#preferred.push(addressKey, waiting)
      else this.#others.push(waiting)?.refuse(TOO_MANY)
    })
  }

  async #run(first: WaitingSignIn): Promise<void> {
    this.#isRunning = true
    for (let next: WaitingSignIn | undefined = first; next !== undefined; ) {
      await next.start()
      next = this.#preferred.shift() ?? this.#others.shift()
    }
    this.#isRunning = false
  }

  #acquire(addressKey: string, isPreferred: boolean): Release {
    const releaseAddress = this.#addresses.acquire(addressKey)
    if (!isPreferred) return releaseAddress
    try {
      const release = this.#preferredQuota.acquire(addressKey)
      return () => {
        release()
        releaseAddress()
      }
    } catch (error) {
      releaseAddress()
      throw error
    }
  }
}

function quota(perHolder: number, total: number, reason: string): Quota {
  return new Quota({ perHolder, total, refusal: () => tooManyWaiting(reason) })
}

function tooManyWaiting(reason: string): ApiError {
  return new ApiError('rate-limited', reason, {
    detail: 'Too many sign-ins are waiting; Retry-After says when to come back.',
    retryAfterSeconds: 1,
  })
}
