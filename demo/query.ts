import { failure } from './answers.js'
import type { Filters } from './events.js'
import type { Answer } from './faults.js'

/** `{"id":["..."]}`, or the older `{"id":{"...":true}}`. */
export function readFilters(text: string | null, known: readonly string[]): { filters: Filters } | { refusal: Answer } {
  const filters = new Map<string, readonly string[]>()
  if (text === null || text === '') return { filters }
  try {
    for (const [name, values] of Object.entries(JSON.parse(text) as object)) {
      if (!known.includes(name)) return { refusal: failure(400, `Invalid filter '${name}'`) }
      filters.set(name, Array.isArray(values) ? values.map(String) : Object.keys(values as object))
    }
  } catch {
    return { refusal: failure(400, 'invalid character looking for beginning of value') }
  }
  return { filters }
}

/** Go's strconv.ParseBool, as the engine reads its flags (moby api/server/httputils, BoolValue). */
export function isTrue(value: string | null): boolean {
  return value !== null && !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase())
}

/** Seconds with a fraction, or RFC 3339; nanoseconds since 1970. */
export function readNanos(value: string | null): bigint | null {
  if (value === null || value === '') return null
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(value) ?? []
  if (seconds !== undefined) return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
  // JavaScript's Date ends at milliseconds, so the fraction is parsed separately.
  const [, date = value, digits = '', zone = ''] = /^(.+:\d\d)\.(\d{1,9})(Z|[+-]\d\d:\d\d)$/.exec(value) ?? []
  const at = Date.parse(`${date}${zone}`)
  return Number.isNaN(at) ? null : BigInt(at) * 1_000_000n + BigInt(digits.padEnd(9, '0'))
}
