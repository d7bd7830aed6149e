/** Our own access tokens are below 1 KiB. This leaves room for an outside provider's, but not for a hostile one. */
const MAX_TOKEN_LENGTH = 8_192

export type BearerCredentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'malformed' }
  | { readonly kind: 'token'; readonly token: string }

/**
 * Reads the Authorization field (RFC 6750 section 2.1, `b64token` of RFC 7235). `values` are all Authorization fields of the
 * request: Node silently drops all but the first, and two of them are an attempt at smuggling.
 */
export function readBearer(values: readonly string[]): BearerCredentials {
  if (values.length === 0) return { kind: 'none' }
  const value = values[0] ?? ''
  if (values.length > 1 || value.length > MAX_TOKEN_LENGTH) return { kind: 'malformed' }
  const match = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i.exec(value)
  return match?.[1] === undefined ? { kind: 'malformed' } : { kind: 'token', token: match[1] }
}
