import { hasProcesses, type SimulatedContainer } from './container.js'
import { diskBody } from './disk.js'
import { EVENT_FILTERS, eventMatches, type Filters } from './events.js'
import { type Answer, after, every } from './faults.js'
import { imageBody } from './images.js'
import { API_VERSION, ENGINE_HEADERS, ENGINE_NAME, infoBody, MIN_API_VERSION, versionBody } from './info.js'
import type { LogLine } from './journal.js'
import { LOG_START, type LogPart, type LogPosition, logBytes, logLines, logParts, topBody } from './logs.js'
import { networkBody } from './networks.js'
import { type SimulatedMachine, statsText } from './stats.js'
import { volumeBody } from './volumes.js'
import { changesBody, inspectBody, listEntry } from './wire.js'
import type { SimulatedWorld } from './world.js'

export type Endpoint =
  | 'ping'
  | 'version'
  | 'info'
  | 'list'
  | 'inspect'
  | 'stats'
  | 'events'
  | 'logs'
  | 'top'
  | 'images'
  | 'networks'
  | 'volumes'
  | 'disk'
  | 'changes'

/** What an answer is made of. */
export interface Scene {
  readonly world: SimulatedWorld
  readonly machine: SimulatedMachine
  readonly statsDelayMs: number
  readonly diskDelayMs: number
  /** The engine walks its disk for one caller at a time. */
  readonly diskWalk: { busy: boolean }
  readonly now: () => number
}

export interface Route {
  readonly endpoint: Endpoint
  readonly answer: (scene: Scene) => Answer
}

/** The collector's round: precpu_stats are as old as this. */
const STATS_ROUND_MS = 1000
/** Keeps a stats stream from spinning where a test asks for no delay at all. */
const MIN_STATS_PERIOD_MS = 20
const LOG_FOLLOW_MS = 200
const LIST_FILTERS: readonly string[] = ['id', 'name', 'status', 'label', 'health']
const JSON_TYPE = 'application/json'

