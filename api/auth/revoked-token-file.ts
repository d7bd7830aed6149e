import type { RevokedTokens } from './authenticator.js'
import type { WatchedFile } from './watched-file.js'

/** Characters of one line. A token id has at most 256. */
const MAX_LINE_LENGTH = 1_024

/**
 * The token ids of REVOKED_TOKENS_FILE, one per line. A `#` at the beginning or after a blank begins a comment. While the file is
 * missing or unreadable, the ids that were read last stay revoked.
 */
export class RevokedTokenFile implements RevokedTokens {
  readonly #file: WatchedFile
  readonly #onUnreadable: (error: unknown) => void
  #ids: ReadonlySet<string> = new Set()

  /** `onUnreadable` runs once per fault, however long the fault lasts. A missing file is not a fault. */
  constructor(file: WatchedFile, onUnreadable: (error: unknown) => void) {
    this.#file = file
    this.#onUnreadable = onUnreadable
  }

  has(tokenId: string): boolean {
    return this.#ids.has(tokenId)
  }

  /** Checks the file. Returns true if its ids may have changed. */
  refresh(): boolean {
    const update = this.#file.checkNow()
    if (update?.text === undefined) {
      if (update?.isNew && !isMissing(update.error)) this.#onUnreadable(update.error)
      return false
    }
    this.#ids = parseRevoked(update.text)
    return true
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

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOENT'
}
