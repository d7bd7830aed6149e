import type { Server } from 'node:http'
import { Authenticator } from './auth/authenticator.js'
import type { Config, HostConfig } from './config/config.js'
import { createDockerodeEngine } from './engine/dockerode.js'
import type { Engine } from './engine/engine.js'
import { createApp } from './http/app.js'
import { closeServer, createHttpServer, listen } from './http/server.js'
import { type Clock, SYSTEM_CLOCK, sleep } from './live/clock.js'
import { Fleet } from './live/fleet.js'
import { Host } from './live/host.js'
import type { Log } from './log.js'
import { describeEndpoint } from './model/endpoint.js'
import { TlsIdentityError } from './model/error.js'

/** How long a start waits to hear of the engines; one that says nothing by then is data, not a reason to wait. */
const FIRST_OUTCOME_MS = 3_000

/** What a test may replace, by name. */
export interface ServiceParts {
  readonly clock?: Clock
  readonly createEngine?: (host: HostConfig) => Engine
}

export interface Service {
  readonly server: Server
  /**
   * Resolves with the port once requests are answered; with null where a stop came first. Rejects with TlsIdentityError where an engine's or our own certificate
   * is wrong (nothing that waiting mends), and with the listener's error where the address cannot be bound.
   */
  start(): Promise<number | null>
  /** Ends every loop, stream and connection; takes under five seconds. */
  stop(): Promise<void>
}

/** The one place where things are constructed. */
export function createService(config: Config, log: Log, parts: ServiceParts = {}): Service {
  const clock = parts.clock ?? SYSTEM_CLOCK
  const createEngine = parts.createEngine ?? ((host: HostConfig) => createDockerodeEngine(host.endpoint))
  const hosts = config.hosts.map(
    (host) =>
      new Host({
        id: host.id,
        endpoint: describeEndpoint(host.endpoint),
        engine: createEngine(host),
        sampleIntervalMs: config.sampleIntervalMs,
        clock,
        log,
      }),
  )
  const view = new Fleet(hosts)
  const authenticator = config.token === null ? null : new Authenticator(config.token, () => clock.now())
  const server = createHttpServer(createApp({ view, authenticator, limits: config.limits, log }), log)
  const life = new AbortController()
  let lives: readonly Promise<void>[] = []

  async function start(): Promise<number | null> {
    lives = hosts.map((host) => host.run(life.signal))
    const patience = new AbortController()
    await Promise.race([
      Promise.all(hosts.map((host) => host.firstOutcome)),
      sleep(clock, FIRST_OUTCOME_MS, patience.signal),
    ])
    patience.abort()
    if (life.signal.aborted) return null
    const wrongParty = view.hosts().find(({ fault }) => fault instanceof TlsIdentityError)
    if (wrongParty?.fault != null) throw wrongParty.fault
    return listen(server, config.listen.host, config.listen.port)
  }

  async function stop(): Promise<void> {
    life.abort()
    await Promise.all([server.listening ? closeServer(server) : null, ...lives])
  }

  return { server, start, stop }
}
