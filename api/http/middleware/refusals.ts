import type { Audit, AuthEvent } from '../../audit/event.js'
import type { Counters } from '../../store/store.js'

/** Records a refusal, unless the address has already `perAddress` records of this action in the window. */
export type RecordRefusal = (event: AuthEvent, perAddress: number) => Promise<void>

/** Refusals recorded in one window, over all addresses. */
const MAX_RECORDED_REFUSALS = 1_000

/**
 * Bounds the records of refusals. Any client can cause one, and each takes disk: an attacker with a thousand addresses must not
 * fill the disk of the trail. The log has a line for each request in any case. `windowMs` is in milliseconds.
 */
export function refusalRecorder(audit: Audit, counters: Counters, windowMs: number): RecordRefusal {
  return async function recordRefusal(event, perAddress) {
    const ofAddress = await counters.add(`${event.action} ${event.address}`, windowMs)
    if (ofAddress.hits > perAddress) return
    const ofAll = await counters.add('all', windowMs)
    if (ofAll.hits < MAX_RECORDED_REFUSALS) audit.record(event)
    else if (ofAll.hits === MAX_RECORDED_REFUSALS)
      audit.record({ ...event, reason: 'the last refusal of this window that is recorded: there are too many' })
  }
}
