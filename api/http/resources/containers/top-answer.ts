import { z } from 'zod'
import type { Container } from '../../../model/container.js'
import type { ProcessList } from '../../../model/process.js'
import type { Answer, ContentOf } from '../../endpoints/answer.js'
import { containerId, flag, optionalInteger, optionalNumber, optionalText, text, textByName } from '../answer-parts.js'

const PROCESS = z.strictObject({
  pid: optionalInteger,
  parentPid: optionalInteger,
  user: optionalText,
  command: optionalText,
  started: optionalText,
  cpuSeconds: optionalNumber,
  cpuPercent: optionalNumber,
  memoryPercent: optionalNumber,
  residentBytes: optionalInteger,
  virtualBytes: optionalInteger,
  state: optionalText,
  terminal: optionalText,
  other: textByName,
})

export const TOP = z.strictObject({
  id: containerId,
  name: text,
  host: text,
  processes: z.array(PROCESS),
  truncated: flag,
})

export function topAnswer(
  container: Container,
  { processes, isTruncated, redactions }: ProcessList,
): Answer<ContentOf<typeof TOP>> {
  const content = {
    id: container.id,
    name: container.name,
    host: container.hostId,
    processes: processes.map((one) => ({
      pid: one.pid,
      parentPid: one.parentPid,
      user: one.user,
      command: one.command,
      started: one.started,
      cpuSeconds: one.cpuSeconds,
      cpuPercent: one.cpuPercent,
      memoryPercent: one.memoryPercent,
      residentBytes: one.residentBytes,
      virtualBytes: one.virtualBytes,
      state: one.state,
      terminal: one.terminal,
      other: one.other,
    })),
    truncated: isTruncated,
  }
  return { content, redactions }
}
