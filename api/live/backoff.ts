/** Milliseconds before the second attempt. The first follows at once. */
const FIRST_DELAY_MS = 200

/** The longest wait: an engine restarts within seconds, and a refused connection costs nothing. */
const MAX_DELAY_MS = 2_000

/** Milliseconds. A connection that was open for this long counts as a success, so the next attempt follows at once. */
export const STEADY_AFTER_MS = 5_000

/**
 * How long to wait before attempt number `attempt` (from 0), in milliseconds. Doubles up to a ceiling. `random` (0 to 1) removes
 * up to half of it, so that a hundred watchers of one engine do not all connect at once.
 */
export function backoff(attempt: number, random: number): number {
  if (attempt === 0) return 0
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return Math.round(delay * (1 - random / 2))
}
