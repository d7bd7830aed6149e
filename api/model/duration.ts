const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** Parses `500ms`, `30s`, `15m`, `12h` or `7d` into milliseconds. Null for anything else, including a bare number. */
export function parseDuration(text: string): number | null {
  const match = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text)
  if (match === null) return null
  return Number(match[1]) * (UNITS[match[2] ?? ''] ?? Number.NaN)
}
