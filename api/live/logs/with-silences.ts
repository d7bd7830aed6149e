import type { Clock } from '../../clock.js'
import { settlesWithin } from '../settles-within.js'

/**
 * Gives what the source gives, and null each time that it gives nothing for `silenceMs()` milliseconds. It is asked before each
 * wait; where it is null the wait has no end.
 */
export async function* withSilences<T>(
  source: AsyncIterable<T>,
  silenceMs: () => number | null,
  clock: Clock,
): AsyncGenerator<T | null, void, undefined> {
  const iterator = source[Symbol.asyncIterator]()
  let next = iterator.next()
  try {
    for (;;) {
      const limit = silenceMs()
      if (limit !== null && !(await settlesWithin(next, limit, clock))) {
        yield null
        continue
      }
      const result = await next
      if (result.done === true) return
      yield result.value
      next = iterator.next()
    }
  } finally {
    // The source ends; a fault of what is still under way then is no fault of the reader's.
    next.catch(() => {})
    await iterator.return?.(undefined)
  }
}
