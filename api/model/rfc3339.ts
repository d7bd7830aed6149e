const SECOND = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d`
const FRACTION = String.raw`\d{1,9}`
const ZONE = String.raw`(?:Z|[+-]\d\d:\d\d)`

/** A time of RFC 3339, section 5.6, with at most the nine digits of a second that Go writes. Source of a pattern, without groups. */
export const RFC_3339 = String.raw`${SECOND}(?:\.${FRACTION})?${ZONE}`

/** Such a time and nothing else: its seconds, their fraction where it has one, and its zone. */
export const RFC_3339_PARTS = new RegExp(String.raw`^(${SECOND})(?:\.(${FRACTION}))?(${ZONE})$`)

/** Milliseconds since 1970; null where the text is not such a time. */
export function rfc3339Milliseconds(text: string): number | null {
  const milliseconds = RFC_3339_PARTS.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(milliseconds) ? null : milliseconds
}
