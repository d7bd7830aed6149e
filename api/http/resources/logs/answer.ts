import type { Container } from '../../../model/container.js'
import type { LogLine, LogPage } from '../../../model/log-line.js'
import { withoutEscapes } from '../../../redaction/terminal-text.js'
import { PlainText } from '../../endpoints/plain-text.js'

export function presentLog(container: Container, page: LogPage) {
  return {
    id: container.id,
    name: container.name,
    host: container.hostId,
    lines: page.lines.map(presentLogLine),
    truncated: page.isTruncated,
    redactions: page.redactions,
  }
}

/** `cut` stands on those lines alone that are longer than what is kept of one. */
export function presentLogLine({ time, stream, message, isCut }: LogLine) {
  return isCut ? { time, stream, message, cut: true } : { time, stream, message }
}

/**
 * A line each. `text` is for terminals, which must not be told by a container what to do: colours and control characters are left
 * out. `ndjson` is JSON objects, which carry them escaped.
 */
export function presentLogText(
  container: Container,
  page: LogPage,
  format: 'ndjson' | 'text',
  timestamps: boolean,
): PlainText {
  const lines = page.lines.map((line) => {
    if (format === 'ndjson') return `${JSON.stringify(presentLogLine(line))}\n`
    return `${timestamps ? `${line.time ?? '-'} ` : ''}${printable(line.message)}\n`
  })
  const type = format === 'ndjson' ? 'application/x-ndjson; charset=utf-8' : 'text/plain; charset=utf-8'
  const headers = { 'Porthole-Truncated': String(page.isTruncated) }
  return new PlainText(lines.join(''), type, { container: container.id, headers })
}

/** All but the tab; and what turns the direction of text around, so that it reads as what it is not. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it takes out
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g

function printable(message: string): string {
  return withoutEscapes(message).replace(CONTROL, '\ufffd')
}
