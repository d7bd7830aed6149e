import type { Clock } from '../../clock.js'
import { PartySemaphore } from '../../concurrency/party-semaphore.js'
import { ApiError } from '../../model/error.js'

/**
 * Reads of one party that wait for an engine at once: half of the connections that an engine has for them. A person opens one or
 * two, and a script that opens more gains nothing, because an engine answers a few at a time.
 */
export const MAX_ENGINE_READS_PER_PARTY = 8

/** Milliseconds that further reads of a party wait for their turn. Longer than an engine in good order takes for one. */
export const MAX_WAIT_FOR_TURN_MS = 2_000

/** Bounds the reads of each party that wait for an engine. */
export function engineReadShares(clock: Clock): PartySemaphore {
  return new PartySemaphore({
    perParty: MAX_ENGINE_READS_PER_PARTY,
    maxWaitMs: MAX_WAIT_FOR_TURN_MS,
    refusal: () =>
      new ApiError('engine-unavailable', `${MAX_ENGINE_READS_PER_PARTY} reads of this subject wait for an engine`, {
        detail: `${MAX_ENGINE_READS_PER_PARTY} of your requests wait for an engine already, and none was answered in time; Retry-After says when to come back.`,
        retryAfterSeconds: MAX_WAIT_FOR_TURN_MS / 1_000,
      }),
    clock,
  })
}
