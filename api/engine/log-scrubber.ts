import { stripVTControlCharacters } from 'node:util'
import { type LogLine, type LogStream, rfc3339Of } from '../model/log-line.js'
import { REDACTED, type Scrubbed, scrubText } from '../model/redaction.js'
import type { RawLogLine } from './log-lines.js'

/** Lines of the longest private key in use: RSA of 16,384 bits. Who writes BEGIN and never END must not hide all that follows. */
const MAX_KEY_LINES = 200

const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?![\s\S]*-----END)/
const KEY_ENDS = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----/

/** A line of PEM (RFC 7468, section 2), of which a tail may show the middle alone. A digest in hexadecimal is none. */
const KEY_BODY = /^(?=.*[G-Zg-z+/])(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9+/]{64}$/

/**
 * Takes secrets out of a log's lines in their order, since a private key spans many. Looks beneath the colours that loggers put
 * between a name and its value.
 */
export class LogScrubber {
  /** Lines that are left of a key that has begun. */
  readonly #keyLines: Record<LogStream, number> = { stdout: 0, stderr: 0 }

  scrub({ at, stream, message, isCut, parts }: RawLogLine): LogLine {
    const { value, redactions } = this.#scrubMessage(stream, message)
    return { time: at === null ? null : rfc3339Of(at), stream, message: value, isCut, redactions, parts }
  }

  #scrubMessage(stream: LogStream, message: string): Scrubbed<string> {
    const plain = message.includes('\u001b') ? stripVTControlCharacters(message) : message
    if (this.#keyLines[stream] > 0) {
      const end = KEY_ENDS.exec(plain)
      this.#keyLines[stream] = end === null ? this.#keyLines[stream] - 1 : 0
      if (end === null) return { value: REDACTED, redactions: 1 }
      const after = scrubText(plain.slice(end.index + end[0].length))
      return { value: REDACTED + after.value, redactions: 1 + after.redactions }
    }
    if (KEY_BEGINS.test(plain)) this.#keyLines[stream] = MAX_KEY_LINES
    if (KEY_BODY.test(plain.trim())) return { value: REDACTED, redactions: 1 }
    const scrubbed = scrubText(plain)
    // Colours are kept where there is nothing to hide.
    return scrubbed.redactions === 0 ? { value: message, redactions: 0 } : scrubbed
  }
}

/** The same, with nothing taken out: for owners who have switched that off. */
export function plainLogLine({ at, stream, message, isCut, parts }: RawLogLine): LogLine {
  return { time: at === null ? null : rfc3339Of(at), stream, message, isCut, redactions: 0, parts }
}
