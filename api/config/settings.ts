import { parseDuration } from '../model/duration.js'
import { isNearMiss } from './near-miss.js'
import type { RefusedVariable, SecretVariable, Variable } from './variables.js'

/** A setting that stops the start: which, what is wrong, and what to do. Never quotes the value, which may be a secret. */
export interface ConfigFault {
  /** The variable, even if it should not be set at all. */
  readonly variable: string
  /** Where in the file that the variable names, such as `hosts[0].tls.ca`; null if the fault concerns all of it. */
  readonly place: string | null
  /** Follows the variable or the place in a sentence. */
  readonly problem: string
  readonly remedy: string
}

/** What reading the configuration needs from the machine. */
export interface ConfigFiles {
  /** The file's text. Throws if it cannot be read. */
  readFile(path: string): string
  isDirectory(path: string): boolean
  /** Whether every user of the machine may write the file; false if it is missing. */
  isWritableByAll(path: string): boolean
}

type Environment = Readonly<Record<string, string | undefined>>

/** Reads settings one by one and collects all faults, so that a failed start names them all at once. */
export class SettingsReader {
  readonly faults: ConfigFault[] = []
  readonly #environment: Environment
  readonly #files: ConfigFiles

  constructor(environment: Environment, files: ConfigFiles) {
    this.#environment = environment
    this.#files = files
  }

  fault(variable: Variable | RefusedVariable, problem: string, remedy: string, place: string | null = null): void {
    this.faults.push({ variable, place, problem, remedy })
  }

  /** An empty variable counts as absent: compose passes unset variables as empty ones. */
  text(variable: Variable | RefusedVariable): string | undefined {
    const value = this.#environment[variable]
    return value === undefined || value === '' ? undefined : value
  }

  oneOf<T extends string>(variable: Variable, allowed: readonly T[], fallback: T): T {
    const value = this.text(variable)
    if (value === undefined) return fallback
    const known = allowed.find((one) => one === value)
    if (known === undefined) this.fault(variable, 'is none of the known values', `use one of: ${allowed.join(', ')}`)
    return known ?? fallback
  }

  /** Takes exactly `true` or `false` and guesses at nothing else: `Boolean("false")` is true. */
  flag(variable: Variable, fallback: boolean): boolean {
    return this.oneOf(variable, ['true', 'false'], fallback ? 'true' : 'false') === 'true'
  }

  wholeNumber(variable: Variable, range: { min: number; max: number; fallback: number }): number {
    const value = this.text(variable)
    if (value === undefined) return range.fallback
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= range.min && number <= range.max) return number
    this.fault(variable, 'is not a whole number in range', `use a whole number from ${range.min} to ${range.max}`)
    return range.fallback
  }

  /** Milliseconds. */
  duration(variable: Variable, range: { min: string; max: string; fallback: string }): number {
    const value = this.text(variable)
    const parsed = parseDuration(value ?? range.fallback)
    const [min, max] = [parseDuration(range.min) ?? 0, parseDuration(range.max) ?? 0]
    if (parsed !== null && parsed >= min && parsed <= max) return parsed
    const remedy = `use ${range.min} to ${range.max}, as 500ms, 30s, 15m, 12h or 7d`
    this.fault(variable, 'is not a duration in range', remedy)
    return parseDuration(range.fallback) ?? 0
  }

  /** Reads NAME, or the file that NAME_FILE names (one final line break is stripped). */
  secret(variable: SecretVariable): string | undefined {
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

  /** The variable that a secret came from, so that a fault in its content can name it. */
  sourceOf(variable: SecretVariable): Variable {
    return this.text(variable) === undefined ? `${variable}_FILE` : variable
  }

  /** Refuses variables that look like typos of known ones, which would silently leave a limit or a guard at its default. */
  refuseNearMisses(known: ReadonlySet<string>): void {
    for (const variable of Object.keys(this.#environment)) {
      if (known.has(variable)) continue
      const meant = [...known].find((name) => isNearMiss(variable, name))
      if (meant === undefined) continue
      const remedy = `did you mean ${meant}? Rename or unset it`
      this.faults.push({ variable, place: null, problem: 'is not a setting', remedy })
    }
  }
}