/** The route of a request, or the answer that the engine has for a wrong one. */
export function routeOf(method: string, target: string): Route | Answer {
  const [, version, path = '', search = ''] = /^(?:\/v(\d+\.\d+))?(\/[^?]*)(?:\?(.*))?$/s.exec(target) ?? []
  if (method !== 'GET' && method !== 'HEAD') {
    // A real engine answers OPTIONS on any path, which is how a caller can tell it from a proxy without writing.
    return method === 'OPTIONS' ? whole(200, '', 'text/plain') : failure(405, 'simulated engine: read only')
  }
  if (version !== undefined) {
    const refusal = versionRefusal(version)
    if (refusal !== null) return refusal
  }
  const query = new URLSearchParams(search)
  if (path === '/_ping') return { endpoint: 'ping', answer: () => pong() }
  if (method === 'HEAD') return notFound()
  if (path === '/version') return { endpoint: 'version', answer: () => json(200, versionBody()) }
  if (path === '/info') return { endpoint: 'info', answer: info }
  if (path === '/events') return { endpoint: 'events', answer: (scene) => events(scene, query) }
  if (path === '/containers/json') return { endpoint: 'list', answer: (scene) => list(scene, query) }
  if (path === '/images/json') {
    return {
      endpoint: 'images',
      answer: ({ world }) => unfiltered(query, () => world.objectStore.images().map((one) => imageBody(one))),
    }
  }
  if (path === '/volumes') return { endpoint: 'volumes', answer: (scene) => volumes(scene, query) }
  if (path === '/system/df') return { endpoint: 'disk', answer: disk }
  if (path === '/networks') {
    return {
      endpoint: 'networks',
      answer: ({ world }) => unfiltered(query, () => world.objectStore.networks().map(networkBody)),
    }
  }
  const [, rawReference = '', verb = ''] = /^\/containers\/([^/]+)\/(json|stats|logs|top|changes)$/.exec(path) ?? []
  const reference = unescaped(rawReference)
  if (reference === '') return notFound()
  const found = (answer: (scene: Scene, container: SimulatedContainer) => Answer) => (scene: Scene) =>
    withContainer(scene, reference, answer)
  if (verb === 'json') return { endpoint: 'inspect', answer: found(inspect) }
  if (verb === 'stats') return { endpoint: 'stats', answer: found((scene, one) => stats(scene, one, query)) }
  if (verb === 'logs') return { endpoint: 'logs', answer: found((scene, one) => logs(scene, one, query)) }
  if (verb === 'changes') return { endpoint: 'changes', answer: found((_scene, one) => json(200, changesBody(one))) }
  return { endpoint: 'top', answer: found(top) }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

function versionRefusal(version: string): Answer | null {
  const minor = (text: string) => Number(text.split('.')[1])
  const isNew = !version.startsWith('1.') || minor(version) > minor(API_VERSION)
  if (isNew) {
    return failure(400, `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`)
  }
  if (minor(version) >= minor(MIN_API_VERSION)) return null
  return failure(400, `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}`)
}

function withContainer(
  scene: Scene,
  reference: string,
  answer: (scene: Scene, container: SimulatedContainer) => Answer,
): Answer {
  const found = scene.world.find(reference)
  if (found === 'none') return failure(404, `No such container: ${reference}`)
  if (found === 'ambiguous') return failure(500, `Multiple IDs found with provided prefix: ${reference}`)
  return answer(scene, found)
}

function whole(status: number, body: string, contentType: string, headers = ENGINE_HEADERS): Answer {
  return { kind: 'whole', status, contentType, body, headers }
}

function json(status: number, value: unknown): Answer {
  return whole(status, `${JSON.stringify(value)}\n`, JSON_TYPE)
}

function failure(status: number, message: string): Answer {
  return json(status, { message })
}

function notFound(): Answer {
  return whole(404, '{"message":"page not found"}\n', JSON_TYPE, {})
}

function pong(): Answer {
  return whole(200, 'OK', 'text/plain; charset=utf-8', {
    ...ENGINE_HEADERS,
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
  })
}

function info({ world, machine, now }: Scene): Answer {
  const all = world.all()
  const running = all.filter((one) => one.state === 'running' || one.state === 'restarting').length
  const paused = all.filter((one) => one.state === 'paused').length
  const census = {
    running,
    paused,
    stopped: all.length - running - paused,
    images: world.objectStore.images().length,
    eventListeners: world.events.listeners,
  }
  return json(200, infoBody(machine, census, now()))
}

function list({ world, now }: Scene, query: URLSearchParams): Answer {
  const read = readFilters(query.get('filters'), LIST_FILTERS)
  if ('refusal' in read) return read.refusal
  const { filters } = read
  const limit = Number(query.get('limit') ?? 0)
  // A limit reaches stopped containers too, and so does a filter by state (moby daemon/list.go).
  const all = isTrue(query.get('all')) || limit > 0 || filters.has('status')
  const at = now()
  const chosen = world
    .all()
    .filter((one) => (all || hasProcesses(one) || one.state === 'restarting') && listMatches(one, filters))
  return json(
    200,
    (limit > 0 ? chosen.slice(0, limit) : chosen).map((one) => listEntry(one, at)),
  )
}

function listMatches(container: SimulatedContainer, filters: Filters): boolean {
  const has = (name: string, value: string): boolean => {
    switch (name) {
      case 'id':
        return container.id.startsWith(value)
      case 'name':
        return container.name.includes(value.replace(/^\//, ''))
      case 'status':
        return container.state === value
      case 'health':
        return container.health === value
      default: {
        const [label = '', wanted] = value.split(/=(.*)/s)
        const given = container.spec.labels[label]
        return given !== undefined && (wanted === undefined || given === wanted)
      }
    }
  }
  return [...filters].every(([name, values]) => values.some((value) => has(name, value)))
}

/** `{"id":["..."]}`, or the older `{"id":{"...":true}}`. */
function readFilters(text: string | null, known: readonly string[]): { filters: Filters } | { refusal: Answer } {
  const filters = new Map<string, readonly string[]>()
  if (text === null || text === '') return { filters }
  try {
    for (const [name, values] of Object.entries(JSON.parse(text) as object)) {
      if (!known.includes(name)) return { refusal: failure(400, `Invalid filter '${name}'`) }
      filters.set(name, Array.isArray(values) ? values.map(String) : Object.keys(values as object))
    }
  } catch {
    return { refusal: failure(400, 'invalid character looking for beginning of value') }
  }
  return { filters }
}

function volumes({ world }: Scene, query: URLSearchParams): Answer {
  return unfiltered(query, () => ({ Volumes: world.objectStore.volumes().map(volumeBody), Warnings: null }))
}

/** Whoever comes while it works for another is sent away (moby 20.10, daemon/disk_usage.go). */
function disk({ world, diskDelayMs, diskWalk, now }: Scene): Answer {
  if (diskWalk.busy) return failure(500, 'a disk usage operation is already running')
  const release = () => {
    diskWalk.busy = false
  }
  diskWalk.busy = true
  return {
    kind: 'later',
    ms: diskDelayMs,
    compute: () => {
      release()
      return json(200, diskBody(world, now()))
    },
    abandoned: release,
  }
}

/** Lists whose filters nobody needs here: one that is asked for is refused rather than ignored. */
function unfiltered(query: URLSearchParams, body: () => unknown): Answer {
  const read = readFilters(query.get('filters'), [])
  return 'refusal' in read ? read.refusal : json(200, body())
}

function inspect({ machine, now }: Scene, container: SimulatedContainer): Answer {
  return json(200, inspectBody(container, machine.cgroup, ENGINE_NAME, now()))
}

function stats(scene: Scene, container: SimulatedContainer, query: URLSearchParams): Answer {
  const { machine, now, statsDelayMs } = scene
  const streams = query.get('stream') === null || isTrue(query.get('stream'))
  if (streams) return statsStream(scene, container)
  if (!hasProcesses(container)) return whole(200, statsText(container, machine, now(), null), JSON_TYPE)
  const oneShot = isTrue(query.get('one-shot'))
  return {
    kind: 'later',
    ms: statsDelayMs,
    compute: () => {
      const at = now()
      return whole(200, statsText(container, machine, at, oneShot ? null : at - STATS_ROUND_MS), JSON_TYPE)
    },
  }
}

function statsStream({ world, machine, now, statsDelayMs }: Scene, container: SimulatedContainer): Answer {
  return {
    kind: 'stream',
    headers: ENGINE_HEADERS,
    run: (sink) => {
      let previousAt: number | null = null
      every(Math.max(statsDelayMs, MIN_STATS_PERIOD_MS), sink.signal, () => {
        if (world.find(container.id) !== container) return sink.end()
        const at = now()
        sink.write(statsText(container, machine, at, previousAt))
        previousAt = at
      })
    },
  }
}

function events({ world, now }: Scene, query: URLSearchParams): Answer {
  const read = readFilters(query.get('filters'), EVENT_FILTERS)
  if ('refusal' in read) return read.refusal
  const { filters } = read
  const since = readNanos(query.get('since'))
  const until = readNanos(query.get('until'))
  return {
    kind: 'stream',
    headers: { ...ENGINE_HEADERS, 'Content-Type': JSON_TYPE },
    run: (sink) => {
      const past = since === null ? [] : world.events.replay(since, until)
      for (const event of past) if (eventMatches(event, filters)) sink.write(`${event.line}\n`)
      const leftMs = until === null ? null : Number(until / 1_000_000n) - now()
      if (leftMs !== null && leftMs <= 0) return sink.end()
      const leave = world.events.listen((event) => {
        if (eventMatches(event, filters)) sink.write(`${event.line}\n`)
      })
      sink.signal.addEventListener('abort', leave, { once: true })
      if (leftMs !== null) after(leftMs, sink.signal, () => sink.end())
    },
  }
}

function logs({ world, now }: Scene, container: SimulatedContainer, query: URLSearchParams): Answer {
  const wanted = (['stdout', 'stderr'] as const).filter((stream) => isTrue(query.get(stream)))
  if (wanted.length === 0) return failure(400, 'Bad parameters: you must choose at least one stream')
  if (container.spec.logDriver === 'none') return failure(501, 'configured logging driver does not support reading')
  const timestamps = isTrue(query.get('timestamps'))
  const since = readNanos(query.get('since')) ?? 0n
  const until = query.get('until') === '0' ? null : readNanos(query.get('until'))
  const tail = query.get('tail') ?? 'all'
  return {
    kind: 'stream',
    headers: ENGINE_HEADERS,
    run: (sink) => {
      const written = () => world.journal.linesOf(container.id)
      const isBeyond = (part: LogPart) => until !== null && part.nanos > until
      const write = (parts: readonly LogPart[]) => {
        for (const part of parts) {
          if (part.nanos < since || !wanted.includes(part.stream)) continue
          sink.write(logBytes(container, part, timestamps))
        }
      }
      let readTo: LogPosition = { dueMs: now(), writtenNanos: written().at(-1)?.nanos ?? -1n }
      write(keptParts(container, written(), tail, readTo.dueMs).filter((part) => !isBeyond(part)))
      if (!isTrue(query.get('follow')) || !hasProcesses(container)) return sink.end()
      // A stream follows one run: it ends with its process, however soon the next one starts.
      const { pid } = container
      const readOn = () => {
        const parts = logLines(container, written(), readTo, now()).flatMap(logParts)
        readTo = { dueMs: now(), writtenNanos: written().at(-1)?.nanos ?? -1n }
        // Only a line that is too late ends a stream that follows (moby daemon/logger/loggerutils, followLogs).
        const end = parts.findIndex(isBeyond)
        write(end === -1 ? parts : parts.slice(0, end))
        if (end !== -1 || container.pid !== pid) sink.end()
      }
      every(LOG_FOLLOW_MS, sink.signal, readOn)
      sink.signal.addEventListener('abort', world.journal.follow(container.id, readOn), { once: true })
    },
  }
}

/** The engine cuts the tail off its file first, where a part is a line, and then looks at times and streams. */
function keptParts(
  container: SimulatedContainer,
  written: readonly LogLine[],
  tail: string,
  at: number,
): readonly LogPart[] {
  if (!/^\d+$/.test(tail)) return logLines(container, written, LOG_START, at).flatMap(logParts)
  const count = Number(tail)
  const parts = logLines(container, written, LOG_START, at, count).flatMap(logParts)
  return parts.slice(Math.max(0, parts.length - count))
}

function top({ world, now }: Scene, container: SimulatedContainer): Answer {
  if (container.state === 'restarting') {
    return failure(409, `Container ${container.id} is restarting, wait until the container is running`)
  }
  if (!hasProcesses(container)) return failure(409, `Container ${container.id} is not running`)
  world.toldTop(container)
  return json(200, topBody(container, now()))
}

/** Go's strconv.ParseBool, as the engine reads its flags (moby api/server/httputils, BoolValue). */
function isTrue(value: string | null): boolean {
  return value !== null && !['', '0', 'no', 'false', 'none'].includes(value.trim().toLowerCase())
}

/** Seconds with a fraction, or RFC 3339; nanoseconds since 1970. */
function readNanos(value: string | null): bigint | null {
  if (value === null || value === '') return null
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(value) ?? []
  if (seconds !== undefined) return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'))
  // A date of JavaScript ends at milliseconds, so the fraction is read apart.
  const [, date = value, digits = '', zone = ''] = /^(.+:\d\d)\.(\d{1,9})(Z|[+-]\d\d:\d\d)$/.exec(value) ?? []
  const at = Date.parse(`${date}${zone}`)
  return Number.isNaN(at) ? null : BigInt(at) * 1_000_000n + BigInt(digits.padEnd(9, '0'))
}
