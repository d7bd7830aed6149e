/**
 * One process of a container, as the engine's host sees it. Columns that its `ps` did not print are null; columns without a field
 * here are in `other` under their printed title. Command lines are scrubbed.
 */
export interface Process {
  readonly pid: number | null
  readonly parentPid: number | null
  /** Name or number, as printed. Names are those of the engine's host. */
  readonly user: string | null
  readonly command: string | null
  /** As printed: the time of day for a process of today, else the date. */
  readonly started: string | null
  readonly cpuSeconds: number | null
  /** Percent of one core, since the process started. */
  readonly cpuPercent: number | null
  readonly memoryPercent: number | null
  readonly residentBytes: number | null
  readonly virtualBytes: number | null
  /** As printed, such as `Ss`. */
  readonly state: string | null
  readonly terminal: string | null
  readonly other: Readonly<Record<string, string>>
}

export interface ProcessList {
  readonly processes: readonly Process[]
  /** How many secrets the decoder redacted in the cells. */
  readonly redactions: number
  /** There are more. */
  readonly isTruncated: boolean
}
