import type { LogLine } from '../../model/log-line.js'

/** Dropped lines that pile up before the array is compacted. Compacting it for each line would cost too much. */
const DROPPED_AT_ONCE = 500

export interface TailLimits {
  readonly lines: number
  /** Characters of all messages, as JSON writes them. */
  readonly bytes: number
}

/** The last lines added, bounded by number and size. */
export class TailBuffer {
  readonly #limits: TailLimits
  #rows: { readonly line: LogLine; readonly bytes: number }[] = []
  /** Rows before this one are dropped. */
  #first = 0
  #bytes = 0

  constructor(limits: TailLimits) {
    this.#limits = limits
  }

  get length(): number {
    return this.#rows.length - this.#first
  }

  get lines(): readonly LogLine[] {
    return this.#rows.slice(this.#first).map(({ line }) => line)
  }

  add(line: LogLine): void {
    const bytes = sizeOf(line)
    this.#rows.push({ line, bytes })
    this.#bytes += bytes
    while (this.length > this.#limits.lines || (this.#bytes > this.#limits.bytes && this.length > 0)) this.#drop()
  }

  #drop(): void {
    this.#bytes -= this.#rows[this.#first]?.bytes ?? 0
    this.#first += 1
    if (this.#first < DROPPED_AT_ONCE) return
    this.#rows = this.#rows.slice(this.#first)
    this.#first = 0
  }
}

/** JSON writes a control character as six characters. */
function sizeOf({ message }: LogLine): number {
  return JSON.stringify(message).length
}
