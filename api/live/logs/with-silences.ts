import type { Clock } from '../../clock.js'
import { settlesWithin } from '../settles-within.js'

/**
 * Yields what the source yields, and null each time the source is silent for `silenceMs()` milliseconds. `silenceMs` is called
 * before each wait; null means to wait without limit.
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
    // Ends the source. A fault of its pending read does not concern the reader any more.
    next.catch(() => {})
    await iterator.return?.(undefined)
  }
}
