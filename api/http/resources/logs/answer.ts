import { z } from 'zod'
import type { Container } from '../../../model/container.js'
import { LOG_STREAMS, type LogLine, type LogPage } from '../../../model/log-line.js'
import { withoutEscapes } from '../../../redaction/terminal-text.js'
import type { ContentOf } from '../../endpoints/answer.js'
import { PlainText } from '../../endpoints/plain-text.js'
import { containerId, flag, integer, optionalTime, text, texts } from '../answer-parts.js'

/** `cut` is present only on lines that are longer than an answer shows. */
const LOG_LINE = z.strictObject({
  time: optionalTime,
  stream: z.enum(LOG_STREAMS),
  message: text,
  cut: z.literal(true).optional(),
})

export const LOG = z.strictObject({
  id: containerId,
  name: text,
  host: text,
  lines: z.array(LOG_LINE),
  truncated: flag,
  redactions: integer,
})

/** The data of each server-sent event, by its name. `gap`: lines are missing at this point. */
export const LOG_FEED = { log: LOG_LINE, gap: z.strictObject({ hosts: texts }) }

export function logContent(container: Container, page: LogPage): ContentOf<typeof LOG> {
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    lines: page.lines.map(logLineContent),
    truncated: page.isTruncated,
    redactions: page.redactions,
  }
}

export function logLineContent({ time, stream, message, isCut }: LogLine): ContentOf<typeof LOG_LINE> {
  return isCut ? { time, stream, message, cut: true } : { time, stream, message }
}

/**
 * One log line per line. `text` is for terminals, which a container must not control: colours and control characters are
 * removed. `ndjson` holds JSON objects, in which they are escaped.
 */
export function logText(page: LogPage, format: 'ndjson' | 'text', timestamps: boolean): PlainText {
  const lines = page.lines.map((line) => {
    if (format === 'ndjson') return `${JSON.stringify(logLineContent(line))}\n`
    return `${timestamps ? `${line.time ?? '-'} ` : ''}${printable(line.message)}\n`
  })
  const type = format === 'ndjson' ? 'application/x-ndjson; charset=utf-8' : 'text/plain; charset=utf-8'
  return new PlainText(lines.join(''), type, { 'Porthole-Truncated': String(page.isTruncated) })
}

/** All control characters but the tab, and the characters that reverse the direction of text and so disguise it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it takes out
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g

function printable(message: string): string {
  return withoutEscapes(message).replace(CONTROL, '\ufffd')
}
