import { activeMs, goTime, grownBy, hasProcesses, type SimulatedContainer } from './container.js'

export interface LogLine {
  readonly at: number
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** As after a rotation: older lines are gone. */
const KEPT_LINES = 5000
const FRAME_HEADER_BYTES = 8
const ERROR_EVERY = 7
const NEWLINE = { raw: '\r\n', framed: '\n' }

/**
 * The lines in (after, until], newest last: line k falls due k periods after the container was made, so nothing has to be
 * written while nobody reads.
 */
export function logLines(container: SimulatedContainer, after: number, until: number): readonly LogLine[] {
  if (container.startedAt === null) return []
  const { createdAt, logPeriodMs } = container
  const stoppedAt = hasProcesses(container) ? container.pausedAt : container.finishedAt
  const last = Math.floor((Math.min(until, stoppedAt ?? until) - createdAt) / logPeriodMs)
  const first = Math.max(0, last - KEPT_LINES + 1, Math.floor((after - createdAt) / logPeriodMs) + 1)
  const lines: LogLine[] = []
  for (let index = first; index <= last; index += 1) {
    const stream = index % ERROR_EVERY === ERROR_EVERY - 1 ? 'stderr' : 'stdout'
    lines.push({ at: createdAt + index * logPeriodMs, stream, text: lineText(index, stream) })
  }
  return lines
}

/** A terminal's output goes raw; otherwise each line has a header with its stream and length (engine API, attach). */
export function logBytes(container: SimulatedContainer, line: LogLine, timestamps: boolean): Buffer {
  const text = `${timestamps ? `${goTime(line.at)} ` : ''}${line.text}`
  if (container.spec.tty) return Buffer.from(text + NEWLINE.raw)
  const payload = Buffer.from(text + NEWLINE.framed)
  const header = Buffer.alloc(FRAME_HEADER_BYTES)
  header.writeUInt8(line.stream === 'stdout' ? 1 : 2, 0)
  header.writeUInt32BE(payload.length, 4)
  return Buffer.concat([header, payload])
}

/** Some lines are not ASCII, so that a reader meets characters of several bytes. */
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

/** Body of GET /containers/{id}/top: what `ps -ef` tells, command lines with their secrets included. */
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
