import { parseDuration } from '../model/duration.js'

/** One setting that stops the start: what is wrong and what to do, never the value. */
export interface ConfigFault {
  readonly variable: string
  readonly problem: string
  readonly remedy: string
}

/** What reading the configuration may ask of the machine. */
export interface ConfigFiles {
  /** The file's text; throws where it cannot be read. */
  readFile(path: string): string
  isDirectory(path: string): boolean
  /** Whether any user of the machine may write it; false where there is none. */
  isWritableByAll(path: string): boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads settings one by one and keeps every fault, so that a start that stops names them all at once. */
export class SettingsReader {
  readonly faults: ConfigFault[] = []
  readonly #environment: Environment
  readonly #files: ConfigFiles

  constructor(environment: Environment, files: ConfigFiles) {
    this.#environment = environment
    this.#files = files
  }

  fault(variable: string, problem: string, remedy: string): void {
    this.faults.push({ variable, problem, remedy })
  }

  /** An empty variable counts as absent, as compose writes one that was never given. */
  text(variable: string): string | undefined {
    const value = this.#environment[variable]
    return value === undefined || value === '' ? undefined : value
  }

  oneOf<T extends string>(variable: string, allowed: readonly T[], fallback: T): T {
    const value = this.text(variable)
    if (value === undefined) return fallback
    const known = allowed.find((one) => one === value)
    if (known === undefined) this.fault(variable, 'is none of the known values', `use one of: ${allowed.join(', ')}`)
    return known ?? fallback
  }

  /** Exactly `true` or `false`: `Boolean("false")` is true, so nothing else is guessed at. */
  flag(variable: string, fallback: boolean): boolean {
    return this.oneOf(variable, ['true', 'false'], fallback ? 'true' : 'false') === 'true'
  }

  wholeNumber(variable: string, range: { min: number; max: number; fallback: number }): number {
    const value = this.text(variable)
    if (value === undefined) return range.fallback
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= range.min && number <= range.max) return number
    this.fault(variable, 'is not a whole number in range', `use a whole number from ${range.min} to ${range.max}`)
    return range.fallback
  }

  /** Milliseconds. */
  duration(variable: string, range: { min: string; max: string; fallback: string }): number {
    const value = this.text(variable)
    const parsed = parseDuration(value ?? range.fallback)
    const [min, max] = [parseDuration(range.min) ?? 0, parseDuration(range.max) ?? 0]
    if (parsed !== null && parsed >= min && parsed <= max) return parsed
    this.fault(
      variable,
      'is not a duration in range',
      `use ${range.min} to ${range.max}, as 500ms, 30s, 15m, 12h or 7d`,
    )
    return parseDuration(range.fallback) ?? 0
  }

  /** A secret from NAME or, as docker and vault hand them over, from the file that NAME_FILE names (one line break stripped). */
  secret(variable: string): string | undefined {
    const direct = this.text(variable)
    const path = this.text(`${variable}_FILE`)
    if (path === undefined) return direct
    if (direct !== undefined) {
      this.fault(variable, `is set together with ${variable}_FILE`, 'keep one of the two')
      return undefined
    }
    try {
      const text = this.#files.readFile(path).replace(/\r?\n$/, '')
      if (text !== '') return text
      this.fault(`${variable}_FILE`, 'names an empty file', 'write the secret into it')
    } catch {
      this.fault(`${variable}_FILE`, 'names a file that cannot be read', 'check the path and its permissions')
    }
    return undefined
  }

  /** A variable that resembles a known one is a slip of the pen that would otherwise leave a limit or a guard at its default. */
  refuseNearMisses(known: ReadonlySet<string>): void {
    for (const variable of Object.keys(this.#environment)) {
      if (known.has(variable)) continue
      const meant = [...known].find((name) => isNearMiss(variable, name))
      if (meant !== undefined) this.fault(variable, 'is not a setting', `did you mean ${meant}? Rename or unset it`)
    }
  }
}

/** Names shorter than this resemble too much that belongs to others (HOST and HOME). */
const SHORTEST_NEAR_MISS = 8

function isNearMiss(variable: string, name: string): boolean {
  if (name.length < SHORTEST_NEAR_MISS) return false
  return editDistance(variable, name) <= (name.length >= 12 ? 2 : 1)
}

/** Levenshtein's distance. */
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
