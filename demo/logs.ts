import { activeMs, goTime, goTimeOf, grownBy, hasProcesses, nanosOf, type SimulatedContainer } from './container.js'
import { type LogLine, MAX_LINES } from './journal.js'

/** How far a reader has read: in the generated lines, and in those that a test made a container write. */
export interface LogPosition {
  readonly dueMs: number
  readonly writtenNanos: bigint
}

/** A part of a line that the engine stores, and sends in one frame. */
export interface LogPart {
  readonly nanos: bigint
  readonly stream: LogLine['stream']
  readonly payload: Uint8Array
  /** Only the last part ends with the newline. */
  readonly isLast: boolean
}

export const LOG_START: LogPosition = { dueMs: Number.NEGATIVE_INFINITY, writtenNanos: -1n }
/** The engine's buffer for the output of a container (moby daemon/logger/copier.go, defaultBufSize). */
const PART_BYTES = 16_384
/** Two full parts and a remainder. */
const LONG_LINE_BYTES = 40_000
const FRAME_HEADER_BYTES = 8
const ERROR_EVERY = 7
const NEWLINE = { raw: '\r\n', framed: '\n' }

/**
 * At most `atMost` lines after a position, newest last. Line k is due k periods after the container was created, so lines are
 * generated when they are read. Those of `written` are inserted by their time.
 */
export function logLines(
  container: SimulatedContainer,
  written: readonly LogLine[],
  from: LogPosition,
  at: number,
  atMost = MAX_LINES,
): readonly LogLine[] {
  const count = Math.min(atMost, MAX_LINES)
  const fresh = written.filter(({ nanos }) => nanos > from.writtenNanos)
  const lines = [...dueLines(container, from.dueMs, at, count), ...fresh]
  if (fresh.length > 0) lines.sort((a, b) => (a.nanos < b.nanos ? -1 : 1))
  return lines.slice(Math.max(0, lines.length - count))
}

function dueLines(container: SimulatedContainer, after: number, until: number, atMost: number): LogLine[] {
  if (container.startedAt === null) return []
  const { createdAt, logPeriodMs, spec } = container
  const stoppedAt = hasProcesses(container) ? container.pausedAt : container.finishedAt
  const last = Math.floor((Math.min(until, stoppedAt ?? until) - createdAt) / logPeriodMs)
  const first = Math.max(0, last - atMost + 1, Math.floor((after - createdAt) / logPeriodMs) + 1)
  const lines: LogLine[] = []
  for (let index = first; index <= last; index += 1) {
    const stream = !spec.tty && index % ERROR_EVERY === ERROR_EVERY - 1 ? 'stderr' : 'stdout'
    const isLong = spec.longLineEvery !== null && index % spec.longLineEvery === spec.longLineEvery - 1
    const text = isLong ? longText(index) : lineText(index, stream)
    lines.push({ nanos: nanosOf(createdAt + index * logPeriodMs), stream, text })
  }
  return lines
}

/** A line that exceeds the engine's buffer comes in parts with the same time (moby daemon/logger/copier.go, copySrc). */
export function logParts({ nanos, stream, text }: LogLine): readonly LogPart[] {
  const bytes = Buffer.from(text)
  const parts: LogPart[] = []
  let at = 0
  for (; bytes.length - at >= PART_BYTES; at += PART_BYTES) {
    parts.push({ nanos, stream, payload: storedBytes(bytes.subarray(at, at + PART_BYTES)), isLast: false })
  }
  parts.push({ nanos, stream, payload: storedBytes(bytes.subarray(at)), isLast: true })
  return parts
}

/** The json-file driver stores text, so a character that is cut at the end of a part becomes U+FFFD on both sides. */
function storedBytes(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes).toString())
}

/** A terminal has one raw stream. Without one each part has a header (engine API, attach). */
export function logBytes(container: SimulatedContainer, part: LogPart, timestamps: boolean): Buffer {
  const prefix = Buffer.from(timestamps ? `${goTimeOf(part.nanos)} ` : '')
  const newline = Buffer.from(part.isLast ? NEWLINE[container.spec.tty ? 'raw' : 'framed'] : '')
  const payload = Buffer.concat([prefix, part.payload, newline])
  if (container.spec.tty) return payload
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt8(part.stream === 'stdout' ? 1 : 2, 0)
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

/** A line such as a careless program prints, with a secret. */
function longText(index: number): string {
  const entry = `{"post":${index},"title":"caf\u00e9 notes"}`
  const entries = Array.from({ length: Math.ceil(LONG_LINE_BYTES / Buffer.byteLength(entry)) }, () => entry)
  return `level=info msg="cache dump" entries=[${entries.join(',')}] end=${index}`
}

/** Some lines are not ASCII, so that readers get characters of several bytes. */
function lineText(index: number, stream: LogLine['stream']): string {
  const mixed = Math.imul(index + 1, 0x9e3779b1) >>> 0
  const order = 10_000 + (mixed % 90_000)
  const milliseconds = 1 + (mixed % 240)
  if (stream === 'stderr') return `level=warn msg="slow answer" order=${order} duration=${milliseconds * 9}ms`
  switch (mixed % 4) {
    case 0:
      return `level=info msg="order paid" order=${order} currency="\u20ac" duration=${milliseconds}ms`
    case 1:
      return `level=info msg="request served" method=GET path=/orders/${order} status=200 duration=${milliseconds}ms`
    case 2:
      return `level=info msg="caf\u00e9 menu refreshed \u2713" items=${mixed % 300}`
    default:
      return `level=debug msg="heartbeat" sequence=${index}`
  }
}

/** Body of GET /containers/{id}/top: the output of `ps -ef`, with the secrets in command lines. */
export function topBody(container: SimulatedContainer, at: number): object {
  const seconds = Math.floor(grownBy(container.spec.load.cores, activeMs(container, at) / 1000, container.phase))
  const clock = (value: number) => String(value).padStart(2, '0')
  const time = `${clock(Math.floor(seconds / 3600))}:${clock(Math.floor(seconds / 60) % 60)}:${clock(seconds % 60)}`
  const started = goTime(container.startedAt).slice(11, 16)
  const command = [...(container.spec.entrypoint ?? []), ...container.spec.cmd].join(' ')
  const user = container.spec.user === '' ? 'root' : (container.spec.user.split(':')[0] ?? 'root')
  const terminal = container.spec.tty ? 'pts/0' : '?'
  const { pid } = container
  return {
    Processes: [
      [user, String(pid), String(pid - 21), '0', started, terminal, time, command],
      [user, String(pid + 7), String(pid), '0', started, terminal, '00:00:00', 'sleep 5'],
    ],
    Titles: ['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'],
  }
}
