import { createHash } from 'node:crypto'
import type { z } from 'zod'
import { PlainText } from './plain-text.js'

/** What a handler returns. */
export interface Answer<Content> {
  readonly content: Content
  /** How many redactions it contains, for the audit. The handler counts them, because any text may happen to say `[redacted]`. */
  readonly redactions: number
}

/** The content of an answer, typed by its schema and read-only. */
export type ContentOf<Schema extends z.ZodType> = Frozen<z.output<Schema>>

type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T

/** The bytes of an answer, and the strong ETag (RFC 9110 section 8.8.3) that identifies them. */
export interface RenderedResponse {
  readonly body: Buffer
  readonly etag: string
  /** The Content-Type field. */
  readonly type: string
  readonly redactions: number
  /** The full id of the container that the answer is about; null for lists. */
  readonly container: string | null
  /** Further response fields. */
  readonly headers: Readonly<Record<string, string>>
}

/** The tag is a hash of the bytes, so it reveals nothing beyond the answer itself. */
export function render<Content>(
  { content, redactions }: Answer<Content | PlainText>,
  container: string | null,
): RenderedResponse {
  const isText = content instanceof PlainText
  const body = Buffer.from(isText ? content.text : JSON.stringify(content))
  return {
    body,
    type: isText ? content.type : 'application/json; charset=utf-8',
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
    redactions,
    container,
    headers: isText ? content.headers : {},
  }
}
