import { createHash } from 'node:crypto'
import { REDACTED } from '../../redaction/scrub.js'
import { PlainText } from './plain-text.js'

/** One ready answer: the bytes, and the strong ETag (RFC 9110 section 8.8.3) that names them. */
export interface Answer {
  readonly body: Buffer
  readonly etag: string
  /** The Content-Type field. */
  readonly type: string
  /** How often something was taken out of it. */
  readonly redactions: number
  /** The full id of the one container that it tells of; null for lists. */
  readonly container: string | null
  /** Further response fields. */
  readonly headers: Readonly<Record<string, string>>
}

/** Bytes of ready answers that are kept: a hundred views of a large fleet, bounded all the same. */
const MAX_CACHED_BYTES = 32 * 1024 * 1024

/** Answers that are kept, so that many small ones cannot fill the map with keys. */
const MAX_CACHED_ANSWERS = 1_000

/** Characters of a key: a longer URL is answered, and not kept. */
const MAX_KEY_LENGTH = 1_024

/** The tag is a hash of the bytes: it tells nothing that the answer itself does not. */
export function answerOf(content: unknown, container: string | null = null): Answer {
  const isText = content instanceof PlainText
  const text = isText ? content.text : JSON.stringify(content)
  const body = Buffer.from(text)
  return {
    body,
    type: isText ? content.type : 'application/json; charset=utf-8',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    redactions: text.split(REDACTED).length - 1,
    container: isText ? content.container : container,
    headers: isText ? content.headers : {},
  }
}

/** Keeps answers as long as the version that they were made of is current. */
export class AnswerCache {
  readonly #answers = new Map<string, { readonly version: number; readonly answer: Answer }>()
  #bytes = 0

  get(key: string, version: number): Answer | null {
    const kept = this.#answers.get(key)
    return kept?.version === version ? kept.answer : null
  }

  put(key: string, version: number, answer: Answer): void {
    this.#drop(key)
    if (key.length > MAX_KEY_LENGTH || answer.body.length > MAX_CACHED_BYTES) return
    this.#answers.set(key, { version, answer })
    this.#bytes += answer.body.length
    for (const oldest of this.#answers.keys()) {
      if (this.#bytes <= MAX_CACHED_BYTES && this.#answers.size <= MAX_CACHED_ANSWERS) return
      this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#bytes -= this.#answers.get(key)?.answer.body.length ?? 0
    this.#answers.delete(key)
  }
}
