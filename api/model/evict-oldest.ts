/** Deletes the oldest keys, in order of their insertion, beyond `limit`. */
export function evictOldest<K>(keyed: Map<K, unknown> | Set<K>, limit: number): void {
  for (const oldest of keyed.keys()) {
    if (keyed.size <= limit) return
    keyed.delete(oldest)
  }
}
