import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** RFC 9700 leaves the format open. The prefix lets scanners for leaked secrets recognize one; the rest is opaque. */
const PREFIX = 'phr'

/** Bytes of the random part: 256 bits cannot be guessed. */
const RANDOM_BYTES = 32

/** Characters of the longest token that this module writes, with room to spare. */
export const MAX_REFRESH_TOKEN_LENGTH = 256

/** The content of a refresh token: a session, and the number of the token within it. */
export interface RefreshToken {
  readonly sessionId: string
  readonly generation: number
}

/**
 * Writes and reads refresh tokens. Each carries a MAC, which distinguishes a used token from an invented one: a used token is a
 * replay and ends its session (RFC 9700 section 4.14.2), an invented one must not be able to.
 */
export class RefreshTokens {
  readonly #key: Buffer

  constructor(key: Buffer) {
    this.#key = key
  }

  write({ sessionId, generation }: RefreshToken): string {
    const body = `${PREFIX}.${sessionId}.${generation}.${randomBytes(RANDOM_BYTES).toString('base64url')}`
    return `${body}.${this.#mac(body)}`
  }

  /** Null if this service did not write it. */
  read(token: string): RefreshToken | null {
    if (token.length > MAX_REFRESH_TOKEN_LENGTH) return null
    const match = /^(phr\.([0-9a-f-]{36})\.(\d{1,9})\.[\w-]{43})\.([\w-]{43})$/.exec(token)
    const [, body, sessionId, generation, mac] = match ?? []
    if (body === undefined || sessionId === undefined || mac === undefined) return null
    if (!timingSafeEqual(Buffer.from(mac), Buffer.from(this.#mac(body)))) return null
    return { sessionId, generation: Number(generation) }
  }

  #mac(body: string): string {
    return createHmac('sha256', this.#key).update(body).digest('base64url')
  }
}

/** What is stored of a secret that a client holds. The secret has 256 random bits, so it needs no slow hash. */
export function hashOfSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}
