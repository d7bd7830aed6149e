import { Quota } from '../../concurrency/quota.js'
import { Semaphore } from '../../concurrency/semaphore.js'
import { ApiError } from '../../model/error.js'

/** Sign-ins that wait at once. A check takes about 20 ms, so the last one waits no longer than a person has patience for. */
const MAX_WAITING = 64

/**
 * Sign-ins from known addresses that wait at once. They have a quota of their own, so that an attacker who fills the queue from
 * a hundred addresses does not lock the owner out.
 */
const MAX_PREFERRED = 16

/** Sign-ins of one address that wait at once: one for a person, a few for an office behind one address. */
const MAX_WAITING_PER_ADDRESS = 4

/**
 * Runs one sign-in at a time, in order of arrival, preferred ones first. One at a time, so that a failure is counted before the
 * next guess runs, and so that hashing passwords occupies one core and leaves the others to readers.
 */
export class SignInQueue {
  readonly #semaphore = new Semaphore(1)
  readonly #preferred = quota(MAX_PREFERRED, MAX_PREFERRED, `${MAX_PREFERRED} sign-ins wait already`)
  readonly #others = quota(MAX_WAITING, MAX_WAITING, `${MAX_WAITING} sign-ins wait already`)
  readonly #addresses = quota(
    MAX_WAITING_PER_ADDRESS,
    MAX_PREFERRED + MAX_WAITING,
    `${MAX_WAITING_PER_ADDRESS} sign-ins of this address wait already`,
  )

  /** Resolves with the result of `signIn`. Rejects with rate-limited at once if too many wait, in all or from this address. */
  async enter<T>(address: string, signIn: () => Promise<T>, isPreferred = false): Promise<T> {
    const stopWaiting = this.#wait(address, isPreferred)
    const start = () => {
      // Only waiting sign-ins count. If the semaphore is free, this runs within the call below.
      stopWaiting()
      return signIn()
    }
    return this.#semaphore.run(start, { isPreferred })
  }

  #wait(address: string, isPreferred: boolean): () => void {
    const release = (isPreferred ? this.#preferred : this.#others).acquire(address)
    try {
      const releaseAddress = this.#addresses.acquire(address)
      return () => {
        release()
        releaseAddress()
      }
    } catch (error) {
      release()
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
