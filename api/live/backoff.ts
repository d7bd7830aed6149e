/** Milliseconds before the second try; the first follows at once. */
const FIRST_DELAY_MS = 200

/** An engine's restart takes seconds, and a connection that is refused costs nothing, so no wait for it is longer. */
const MAX_DELAY_MS = 2_000

/** Milliseconds: a connection that was open for so long ended for a reason of its own, so the next try follows at once. */
export const STEADY_AFTER_MS = 5_000

/**
 * How long to wait before try number `attempt` (from 0), in milliseconds. Doubles up to a ceiling; `random` (0 to 1) takes up
 * to half of it away, so that a hundred watchers of one engine do not connect all at once.
 */
export function backoff(attempt: number, random: number): number {
  if (attempt === 0) return 0
  const delay = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempt - 1))
  return Math.round(delay * (1 - random / 2))
}
