import { z } from 'zod'
import type { ContainerEvent } from '../../model/container-event.js'
import { ApiError } from '../../model/error.js'
import { containerId, optionalNumber, parse, text } from './shape.js'

const EVENT = z.object({
  Type: text.nullish(),
  Action: text.nullish(),
  Actor: z.object({ ID: text.nullish() }).nullish(),
  time: optionalNumber,
  timeNano: optionalNumber,
})

const CONTAINER_EVENT = z.object({
  Action: z.string().regex(/^[A-Za-z_-]{1,64}(?::|$)/),
  Actor: z.object({ ID: containerId }),
})

/**
 * One line of GET /events; null where it is not about one container: `prune` is about all and names none. Of `exec_create: sh -c ...` and `health_status:
 * healthy` the verb alone is kept: what follows is a command line.
 */
export function decodeEvent(line: string): ContainerEvent | null {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new ApiError('engine-bad-answer', `an event: ${line.length} characters that are no JSON`)
  }
  const event = parse(EVENT, value, 'an event')
  if (event.Type !== 'container') return null
  const known = CONTAINER_EVENT.safeParse(event)
  if (!known.success) return null
  const { Action, Actor } = known.data
  return { containerId: Actor.ID, action: Action.replace(/:.*$/s, ''), timeNano: timeNanoOf(line, event) }
}

/**
 * The digits as the line has them, because a double rounds them by hundreds. They cannot be those of a label: a label's
 * value is a string, and a quote within one is escaped.
 */
function timeNanoOf(line: string, event: { timeNano: number | null; time: number | null }): string {
  const digits = /"timeNano"\s{0,8}:\s{0,8}(\d{1,20})\b/.exec(line)?.[1]
  if (digits !== undefined && Number(digits) === event.timeNano) return digits
  return event.time === null || event.time < 0 ? '0' : `${Math.trunc(event.time)}000000000`
}
