import { z } from 'zod'
import { composeOf } from '../../../model/container.js'
import type { RecordedEvent } from '../../../model/container-event.js'
import { engineTimeOfNano, rfc3339Of } from '../../../model/engine-time.js'
import type { Answer, ContentOf } from '../../endpoints/answer.js'
import { containerId, flag, optionalInteger, optionalText, text, texts, time } from '../answer-parts.js'
import { listOf } from '../list.js'

const EVENT = z.strictObject({
  id: text,
  time,
  host: text,
  action: text,
  container: containerId,
  name: optionalText,
  image: optionalText,
  project: optionalText,
  service: optionalText,
  exitCode: optionalInteger,
  signal: optionalInteger,
  health: z.enum(['healthy', 'unhealthy']).nullable(),
  command: optionalText,
  execId: optionalText,
  oldName: optionalText,
  noise: flag,
})

export const EVENT_LIST = listOf(EVENT)

/** The data of each server-sent event, by its name. `gap`: events of these hosts are missing at this point. */
export const EVENT_FEED = { container: EVENT, gap: z.strictObject({ hosts: texts }) }

export function eventAnswer(event: RecordedEvent): Answer<ContentOf<typeof EVENT>> {
  const content = {
    id: event.id,
    time: rfc3339Of(engineTimeOfNano(event.timeNano)),
    host: event.hostId,
    action: event.action,
    container: event.containerId,
    name: event.name,
    image: event.image,
    ...composeOf(event.labels),
    exitCode: event.exitCode,
    signal: event.signal,
    health: event.health,
    command: event.command,
    execId: event.execId,
    oldName: event.oldName,
    noise: event.isNoise,
  }
  return { content, redactions: event.redactions }
}
