import type { RenderedResponse } from './answer.js'

/** Bytes of all rendered responses: a hundred views of a large fleet. */
const MAX_CACHED_BYTES = 32 * 1024 * 1024

/** Number of rendered responses, so that many small ones cannot fill the map with keys. */
const MAX_CACHED_RESPONSES = 1_000

/** Characters of a key. A response to a longer URL is not cached. */
const MAX_KEY_LENGTH = 1_024

/** Caches rendered responses while the version that they were made from is current. Evicts the oldest. */
export class ResponseCache {
  readonly #entries = new Map<string, { readonly version: number; readonly response: RenderedResponse }>()
  #bytes = 0

  get(key: string, version: number): RenderedResponse | null {
    const entry = this.#entries.get(key)
    return entry?.version === version ? entry.response : null
  }

  put(key: string, version: number, response: RenderedResponse): void {
    this.#evict(key)
    if (key.length > MAX_KEY_LENGTH || response.body.length > MAX_CACHED_BYTES) return
    this.#entries.set(key, { version, response })
    this.#bytes += response.body.length
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= MAX_CACHED_BYTES && this.#entries.size <= MAX_CACHED_RESPONSES) return
      this.#evict(oldest)
    }
  }

  #evict(key: string): void {
    this.#bytes -= this.#entries.get(key)?.response.body.length ?? 0
    this.#entries.delete(key)
  }
}
