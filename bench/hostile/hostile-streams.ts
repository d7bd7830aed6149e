// Endless answers of a hostile engine: as much as is taken, or at a pace.
import type { ServerResponse } from 'node:http'
import type { Attack } from './attacks.js'
import { hostileId } from './hostile-texts.js'

const TICK_MS = 10
const TOUCH_MS = 1_000
/** The engine splits a longer line into parts of one time (moby daemon/logger/copier.go). */
const PART_LENGTH = 16_384

/** Null for one ordinary event a second. */
export function sendEvents(response: ServerResponse, events: Attack['events'] | null): void {
  response.writeHead(200, { 'Content-Type': 'application/json', 'Api-Version': '1.41' })
  response.flushHeaders()
  const nextNanos = clock()
  if (events == null) {
    const timer = setInterval(() => response.write(touch(nextNanos())), TOUCH_MS)
    response.on('close', () => clearInterval(timer))
    return
  }
  const { perSecond, line } = events
  if (perSecond === null) {
    pump(response, () => line(nextNanos()))
    return
  }
  const startedAt = performance.now()
  let sent = 0
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1_000)
    // What the reader does not take in time is left out, not saved up.
    if (response.writableNeedDrain) sent = due
    for (; sent < due; sent += 1) response.write(line(nextNanos()))
  }, TICK_MS)
  response.on('close', () => clearInterval(timer))
}

/** Followed without an end, as many lines as are taken; or as many as `tail` asks for. */
export function sendLog(response: ServerResponse, line: string, parameters: URLSearchParams): void {
  response.writeHead(200, { 'Content-Type': 'application/vnd.docker.raw-stream', 'Api-Version': '1.41' })
  response.flushHeaders()
  const nextNanos = clock()
  const follows = ['1', 'true'].includes(parameters.get('follow') ?? '')
  let left = follows ? Number.POSITIVE_INFINITY : Number(parameters.get('tail') ?? 100)
  pump(response, () => {
    left -= 1
    return left < 0 ? null : frames(nextNanos(), line)
  })
}

/** Writes while the reader takes it, one piece a turn; null ends it. */
function pump(response: ServerResponse, next: () => string | Buffer | null): void {
  const step = () => {
    if (response.destroyed) return
    const piece = next()
    if (piece === null) response.end()
    else if (response.write(piece)) setImmediate(step)
    else response.once('drain', step)
  }
  step()
}

/** No two events share a time. */
function clock(): () => bigint {
  let last = 0n
  return () => {
    const now = BigInt(Date.now()) * 1_000_000n
    last = now > last ? now : last + 1n
    return last
  }
}

function touch(nanos: bigint): string {
  const [id, action] = [hostileId(0), 'health_status: healthy']
  const actor = { ID: id, Attributes: { image: 'nginx:1.27', name: 'hostile-0' } }
  const body = JSON.stringify({ status: action, id, Type: 'container', Action: action, Actor: actor, scope: 'local' })
  return `${body.slice(0, -1)},"time":${nanos / 1_000_000_000n},"timeNano":${nanos}}\n`
}

function frames(nanos: bigint, line: string): Buffer {
  const second = new Date(Number(nanos / 1_000_000n)).toISOString().slice(0, 19)
  const time = `${second}.${String(nanos % 1_000_000_000n).padStart(9, '0')}Z`
  const parts: Buffer[] = []
  for (let at = 0; at < line.length; at += PART_LENGTH) {
    const isLast = at + PART_LENGTH >= line.length
    const payload = Buffer.from(`${time} ${line.slice(at, at + PART_LENGTH)}${isLast ? '\n' : ''}`)
    const header = Buffer.alloc(8)
    header.writeUInt8(1, 0)
    header.writeUInt32BE(payload.length, 4)
    parts.push(header, payload)
  }
  return Buffer.concat(parts)
}
