import { z } from 'zod'
import type { Process, ProcessList } from '../../model/process.js'
import { type Scrubbed, scrubText } from '../../redaction/scrub.js'
import { CHARACTERS_PER_TEXT } from '../../redaction/scrub-budget.js'
import { memberAnswer } from '../json/answer-reader.js'
import { text } from './shape.js'

/** Processes shown of one container: a fork bomb has more, and its first thousands show it. */
const MAX_PROCESSES = 2_000

/**
 * Characters of all cells that may hold a secret, with what each text costs besides: a container sets its own titles, and looking takes
 * time. Cells that say the same are looked at once. Two thousand command lines of 60 characters fit.
 */
const MAX_SCRUBBED_CHARACTERS = 384 * 1024

/** Columns that are looked at: engines print 8 (`ps -ef`), and all processes of a list are read at once. */
const MAX_COLUMNS = 32

/** Characters of one cell: a JVM's command line has thousands. */
const MAX_SCRUBBED_CELL = 8_192
const MAX_CELL = 4_096

/** Characters of a column's title: those of `ps` have a dozen at the most, and each process repeats them. */
const MAX_TITLE = 64

const KIBIBYTE = 1_024

/** Columns of procps (`ps -ef`, which engines run by default, and `aux`), busybox, podman and Windows. */
const COLUMNS: ReadonlyMap<string, (cell: string) => Partial<Process>> = new Map<
  string,
  (cell: string) => Partial<Process>
>([
  ['PID', (cell) => ({ pid: wholeNumber(cell) })],
  ['PPID', (cell) => ({ parentPid: wholeNumber(cell) })],
  ['UID', (cell) => ({ user: cell })],
  ['USER', (cell) => ({ user: cell })],
  ['RUSER', (cell) => ({ user: cell })],
  ['CMD', (cell) => ({ command: cell })],
  ['COMMAND', (cell) => ({ command: cell })],
  ['ARGS', (cell) => ({ command: cell })],
  ['STIME', (cell) => ({ started: cell })],
  ['START', (cell) => ({ started: cell })],
  ['STARTED', (cell) => ({ started: cell })],
  ['TIME', (cell) => ({ cpuSeconds: secondsOf(cell) })],
  ['C', (cell) => ({ cpuPercent: decimal(cell) })],
  ['%CPU', (cell) => ({ cpuPercent: decimal(cell) })],
  ['%MEM', (cell) => ({ memoryPercent: decimal(cell) })],
  ['RSS', (cell) => ({ residentBytes: kibibytes(cell) })],
  ['VSZ', (cell) => ({ virtualBytes: kibibytes(cell) })],
  ['S', (cell) => ({ state: cell })],
  ['STAT', (cell) => ({ state: cell })],
  ['TTY', (cell) => ({ terminal: terminalOf(cell) })],
  ['TT', (cell) => ({ terminal: terminalOf(cell) })],
])

const NOTHING: Omit<Process, 'other'> = {
  pid: null,
  parentPid: null,
  user: null,
  command: null,
  started: null,
  cpuSeconds: null,
  cpuPercent: null,
  memoryPercent: null,
  residentBytes: null,
  virtualBytes: null,
  state: null,
  terminal: null,
}

/** Answer of GET /containers/{id}/top. */
export const topAnswer = memberAnswer({
  what: 'the processes',
  lists: { Titles: text, Processes: z.array(text) },
  rest: z.object({}),
  finish: processesOf,
})

interface Top {
  readonly Titles: readonly string[]
  readonly Processes: readonly (readonly string[])[]
}

function processesOf({ Titles, Processes: rows }: Top, isCut: boolean): ProcessList {
  const titles = Titles.slice(0, MAX_COLUMNS).map((title) => title.trim().slice(0, MAX_TITLE))
  const processes: Process[] = []
  let redactions = 0
  const scrubber = new CellScrubber()
  for (const cells of rows) {
    if (processes.length === MAX_PROCESSES || scrubber.isSpent) break
    const { value: process, redactions: found } = processOf(titles, cells, scrubber)
    processes.push(process)
    redactions += found
  }
  return { processes, redactions, isTruncated: isCut || rows.length > processes.length }
}

/** Numbers, times and percentages: most of what `ps` prints. */
const HARMLESS = /^[\d:.%?-]{0,32}$/

/** Looks for secrets in the cells of one list, once in those that say the same. */
class CellScrubber {
  readonly #known = new Map<string, Scrubbed<string>>()
  #room = MAX_SCRUBBED_CHARACTERS

  /** Whether no further process may be looked at. */
  get isSpent(): boolean {
    return this.#room < 0
  }

  scrub(cell: string): Scrubbed<string> {
    if (HARMLESS.test(cell)) return { value: cell, redactions: 0 }
    const known = this.#known.get(cell)
    if (known !== undefined) return known
    const looked = cell.slice(0, MAX_SCRUBBED_CELL)
    this.#room -= looked.length + CHARACTERS_PER_TEXT
    const { value, redactions } = scrubText(looked)
    const scrubbed = { value: value.slice(0, MAX_CELL), redactions }
    this.#known.set(cell, scrubbed)
    return scrubbed
  }
}

function processOf(titles: readonly string[], cells: readonly string[], scrubber: CellScrubber): Scrubbed<Process> {
  let redactions = 0
  const known: Omit<Process, 'other'> = { ...NOTHING }
  const other: [string, string][] = []
  titles.forEach((title, column) => {
    // What is left after the last column's first word belongs to that column, as a command's arguments do.
    const isLast = column === titles.length - 1
    const raw = isLast ? cells.slice(column).join(' ') : (cells[column] ?? '')
    if (raw === '') return
    const { value: cell, redactions: found } = scrubber.scrub(raw)
    redactions += found
    const read = COLUMNS.get(title.toUpperCase())
    if (read === undefined) other.push([title, cell])
    else Object.assign(known, read(cell))
  })
  return { value: { ...known, other: Object.fromEntries(other) }, redactions }
}

function wholeNumber(cell: string): number | null {
  return /^\d{1,15}$/.test(cell) ? Number(cell) : null
}

function decimal(cell: string): number | null {
  return /^\d{1,12}(?:\.\d{1,6})?$/.test(cell) ? Number(cell) : null
}

function kibibytes(cell: string): number | null {
  const count = wholeNumber(cell)
  return count === null ? null : count * KIBIBYTE
}

/** `[[days-]hours:]minutes:seconds` (ps(1), TIME), or podman's Go duration such as `1h2m3.5s` and `850ms`. */
function secondsOf(cell: string): number | null {
  const clock = /^(?:(\d{1,6})-)?(?:(\d{1,6}):)?(\d{1,6}):(\d{1,2})(?:\.\d{1,9})?$/.exec(cell)
  if (clock !== null) {
    const [days, hours, minutes, seconds] = clock.slice(1).map((part) => Number(part ?? 0))
    return (((days ?? 0) * 24 + (hours ?? 0)) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)
  }
  const short = /^(\d{1,3}(?:\.\d{1,6})?)ms$/.exec(cell)
  if (short !== null) return Number(short[1]) / 1_000
  const go = /^(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9}(?:\.\d{1,9})?)s)?$/.exec(cell)
  if (cell === '' || go === null) return null
  const [hours, minutes, seconds] = go.slice(1).map((part) => Number(part ?? 0))
  return ((hours ?? 0) * 60 + (minutes ?? 0)) * 60 + (seconds ?? 0)
}

/** A question mark is a process without a terminal. */
function terminalOf(cell: string): string | null {
  return cell === '?' ? null : cell
}
