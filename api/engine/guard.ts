import { ApiError } from '../model/error.js'
import { READS, type ReadName, type ReadRow } from './reads.js'

/** A request that only reads. `target` is composed here, letter by letter, from what was checked. */
export interface Read {
  readonly name: ReadName
  readonly row: ReadRow
  readonly method: 'GET' | 'HEAD'
  readonly target: string
  /** Its answer goes on until it is ended. */
  readonly isEndless: boolean
}

/** Something other than a listed read was asked of the engine: a fault of ours, stopped before a byte leaves. */
export class ReadOnlyRefusal extends ApiError {
  override readonly name = 'ReadOnlyRefusal'

  constructor(what: string) {
    super('internal', `the read-only guard refuses ${what}`)
  }
}

/** Characters of what was refused that its reason quotes. */
const QUOTED_LENGTH = 120

const BY_PATH: ReadonlyMap<string, ReadName> = new Map(
  (Object.keys(READS) as ReadName[]).map((name) => [READS[name].path, name]),
)

/** A path below one container. An id has all of its 64 digits: fewer may be the name of another container. */
const OF_CONTAINER = /^\/containers\/[0-9a-f]{64}\/([a-z]+)$/

/**
 * What a modem is given to dial with. All else (`file`, `hijack`, `openStdin`, `authconfig`, `headers` ...) is a way to
 * write.
 */
const DIAL_FIELDS = new Set(['path', 'method', 'options', 'statusCodes', 'isStream', 'abortSignal'])

/**
 * Checks a dial against the table of reads: GET (of a ping HEAD too), a path of the table, and parameters of its row. There is
 * no version prefix, so the engine's own version is spoken.
 *
 * A method alone makes no read: by GET, `/containers/{id}/archive` and `/export` hand out every file of a container,
 * `/attach/ws` opens its standard input, `/images/{name}/get` hands out an image, `/swarm` shows the join tokens, and the
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
  const name = nameOf(plain)
  if (name === undefined) throw new ReadOnlyRefusal(asked)
  const row = READS[name]
  if (method !== 'GET' && !(method === 'HEAD' && row.allowsHead === true)) throw new ReadOnlyRefusal(asked)
  const parameters = parametersOf(row, options, asked)
  const isEndless = typeof row.answer === 'object' && row.answer.isEndless(parameters)
  if ((isStream === true) !== isEndless) throw new ReadOnlyRefusal(`${asked} as a stream, or an endless read as none`)
  return { name, row, method, target: plain + queryOf(parameters), isEndless }
}

function nameOf(path: string): ReadName | undefined {
  const [, below] = OF_CONTAINER.exec(path) ?? []
  if (below !== undefined) return BY_PATH.get(`/containers/{id}/${below}`)
  // The placeholder is no id.
  return path.includes('{') ? undefined : BY_PATH.get(path)
}

/** As they are written, in the order in which they were given. */
function parametersOf(row: ReadRow, options: unknown, asked: string): ReadonlyMap<string, string> {
  if (options !== undefined && options !== null && typeof options !== 'object')
    throw new ReadOnlyRefusal(`${asked} with options of type ${typeof options}`)
  const known = row.parameters ?? {}
  const written = new Map<string, string>()
  for (const [name, value] of Object.entries(options ?? {})) {
    // dockerode leaves the signal among the options; it never reaches the wire.
    if (value === undefined || name === 'abortSignal') continue
    const text = Object.hasOwn(known, name) ? known[name]?.(value) : undefined
    if (typeof text !== 'string') throw new ReadOnlyRefusal(`${asked} with the parameter ${quote(name)}`)
    written.set(name, text)
  }
  const { required } = row
  if (required !== undefined && !written.has(required)) throw new ReadOnlyRefusal(`${asked} without ${required}`)
  return written
}

function queryOf(parameters: ReadonlyMap<string, string>): string {
  const pairs = [...parameters].map(([name, text]) => `${name}=${encodeURIComponent(text)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

/** For the log: short, and without a control character that could forge a line. */
function quote(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, QUOTED_LENGTH)) : `(${typeof value})`
}
