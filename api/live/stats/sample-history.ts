import { HISTORY_COLUMN_NAMES, HISTORY_COLUMNS, type History, mapColumns } from '../../model/history.js'
import type { Sample } from '../../model/sample.js'

/**
 * The newest samples stay unmerged, however close together: two minutes at one a second, so that a client that asks each 90 s
 * (10 in 15 minutes) gets every one. Older samples are merged to one per interval when the history is full.
 */
export const FINE_ROWS = 120

/** An eighth of the rows is spare: rows are dropped or merged that many at a time, not one per sample. */
const SPARE = 8 / 7

/** The first capacity: a container that runs for seconds needs no more. It doubles until the window fits. */
const FIRST_ROWS = 32

const COLUMNS = HISTORY_COLUMN_NAMES.length
const BYTES_PER_ROW = Float64Array.BYTES_PER_ELEMENT + COLUMNS * Float32Array.BYTES_PER_ELEMENT

/**
 * One container's samples over a window, in columns: times in doubles, values in single precision. That is exact for memory in
 * pages of 4 KiB up to 64 GiB, and has seven digits for rates. Takes at most `maxBytes`.
 */
export class SampleHistory {
  readonly #windowMs: number
  readonly #intervalMs: number
  readonly #maxRows: number
  #capacity: number
  #times: Float64Array
  /** All columns in sequence, each `#capacity` long. */
  #values: Float32Array
  #rows = 0

  /** `intervalMs`: the usual time between two samples. */
  constructor(windowMs: number, intervalMs: number) {
    this.#windowMs = windowMs
    this.#intervalMs = intervalMs
    this.#maxRows = maxRows(windowMs, intervalMs)
    this.#capacity = Math.min(FIRST_ROWS, this.#maxRows)
    this.#times = new Float64Array(this.#capacity)
    this.#values = new Float32Array(this.#capacity * COLUMNS)
  }

  /** Bytes that the columns take now. */
  get bytes(): number {
    return this.#capacity * BYTES_PER_ROW
  }

  add(sample: Sample): void {
    const time = sample.reading.readAt
    // If the engine's clock was set back, the history begins again from there.
    while (this.#rows > 0 && (this.#times[this.#rows - 1] ?? 0) >= time) this.#rows -= 1
    if (this.#rows === this.#capacity) this.#makeRoom(time)
    this.#times[this.#rows] = time
    HISTORY_COLUMN_NAMES.forEach((name, column) => {
      this.#values[column * this.#capacity + this.#rows] = HISTORY_COLUMNS[name](sample) ?? Number.NaN
    })
    this.#rows += 1
  }

  /** Samples read after `since` (milliseconds since 1970, the engine's clock) and within the window before the last. */
  after(since: number): History {
    const from = Math.max(since, (this.#times[this.#rows - 1] ?? 0) - this.#windowMs)
    let first = 0
    while (first < this.#rows && (this.#times[first] ?? 0) <= from) first += 1
    return {
      intervalMs: this.#intervalMs,
      times: Array.from(this.#times.subarray(first, this.#rows)),
      columns: mapColumns((_name, column) => {
        const start = column * this.#capacity
        return Array.from(this.#values.subarray(start + first, start + this.#rows), (value) =>
          Number.isNaN(value) ? null : value,
        )
      }),
    }
  }

  #makeRoom(now: number): void {
    if (this.#capacity < this.#maxRows) {
      this.#grow()
      return
    }
    let expired = 0
    while (expired < this.#rows && (this.#times[expired] ?? 0) <= now - this.#windowMs) expired += 1
    this.#drop(expired)
    const wanted = Math.floor(this.#maxRows / SPARE)
    if (this.#rows > wanted) this.#thin()
    if (this.#rows > wanted) this.#drop(this.#rows - wanted)
  }

  #grow(): void {
    const capacity = Math.min(this.#maxRows, this.#capacity * 2)
    const times = new Float64Array(capacity)
    const values = new Float32Array(capacity * COLUMNS)
    times.set(this.#times)
    for (let column = 0; column < COLUMNS; column += 1)
      values.set(this.#column(column, 0, this.#rows), column * capacity)
    this.#capacity = capacity
    this.#times = times
    this.#values = values
  }

  #drop(count: number): void {
    if (count === 0) return
    this.#times.copyWithin(0, count, this.#rows)
    for (let column = 0; column < COLUMNS; column += 1) {
      const start = column * this.#capacity
      this.#values.copyWithin(start, start + count, start + this.#rows)
    }
    this.#rows -= count
  }

  /** Merges all but the newest rows to one per interval: the mean, at the time of the last. */
  #thin(): void {
    let fineFrom = Math.max(0, this.#rows - FINE_ROWS)
    // An interval is merged as a whole, so that the mean covers all its samples.
    while (fineFrom > 0 && this.#slotOf(fineFrom - 1) === this.#slotOf(fineFrom)) fineFrom -= 1
    let rows = 0
    for (let from = 0; from < this.#rows; ) {
      let to = from + 1
      if (from < fineFrom) while (to < fineFrom && this.#slotOf(to) === this.#slotOf(from)) to += 1
      this.#times[rows] = this.#times[to - 1] ?? 0
      for (let column = 0; column < COLUMNS; column += 1)
        this.#values[column * this.#capacity + rows] = mean(this.#column(column, from, to))
      rows += 1
      from = to
    }
    this.#rows = rows
  }

  #column(column: number, from: number, to: number): Float32Array {
    const start = column * this.#capacity
    return this.#values.subarray(start + from, start + to)
  }

  #slotOf(row: number): number {
    return Math.floor((this.#times[row] ?? 0) / this.#intervalMs)
  }
}

/** The most bytes that the columns of one container take. */
export function maxHistoryBytes(windowMs: number, intervalMs: number): number {
  return maxRows(windowMs, intervalMs) * BYTES_PER_ROW
}

function maxRows(windowMs: number, intervalMs: number): number {
  return Math.ceil((windowMs / intervalMs + FINE_ROWS) * SPARE)
}

function mean(values: Float32Array): number {
  if (values.length === 1) return values[0] ?? Number.NaN
  const known = values.filter((value) => !Number.isNaN(value))
  return known.reduce((sum, value) => sum + value, 0) / known.length
}
