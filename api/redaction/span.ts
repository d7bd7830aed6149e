/** Replaces a secret. */
export const REDACTED = '[redacted]'

/** A secret in a text: the index of its first character, and the one after its last. */
export interface Span {
  readonly at: number
  readonly end: number
}

const REFERENCE = /^["']?\$(?:\{[A-Za-z_]\w*\}|[A-Z_][A-Z0-9_]*|\()["']?$/

/**
 * A reference such as `$DB_PASSWORD` or `${DB_PASSWORD}` reveals nothing, and neither does scrubbed text. Without braces, only
 * capitals count as a reference, because `$ecret` may be a password.
 */
export function holdsNoSecret(text: string, { at, end }: Span): boolean {
  if (isRedacted(text, { at, end })) return true
  const isReference = text[at] === '$' || text[at + 1] === '$'
  return isReference && REFERENCE.test(text.slice(at, end))
}

export function isRedacted(text: string, { at, end }: Span): boolean {
  return end - at === REDACTED.length && text.startsWith(REDACTED, at)
}
