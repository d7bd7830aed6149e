import type { RevokedTokens } from './authenticator.js'

/** Characters of one line: a token id has at most 256. */
const MAX_LINE_LENGTH = 1_024

/** A list that is read again where its stamp has changed. */
export interface RevokedFile {
  /** Throws where it cannot be read. */
  read(): string
  /** Changes with the content; empty where there is no file. Throws where that cannot be found out. */
  stamp(): string
}

/**
 * The token ids of REVOKED_TOKENS_FILE, one a line; a `#` at the beginning or after a blank begins a remark. `refresh` is called from time to time. A file
 * that is gone or unreadable changes nothing: what was read last goes on to hold.
 */
export class RevokedTokenFile implements RevokedTokens {
  readonly #file: RevokedFile
  readonly #onUnreadable: (error: unknown) => void
  #stamp = ''
  /** So that a fault that lasts is told once. */
  #isUnreadable = false
  #ids: ReadonlySet<string> = new Set()

  constructor(file: RevokedFile, onUnreadable: (error: unknown) => void) {
    this.#file = file
    this.#onUnreadable = onUnreadable
  }

  has(tokenId: string): boolean {
    return this.#ids.has(tokenId)
  }

  /** Whether there may be new ones. */
  refresh(): boolean {
    try {
      const stamp = this.#file.stamp()
      if (stamp === this.#stamp) return false
      if (stamp !== '') this.#ids = parseRevoked(this.#file.read())
      // Only now: what could not be read is tried again at the next look.
      this.#stamp = stamp
      this.#isUnreadable = false
      return stamp !== ''
    } catch (error) {
      if (!this.#isUnreadable) this.#onUnreadable(error)
      this.#isUnreadable = true
      return false
    }
  }
}

export function parseRevoked(text: string): ReadonlySet<string> {
  const lines = text.split('\n').map((line) =>
    line
      .slice(0, MAX_LINE_LENGTH)
      .replace(/(?:^|\s)#.*$/, '')
      .trim(),
  )
  return new Set(lines.filter((line) => line !== ''))
}
