import { ApiError } from '../model/error.js'

/** The shapes of a read, by what they ask for. */
export type ReadShape =
  | 'ping'
  | 'version'
  | 'info'
  | 'list'
  | 'inspect'
  | 'stats'
  | 'events'
  | 'logs'
  | 'top'
  | 'changes'
  | 'images'
  | 'networks'
  | 'volumes'
  | 'disk'

/** A request that only reads. `target` is composed here, letter by letter, from what was checked. */
export interface Read {
  readonly shape: ReadShape
  readonly method: 'GET' | 'HEAD'
  readonly target: string
  /** Its answer goes on until somebody ends it. */
  readonly isEndless: boolean
}

/** Something other than a listed read was asked of the engine: a fault of ours, stopped before a byte leaves. */
export class ReadOnlyRefusal extends ApiError {
  override readonly name = 'ReadOnlyRefusal'

  constructor(what: string) {
    super('internal', `the read-only guard refuses ${what}`)
  }
}

/**
 * Ids in one filter. 64 hex digits and their quotes are 73 bytes when escaped; HAProxy takes a head of 16 KiB by
 * default.
 */
export const MAX_FILTER_IDS = 100

/** Characters of what was refused that its reason quotes. */
const QUOTED_LENGTH = 120

const PATHS: ReadonlyMap<string, ReadShape> = new Map([
  ['/_ping', 'ping'],
  ['/version', 'version'],
  ['/info', 'info'],
  ['/containers/json', 'list'],
  ['/events', 'events'],
  ['/images/json', 'images'],
  ['/networks', 'networks'],
  ['/volumes', 'volumes'],
  ['/system/df', 'disk'],
])

const CONTAINER_PATH = /^\/containers\/[0-9a-f]{64}\/(json|stats|logs|top|changes)$/
const CONTAINER_SHAPES: Readonly<Record<string, ReadShape>> = {
  json: 'inspect',
  stats: 'stats',
  logs: 'logs',
  top: 'top',
  changes: 'changes',
}
const CONTAINER_ID = /^[0-9a-f]{64}$/

/** A parameter's value as it is written into the target; null where the value is not on the list. */
type Parameter = (value: unknown) => string | null

const PARAMETERS: Readonly<Record<ReadShape, ReadonlyMap<string, Parameter>>> = {
  ping: new Map(),
  version: new Map(),
  info: new Map(),
  // `size` is not here: it makes the engine walk every file of every container.
  list: new Map([
    ['all', yes],
    ['filters', (value) => filter(value, 'id', isIdList)],
  ]),
  inspect: new Map(),
  stats: new Map([
    ['stream', no],
    ['one-shot', yes],
  ]),
  events: new Map([
    ['filters', (value) => filter(value, 'type', isContainerType)],
    ['since', engineTime],
  ]),
  logs: new Map([
    ['follow', yesOrNo],
    ['stdout', yesOrNo],
    ['stderr', yesOrNo],
    ['timestamps', yes],
    ['tail', tail],
    ['since', engineTime],
  ]),
  // Without arguments for `ps`: they would be run on the engine's host.
  top: new Map(),
  changes: new Map(),
  // `all` would show the layers in between, `shared-size` makes the engine walk them.
  images: new Map(),
  networks: new Map(),
  volumes: new Map(),
  disk: new Map(),
}

/**
 * Without `stream=false` statistics never end; without its filter the event stream tells of secrets, configs and nodes; without
 * `tail` a log comes whole, however large it is.
 */
const REQUIRED: Readonly<Partial<Record<ReadShape, string>>> = { stats: 'stream', events: 'filters', logs: 'tail' }

/**
 * What a modem is given to dial with. All else (`file`, `hijack`, `openStdin`, `authconfig`, `headers` ...) is a way to
 * write.
 */
const DIAL_FIELDS = new Set(['path', 'method', 'options', 'statusCodes', 'isStream', 'abortSignal'])

/**
 * Checks a dial against the closed list: `GET|HEAD /_ping`, `GET /version`, `/info`, `/events`, `/images/json`, `/networks`,
 * `/volumes`, `/system/df`, `/containers/json`, and `/containers/{64 hex digits}/` with `json`, `stats`, `logs`, `top` or
 * `changes`, each with the parameters named above. There is no version prefix, so the engine's own version is spoken.
 *
 * A method alone makes no read: by GET, `/containers/{id}/archive` and `/export` hand out every file of a container,
 * `/attach/ws` opens its standard input, `/images/{name}/get` hands out an image, `/swarm` tells the join tokens, and the
 * usual socket proxies let all of `/containers` through. Nor does a pattern on the raw path: engines resolve `..`, `%2e%2e` and
 * `//`, and ids may be names of other containers. So paths are compared whole, ids are full, and what is sent is put
 * together here.
 *
 * @throws ReadOnlyRefusal
 */
