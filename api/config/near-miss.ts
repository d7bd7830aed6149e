/** Shorter names resemble too many names of other programs (HOST and HOME). */
const SHORTEST_NAME = 8

/** Whether a name is probably a typo of the known one: one edit away, or two if the known one is long. */
export function isNearMiss(name: string, known: string): boolean {
  if (known.length < SHORTEST_NAME) return false
  return editDistance(name, known) <= (known.length >= 12 ? 2 : 1)
}

/** Levenshtein's distance. A result above 2 may be too small, but it is not a near miss either way. */
function editDistance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
