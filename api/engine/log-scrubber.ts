import { rfc3339Of } from '../model/engine-time.js'
import type { LogLine, LogStream } from '../model/log-line.js'
import { REDACTED, type Scrubbed, scrubText } from '../redaction/scrub.js'
import { LINE_SCRUB_CHARACTERS, ScrubBudget } from '../redaction/scrub-budget.js'
import { withoutEscapes } from '../redaction/terminal-text.js'
import type { RawLogLine } from './log-lines.js'

/** Lines of the longest private key in use: RSA of 16,384 bits. Who writes BEGIN and never END must not hide all that follows. */
const MAX_KEY_LINES = 200

const KEY_BEGINS = /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/g
const KEY_ENDS = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/

/**
 * A line of PEM (RFC 7468, section 2: 64 characters; OpenSSH writes 70), of which a tail may show the middle alone. A digest in
 * hexadecimal is not one.
 */
const KEY_BODY = /^(?=.{0,69}[G-Zg-z+/])(?=.{0,69}[A-Z])(?=.{0,69}[a-z])(?:[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{70})$/

/**
 * Takes secrets out of a log's lines in their order, since a private key spans many. Looks beneath the colours that loggers put
 * between a name and its value.
 */
export class LogScrubber {
  /** Lines that are left of a key that has begun. */
  readonly #keyLines: Record<LogStream, number> = { stdout: 0, stderr: 0 }

  readonly #lineCharacters: number

  /** How many characters of a line are looked at. The rest of a longer one is redacted. */
  constructor(lineCharacters: number = LINE_SCRUB_CHARACTERS) {
    this.#lineCharacters = lineCharacters
  }

  scrub({ at, stream, message, isCut, parts }: RawLogLine): LogLine {
    const scrubbed = this.#scrubMessage(stream, message)
    return {
      time: at === null ? null : rfc3339Of(at),
      stream,
      message: scrubbed.value,
      isCut: isCut || scrubbed.isCut,
      redactions: scrubbed.redactions,
      parts,
    }
  }

  #scrubMessage(stream: LogStream, message: string): ScrubbedMessage {
    const plain = withoutEscapes(message)
    if (this.#keyLines[stream] > 0) {
      const end = KEY_ENDS.exec(plain)
      this.#keyLines[stream] = end === null ? this.#keyLines[stream] - 1 : 0
      if (end === null) return HIDDEN
      const rest = plain.slice(end.index + end[0].length)
      if (leavesKeyOpen(rest)) this.#keyLines[stream] = MAX_KEY_LINES
      const after = this.#scrubPlain(rest, new ScrubBudget(this.#lineCharacters))
      return { ...after, value: REDACTED + after.value, redactions: 1 + after.redactions }
    }
    if (leavesKeyOpen(plain)) this.#keyLines[stream] = MAX_KEY_LINES
    if (KEY_BODY.test(plain.trim())) return HIDDEN
    const budget = new ScrubBudget(this.#lineCharacters)
    const scrubbed = this.#scrubPlain(plain, budget)
    const isMarked = message.includes('\u001b')
    if (!isMarked || scrubbed.redactions > 0 || !budget.affords(message.length)) return scrubbed
    // Colours are kept where there is nothing to hide beneath them; a title or a link may hold a secret by itself.
    return this.#scrubPlain(message, budget)
  }

  #scrubPlain(text: string, budget: ScrubBudget): ScrubbedMessage {
    const isCut = !budget.affords(text.length)
    return { ...scrubText(text, budget), isCut }
  }
}

interface ScrubbedMessage extends Scrubbed<string> {
  /** Whether the message is longer than what is looked at of one. */
  readonly isCut: boolean
}

const HIDDEN: ScrubbedMessage = { value: REDACTED, redactions: 1, isCut: false }

/** Whether a private key begins that does not end on the same line. */
function leavesKeyOpen(line: string): boolean {
  let last: RegExpExecArray | null = null
  for (const begin of line.matchAll(KEY_BEGINS)) last = begin
  return last !== null && !line.includes('-----END', last.index)
}

/** The same, with nothing taken out: for owners who have switched that off. */
export function plainLogLine({ at, stream, message, isCut, parts }: RawLogLine): LogLine {
  return { time: at === null ? null : rfc3339Of(at), stream, message, isCut, redactions: 0, parts }
}
