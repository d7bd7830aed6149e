import { type Clock, sleep } from '../clock.js'

/** Whether the promise settles within that many milliseconds; it goes on either way. Rejects if the promise rejects in time. */
export async function settlesWithin(promise: Promise<unknown>, milliseconds: number, clock: Clock): Promise<boolean> {
  const done = new AbortController()
  try {
    return await Promise.race([promise.then(() => true), sleep(clock, milliseconds, done.signal).then(() => false)])
  } finally {
    done.abort()
  }
}
