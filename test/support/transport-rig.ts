import type { Socket } from 'node:net'
import type { TransportOptions } from '../../api/engine/read-limits.js'
import { ReadOnlyTransport } from '../../api/engine/transport.js'
import type { EngineEndpoint } from '../../api/model/endpoint.js'
import { ApiError } from '../../api/model/error.js'
import { type Answer, answerWith, type FaultServer, startFaultServer } from './fault-server.js'

export const ID = 'a1'.repeat(32)
export const PING = { method: 'GET', path: '/_ping' }
export const LIST = { method: 'GET', path: '/containers/json?', options: { all: true } }
export const INSPECT = { method: 'GET', path: `/containers/${ID}/json?`, options: {} }
export const STATS = { method: 'GET', path: `/containers/${ID}/stats?`, options: { stream: false, 'one-shot': true } }
export const LOGS = { method: 'GET', path: `/containers/${ID}/logs?`, options: { tail: 'all', stdout: true } }
export const FOLLOWED = { ...LOGS, options: { ...LOGS.options, follow: true }, isStream: true }
export const TOP = { method: 'GET', path: `/containers/${ID}/top?`, options: {} }
export const CHANGES = { method: 'GET', path: `/containers/${ID}/changes`, options: {} }
export const IMAGES = { method: 'GET', path: '/images/json?', options: {} }
export const NETWORKS = { method: 'GET', path: '/networks?', options: {} }
export const VOLUMES = { method: 'GET', path: '/volumes?', options: {} }
export const DISK = { method: 'GET', path: '/system/df?', options: {} }
export const EVENTS = { method: 'GET', path: '/events?', options: { filters: { type: ['container'] } }, isStream: true }

/** Short where it is to run out. */
export const DEADLINE_MS = 80

/** Long enough that a busy machine still sees each other fault first. */
export const PATIENT_MS = 5_000

export const SMALL: TransportOptions = {
  quickDeadlineMs: DEADLINE_MS,
  lookupDeadlineMs: DEADLINE_MS,
  statsDeadlineMs: DEADLINE_MS,
  bulkDeadlineMs: DEADLINE_MS,
  diskDeadlineMs: DEADLINE_MS,
  maxListBytes: 64 * 1024,
  maxAnswerBytes: 16 * 1024,
}
export const PATIENT: TransportOptions = {
  ...SMALL,
  quickDeadlineMs: PATIENT_MS,
  lookupDeadlineMs: PATIENT_MS,
  statsDeadlineMs: PATIENT_MS,
  bulkDeadlineMs: PATIENT_MS,
  diskDeadlineMs: PATIENT_MS,
}

/** Transports to servers that answer as the test says. */
export class TransportRig {
  readonly #opened: { close(): unknown }[] = []

  readonly serve = async (answer: Answer, kind?: 'unix' | 'tcp'): Promise<FaultServer> => {
    const server = await startFaultServer(answer, kind)
    this.#opened.push(server)
    return server
  }

  readonly connect = (endpoint: EngineEndpoint, options: TransportOptions = {}): ReadOnlyTransport => {
    const transport = new ReadOnlyTransport(endpoint, options)
    this.#opened.push(transport)
    return transport
  }

  /** Closes all that it opened, the last first. */
  async stop(): Promise<void> {
    for (const one of this.#opened.splice(0).reverse()) await one.close()
  }
}

export function dial(transport: ReadOnlyTransport, options: object, abortSignal?: AbortSignal): Promise<unknown> {
  return dialWith(transport, { ...options, abortSignal })
}

export function dialWith(transport: ReadOnlyTransport, options: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    transport.dial(options, (error, value) => (error ? reject(error) : resolve(value)))
  })
}

export async function faultOf(call: Promise<unknown>): Promise<ApiError> {
  const fault = await call.then(
    () => new Error('answered'),
    (error: unknown) => error,
  )
  expect(fault).toBeInstanceOf(ApiError)
  return fault as ApiError
}

export function text(body: string): Answer {
  return (socket) => socket.write(answerWith(200, body, 'text/plain'))
}

/** TCP says that it was cut with RST; a unix socket just ends. */
export function reset(socket: Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy()
  else socket.resetAndDestroy()
}

export function drip(head: string): Answer {
  return (socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write('x'), 10)
    socket.on('close', () => clearInterval(timer))
  }
}

/** From here on a deadline passes when the test lets time pass, by jest.advanceTimersByTime, and no sooner. */
export function holdDeadlines(): void {
  jest.useFakeTimers({
    doNotFake: [
      'Date',
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
    ],
  })
}
