import { RFC_3339_PARTS } from './rfc3339.js'

/** Seconds since 1970 with nine digits after the point, the format of the engine's parameters. */
export type EngineTime = string

/** Converts milliseconds since 1970, and nanoseconds within the last millisecond. */
export function engineTime(milliseconds: number, nanoseconds = 0): EngineTime {
  const whole = Math.max(0, Math.floor(milliseconds))
  const fraction = (whole % 1_000) * 1_000_000 + nanoseconds
  return `${Math.floor(whole / 1_000)}.${String(fraction).padStart(9, '0')}`
}

/** Converts nanoseconds since 1970 in decimal digits, which a double would round. */
export function engineTimeOfNano(digits: string): EngineTime {
  const padded = digits.padStart(10, '0')
  return `${padded.slice(0, -9)}.${padded.slice(-9)}`
}

/** Converts a time of RFC 3339 with all of its digits; null if the text is not one, and before 1970. */
export function engineTimeOf(text: string): EngineTime | null {
  const [, second, fraction = '', zone] = RFC_3339_PARTS.exec(text) ?? []
  const milliseconds = second === undefined ? Number.NaN : Date.parse(second + zone)
  if (Number.isNaN(milliseconds) || milliseconds < 0) return null
  return `${milliseconds / 1_000}.${fraction.padEnd(9, '0')}`
}

/** RFC 3339 in UTC, with nine digits of a second. */
export function rfc3339Of(time: EngineTime): string {
  const [seconds = '0', fraction = ''] = time.split('.')
  return `${new Date(Number(seconds) * 1_000).toISOString().slice(0, 19)}.${fraction.padEnd(9, '0')}Z`
}

/** The time that many milliseconds earlier, but not before 1970. */
export function engineTimeBefore(time: EngineTime, milliseconds: number): EngineTime {
  const [seconds = '0', fraction = ''] = time.split('.')
  const nanoseconds = BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
  const before = nanoseconds - BigInt(milliseconds) * 1_000_000n
  const from = before < 0n ? 0n : before
  return `${from / 1_000_000_000n}.${String(from % 1_000_000_000n).padStart(9, '0')}`
}

/** Both have nine digits after the point, so the longer one is later. */
export function isBefore(a: EngineTime, b: EngineTime): boolean {
  return a.length === b.length ? a < b : a.length < b.length
}
