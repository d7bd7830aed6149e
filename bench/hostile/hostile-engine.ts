import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { SimulatedEngine } from '../../demo/engine.js'
import type { Attack, Entry } from './attacks.js'
import { sendEvents, sendLog } from './hostile-streams.js'
import { HOSTILE_NAME, HOSTILE_PREFIX } from './hostile-texts.js'
import { startAll } from './running-engine.js'

const DRIP_MS = 1_000
/** The seeded containers of the simulated engine, and one more that hostile ones are copies of. */
const SEEDED = 29
const TEMPLATE = 'template'
const JSON_HEADERS = { 'Content-Type': 'application/json', 'Api-Version': '1.41' }

/**
 * Stands before a simulated engine of 30 harmless, running containers and passes its answers on, but for what the attack says. So
 * whatever of the harmless ones is not shown is lost by the attack alone.
 */
export class HostileEngine {
  readonly #engine = new SimulatedEngine({ containers: SEEDED, seed: 4_711 })
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #sockets = new Set<Socket>()
  #upstream = ''
  #template = ''
  #attack: Attack = {}
  #rawList: Buffer | null = null
  #entries: readonly { readonly id: string | null; readonly text: string }[] = []
  #inspect: string | null = null
  #undo = () => {}

  async start(socketPath: string): Promise<void> {
    await this.#engine.start()
    startAll(this.#engine)
    this.#template = this.#engine.run({ name: TEMPLATE, image: 'nginx:1.27' })
    const { endpoint } = this.#engine
    this.#upstream = 'socketPath' in endpoint ? endpoint.socketPath : ''
    this.#server.keepAliveTimeout = 0
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    await new Promise<void>((resolve) => this.#server.listen(socketPath, resolve))
  }

  /** Breaks every connection, so that what is hostile is read at once. */
  async attack(attack: Attack): Promise<void> {
    this.#undo()
    this.#undo = attack.begin?.(this.#engine) ?? (() => {})
    const harmless = JSON.parse(await this.#read('/containers/json')) as readonly Entry[]
    const template = harmless.find(({ Id }) => Id === this.#template) ?? {}
    this.#rawList = attack.rawList?.() ?? null
    this.#entries = (attack.entries?.(template) ?? []).map(asEntry)
    const inspected = JSON.parse(await this.#read(`/containers/${this.#template}/json`)) as Entry
    this.#inspect = attack.inspect === undefined ? null : JSON.stringify(attack.inspect(inspected))
    this.#attack = attack
    for (const socket of this.#sockets) socket.destroy()
  }

  async stop(): Promise<void> {
    this.#undo()
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await this.#engine.stop()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = '/', method = 'GET' } = request
    const [, path = '', query = ''] = /^(?:\/v[\d.]+)?([^?]*)\??(.*)$/s.exec(url) ?? []
    const parameters = new URLSearchParams(query)
    const { everywhere, events, touches, logLine } = this.#attack
    const [, id = ''] = /^\/containers\/([0-9a-f]{64})\//.exec(path) ?? []
    const isHostile = id.startsWith(HOSTILE_PREFIX)
    if (everywhere === 'silence') return
    if (everywhere === 'drip') return drip(response)
    if (path === '/containers/json' && this.#rawList !== null) return sendWhole(response, this.#rawList)
    if (everywhere === 'spaces' && path !== '/_ping') return sendWhole(response, this.#rawList ?? Buffer.alloc(0))
    if (path === '/containers/json') return sendWhole(response, await this.#list(query, parameters))
    if (path === '/events' && (events !== undefined || touches === true)) return sendEvents(response, events ?? null)
    if (isHostile && path.endsWith('/logs') && logLine !== undefined) {
      return sendLog(response, logLine, parameters)
    }
    if (isHostile && path.endsWith('/json')) return sendWhole(response, await this.#inspected(id))
    this.#pass(method, isHostile ? url.replace(id, this.#template) : url, response)
  }

  async #list(query: string, parameters: URLSearchParams): Promise<Buffer> {
    const harmless = (await this.#read(`/containers/json?${query}`)).trim().slice(1, -1)
    const filters = JSON.parse(parameters.get('filters') ?? '{}') as { readonly id?: readonly string[] }
    const chosen = this.#entries.filter(
      ({ id }) => filters.id === undefined || (id !== null && filters.id.includes(id)),
    )
    const texts = [...(harmless === '' ? [] : [harmless]), ...chosen.map(({ text }) => text)]
    return Buffer.from(`[${texts.join(',')}]`)
  }

  async #inspected(id: string): Promise<string> {
    const text = this.#inspect ?? (await this.#read(`/containers/${this.#template}/json`))
    return text
      .replace(this.#template, id)
      .replace(`"/${TEMPLATE}"`, `"/${HOSTILE_NAME}${this.#entries.findIndex((one) => one.id === id)}"`)
  }

  #pass(method: string, url: string, response: ServerResponse): void {
    const upstream = httpRequest({ socketPath: this.#upstream, path: url, method }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      response.flushHeaders()
      answer.pipe(response)
    })
    upstream.on('error', () => response.destroy())
    response.on('close', () => upstream.destroy())
    upstream.end()
  }

  async #read(path: string): Promise<string> {
    const chunks: Buffer[] = []
    return new Promise((resolve, reject) => {
      httpRequest({ socketPath: this.#upstream, path }, (answer) => {
        answer.on('data', (chunk: Buffer) => chunks.push(chunk))
        answer.on('end', () => resolve(Buffer.concat(chunks).toString()))
      })
        .on('error', reject)
        .end()
    })
  }
}

function asEntry(value: unknown): { readonly id: string | null; readonly text: string } {
  const id = typeof value === 'object' && value !== null && 'Id' in value ? value.Id : null
  return { id: typeof id === 'string' ? id : null, text: JSON.stringify(value) }
}

function sendWhole(response: ServerResponse, body: Buffer | string): void {
  response.writeHead(200, { ...JSON_HEADERS, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}

function drip(response: ServerResponse): void {
  response.writeHead(200, JSON_HEADERS)
  const timer = setInterval(() => response.write(' '), DRIP_MS)
  response.on('close', () => clearInterval(timer))
}
