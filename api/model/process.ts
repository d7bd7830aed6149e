/**
 * One process of a container, as the engine's host sees it. What its `ps` did not print is null; columns that have no name here
 * are in `other` under the title that was printed. Command lines are scrubbed.
 */
export interface Process {
  readonly pid: number | null
  readonly parentPid: number | null
  /** Name or number, as printed: the names are those of the engine's host. */
  readonly user: string | null
  readonly command: string | null
  /** As printed: the clock time for a process of today, else the date. */
  readonly started: string | null
  readonly cpuSeconds: number | null
  /** Of one core, since the process started. */
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
  /** How many secrets the decoder took out of the cells. */
  readonly redactions: number
  /** There are more. */
  readonly isTruncated: boolean
}