export function guardRead(dial: unknown): Read {
  if (typeof dial !== 'object' || dial === null) throw new ReadOnlyRefusal('a dial without options')
  const fields = dial as Readonly<Record<string, unknown>>
  for (const [field, value] of Object.entries(fields)) {
    if (value !== undefined && !DIAL_FIELDS.has(field)) throw new ReadOnlyRefusal(`a dial with ${quote(field)}`)
  }
  const { method, path, options, isStream } = fields
  const asked = `${quote(method)} ${quote(path)}`
  if (typeof path !== 'string') throw new ReadOnlyRefusal(asked)
  // dockerode ends a path with a bare `?` where options may follow.
  const plain = path.endsWith('?') ? path.slice(0, -1) : path
  const shape = PATHS.get(plain) ?? CONTAINER_SHAPES[CONTAINER_PATH.exec(plain)?.[1] ?? '']
  if (shape === undefined) throw new ReadOnlyRefusal(asked)
  if (method !== 'GET' && !(method === 'HEAD' && shape === 'ping')) throw new ReadOnlyRefusal(asked)
  const isEndless = shape === 'events' || (shape === 'logs' && followsLog(options))
  if ((isStream === true) !== isEndless) throw new ReadOnlyRefusal(`${asked} as a stream, or an endless read as none`)
  return { shape, method, target: plain + queryOf(shape, options, asked), isEndless }
}

function followsLog(options: unknown): boolean {
  return yes((options as { readonly follow?: unknown } | null | undefined)?.follow) !== null
}

function queryOf(shape: ReadShape, options: unknown, asked: string): string {
  if (options !== undefined && options !== null && typeof options !== 'object')
    throw new ReadOnlyRefusal(`${asked} with options of type ${typeof options}`)
  const written = new Map<string, string>()
  for (const [name, value] of Object.entries(options ?? {})) {
    // dockerode leaves the signal among the options; it never reaches the wire.
    if (value === undefined || name === 'abortSignal') continue
    const text = PARAMETERS[shape].get(name)?.(value) ?? null
    if (text === null) throw new ReadOnlyRefusal(`${asked} with the parameter ${quote(name)}`)
    written.set(name, text)
  }
  const required = REQUIRED[shape]
  if (required !== undefined && !written.has(required)) throw new ReadOnlyRefusal(`${asked} without ${required}`)
  const pairs = [...written].map(([name, text]) => `${name}=${encodeURIComponent(text)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function yes(value: unknown): string | null {
  return value === true || value === 1 ? 'true' : null
}

function no(value: unknown): string | null {
  return value === false || value === 0 ? 'false' : null
}

function yesOrNo(value: unknown): string | null {
  return yes(value) ?? no(value)
}

/** The last so many lines, or `all`. */
function tail(value: unknown): string | null {
  if (value === 'all') return value
  return Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : null
}

/** The engine's clock: seconds since 1970, with nanoseconds after a point. */
function engineTime(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^\d{1,12}(?:\.\d{1,9})?$/.test(text) ? text : null
}

/** A filter object with one list under one name. */
function filter(value: unknown, name: string, accepts: (list: readonly unknown[]) => boolean): string | null {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== name) return null
  const list = (value as Readonly<Record<string, unknown>>)[name]
  // Written from a copy: what is sent is what was looked at, whatever a getter or a toJSON would answer next.
  const copy = Array.isArray(list) ? [...list] : []
  return copy.length > 0 && accepts(copy) ? JSON.stringify({ [name]: copy }) : null
}

function isIdList(list: readonly unknown[]): boolean {
  return list.length <= MAX_FILTER_IDS && list.every((id) => typeof id === 'string' && CONTAINER_ID.test(id))
}

function isContainerType(list: readonly unknown[]): boolean {
  return list.length === 1 && list[0] === 'container'
}

/** For the log: short, and without a control character that could forge a line. */
function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, QUOTED_LENGTH)) : `(${typeof value})`
}
