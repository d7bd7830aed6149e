/** Forgets the oldest keys, in order of their insertion, beyond so many. */
export function keepNewest<K>(keyed: Map<K, unknown> | Set<K>, most: number): void {
  for (const oldest of keyed.keys()) {
    if (keyed.size <= most) return
    keyed.delete(oldest)
  }
}
