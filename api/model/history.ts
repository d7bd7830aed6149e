import type { Sample } from './sample.js'

/** The columns that the history holds of each sample. */
export const HISTORY_COLUMNS = {
  cpuPercent: (sample) => sample.cpuPercent,
  memoryUsedBytes: (sample) => sample.reading.memoryUsedBytes,
  rxBytesPerSecond: (sample) => sample.rxBytesPerSecond,
  txBytesPerSecond: (sample) => sample.txBytesPerSecond,
  blockReadBytesPerSecond: (sample) => sample.blockReadBytesPerSecond,
  blockWriteBytesPerSecond: (sample) => sample.blockWriteBytesPerSecond,
  pids: (sample) => sample.reading.pids,
} as const satisfies Readonly<Record<string, (sample: Sample) => number | null>>

export type HistoryColumn = keyof typeof HISTORY_COLUMNS

export const HISTORY_COLUMN_NAMES = Object.keys(HISTORY_COLUMNS) as readonly HistoryColumn[]

/** One container's past, oldest first. Each column is as long as `times`; null is an unknown value. */
export interface History {
  /** The usual time between two samples. They are closer while the container was watched. */
  readonly intervalMs: number
  /** On the engine's clock, in milliseconds since 1970. */
  readonly times: readonly number[]
  readonly columns: Readonly<Record<HistoryColumn, readonly (number | null)[]>>
}

/** Intervals between two samples that count as a gap. One late sample does not make a gap. */
const GAP_INTERVALS = 2.5

/** The shortest gap: an engine under load takes some seconds per reading, which is not a gap at short intervals. */
const MIN_GAP_MS = 15_000

/** Adds a row of nulls one interval after the last sample before each gap, so that a plotted line breaks there. */
export function withGaps(history: History): History {
  const { intervalMs } = history
  const threshold = Math.max(MIN_GAP_MS, intervalMs * GAP_INTERVALS)
  const rows: (number | null)[] = []
  history.times.forEach((time, row) => {
    const before = history.times[row - 1]
    if (before !== undefined && time - before > threshold) rows.push(null)
    rows.push(row)
  })
  return {
    intervalMs,
    times: rows.map((row, at) =>
      row === null ? (history.times[rows[at - 1] ?? 0] ?? 0) + intervalMs : (history.times[row] ?? 0),
    ),
    columns: mapColumns((column) => rows.map((row) => (row === null ? null : (history.columns[column][row] ?? null)))),
  }
}

/**
 * Means over steps of equal length, aligned to multiples of it since 1970: the step at t holds readings in [t, t + stepMs). Covers
 * the step of the first reading to that of the last, which may still be filling. A step without a reading is null.
 */
export function inSteps(history: History, stepMs: number): History {
  const first = Math.floor((history.times[0] ?? 0) / stepMs)
  const last = history.times.at(-1)
  const count = last === undefined ? 0 : Math.floor(last / stepMs) - first + 1
  return {
    intervalMs: history.intervalMs,
    times: Array.from({ length: count }, (_, step) => (first + step) * stepMs),
    columns: mapColumns((column) => {
      const sums = new Float64Array(count)
      const counts = new Uint32Array(count)
      history.columns[column].forEach((value, row) => {
        const step = Math.floor((history.times[row] ?? 0) / stepMs) - first
        if (value === null) return
        sums[step] = (sums[step] ?? 0) + value
        counts[step] = (counts[step] ?? 0) + 1
      })
      return Array.from(sums, (sum, step) => (counts[step] ? sum / (counts[step] ?? 1) : null))
    }),
  }
}

export function mapColumns<T>(of: (column: HistoryColumn, index: number) => T): Record<HistoryColumn, T> {
  return Object.fromEntries(HISTORY_COLUMN_NAMES.map((column, index) => [column, of(column, index)])) as Record<
    HistoryColumn,
    T
  >
}
