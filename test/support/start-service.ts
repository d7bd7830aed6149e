import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'
import type { AuthConfig, Config, HostConfig } from '../../api/config/config.js'
import { createDockerodeEngine } from '../../api/engine/dockerode.js'
import { createLog } from '../../api/log.js'
import type { EngineEndpoint } from '../../api/model/endpoint.js'
import { createService } from '../../api/service.js'
import { SimulatedEngine, type SimulatedEngineOptions } from '../../demo/engine.js'
import { GENEROUS, OPEN_NETWORK } from './app-parts.js'
import { TOKEN_SETTINGS, tokenFor } from './tokens.js'

/** Tokens of TOKEN_SETTINGS are accepted, and sign-in is off. */
export const AUTH: AuthConfig = { token: TOKEN_SETTINGS, provider: null, users: null, revokedTokensFile: null }

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
  readonly body: any
}

export interface RunningService {
  readonly url: string
  readonly port: number
  /** Every line logged so far. */
  readonly lines: readonly string[]
  /** Every audit record so far, as AUDIT_LOG=stdout writes it. */
  readonly records: readonly string[]
  get(path: string, token?: string): Promise<Answered>
  stop(): Promise<void>
}

/** The received answer. `body` is null if it is not JSON. */
export async function answered(answer: Response): Promise<Answered> {
  const text = await answer.text()
  const isJson = answer.headers.get('content-type')?.includes('json') === true
  return {
    status: answer.status,
    headers: answer.headers,
    text,
    body: isJson && text !== '' ? JSON.parse(text) : null,
  }
}

/** One engine, tokens of AUTH, limits out of the way, a sample a second. */
export function serviceConfig(endpoint: EngineEndpoint, changes: Partial<Config>): Config {
  return {
    environment: 'test',
    listen: { host: '127.0.0.1', port: 0 },
    logLevel: 'trace',
    auth: AUTH,
    hosts: [{ id: 'local', endpoint, labels: {} }],
    limits: { ...GENEROUS, login: 10 },
    network: OPEN_NETWORK,
    audit: { destination: { kind: 'stdout' }, onFailure: 'refuse' },
    sampling: { intervalMs: 1_000, historyMs: 3_600_000 },
    logs: { scrub: true },
    ...changes,
  }
}

/** The whole service on a free port, over any engine, with short deadlines. */
export async function startService(
  endpoint: EngineEndpoint,
  changes: Partial<Config> = {},
  clock: Clock = SYSTEM_CLOCK,
): Promise<RunningService> {
  const lines: string[] = []
  const config = serviceConfig(endpoint, { logLevel: 'debug', ...changes })
  const createEngine = (host: HostConfig) =>
    createDockerodeEngine(host.endpoint, { quickDeadlineMs: 1_000, lookupDeadlineMs: 1_500, statsDeadlineMs: 1_000 })
  const log = createLog(config.logLevel, { write: (line) => lines.push(line) })
  const records: string[] = []
  const service = createService(
    config,
    { log, records: { write: (line) => records.push(line) } },
    { createEngine, clock },
  )
  const port = (await service.start()) ?? 0
  const url = `http://127.0.0.1:${port}`
  const get = async (path: string, token = tokenFor()): Promise<Answered> => {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } })
    return answered(answer)
  }
  return { url, port, lines, records, get, stop: () => service.stop() }
}

export interface SimulatedRig extends RunningService {
  readonly engine: SimulatedEngine
}

/** The same over a simulated engine, which stops with it. */
export async function startSimulated(
  options: SimulatedEngineOptions = {},
  changes: Partial<Config> = {},
  clock: Clock = SYSTEM_CLOCK,
): Promise<SimulatedRig> {
  const engine = new SimulatedEngine({ statsDelayMs: 20, ...options })
  await engine.start()
  const service = await startService(endpointOf(engine), changes, clock).catch(async (error) => {
    await engine.stop()
    throw error
  })
  const stop = async () => {
    await service.stop()
    await engine.stop()
  }
  return { ...service, engine, stop }
}

export function endpointOf(engine: SimulatedEngine): EngineEndpoint {
  const address = engine.endpoint
  return 'socketPath' in address ? { kind: 'unix', socketPath: address.socketPath } : { kind: 'tcp', ...address }
}
