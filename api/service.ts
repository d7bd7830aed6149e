import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { FileSink } from './audit/file-sink.js'
import { createOutputSink } from './audit/sink.js'
import { AuditTrail } from './audit/trail.js'
import { Authenticator, type RevokedTokens } from './auth/authenticator.js'
import { Provider } from './auth/provider.js'
import { RevokedTokenFile } from './auth/revoked-token-file.js'
import { PasswordChecker } from './auth/sign-in/password.js'
import { RefreshTokens } from './auth/sign-in/refresh-token.js'
import { SignIn } from './auth/sign-in/sign-in.js'
import { SignInGuard } from './auth/sign-in/sign-in-guard.js'
import { SignInQueue } from './auth/sign-in/sign-in-queue.js'
import { UserDirectory } from './auth/sign-in/user-directory.js'
import { WatchedFile } from './auth/watched-file.js'
import { type Clock, SYSTEM_CLOCK, sleep } from './clock.js'
import type { AuthConfig, Config, HostConfig } from './config/config.js'
import { watchableFile } from './config/config-files.js'
import { parseUsers } from './config/users-file.js'
import { createDockerodeEngine } from './engine/dockerode.js'
import type { Engine } from './engine/engine.js'
import { createApp } from './http/app.js'
import { OpenStreams } from './http/endpoints/open-streams.js'
import { createMetrics } from './http/resources/metrics/metrics.js'
import { closeServer, createHttpServer, listen } from './http/server.js'
import { EventJournal } from './live/events/event-journal.js'
import { Fleet } from './live/fleet.js'
import { Host } from './live/host/host.js'
import { FOLLOWED_LINES } from './live/logs/log-follower.js'
import { TokenBucket } from './live/logs/token-bucket.js'
import type { Log } from './log.js'
import { describeEndpoint } from './model/endpoint.js'
import { TlsIdentityError } from './model/error.js'
import { createMemoryStore } from './store/memory.js'
import type { Store } from './store/store.js'

/** How long a start waits to hear of the engines; one that says nothing by then is data, not a reason to wait. */
const FIRST_OUTCOME_MS = 3_000

/** How often the service looks at what changes outside: revoked tokens, and an audit trail that could not be written. */
const MAINTENANCE_MS = 1_000

/** What a test may replace, by name. */
export interface ServiceParts {
  readonly clock?: Clock
  readonly createEngine?: (host: HostConfig) => Engine
}

/** What the service is given of the process. */
export interface ServiceOutput {
  readonly log: Log
  /** Where audit records go with AUDIT_LOG=stdout: a line at a time. */
  readonly records: { write(line: string): void }
}

export interface Service {
  readonly server: Server
  /**
   * Resolves with the port once requests are answered; with null where a stop came first. Rejects with TlsIdentityError where no
   * engine can be reached for a wrong certificate, theirs or ours (nothing that waiting mends), and with the listener's error where the address cannot be bound.
   */
  start(): Promise<number | null>
  /** Ends every loop, stream and connection; takes under five seconds. */
  stop(): Promise<void>
}

/** The one place where things are constructed. Throws where the audit trail cannot be opened. */
export function createService(config: Config, { log, records }: ServiceOutput, parts: ServiceParts = {}): Service {
  const clock = parts.clock ?? SYSTEM_CLOCK
  const now = () => clock.now()
  const createEngine =
    parts.createEngine ?? ((host: HostConfig) => createDockerodeEngine(host.endpoint, { scrubLogs: config.logs.scrub }))
  const { destination, onFailure } = config.audit
  const sink = destination.kind === 'file' ? new FileSink(destination.path, now()) : createOutputSink(records)
  const audit = new AuditTrail({ sink, clock, log, onFailure })
  const journal = new EventJournal()
  const lineBucket = new TokenBucket(FOLLOWED_LINES, clock)
  const hosts = config.hosts.map(
    (host) =>
      new Host({
        id: host.id,
        endpoint: describeEndpoint(host.endpoint),
        engine: createEngine(host),
        labels: host.labels,
        sampling: config.sampling,
        journal: journal.openHost(host.id),
        lineBucket,
        clock,
        log,
      }),
  )
  const view = new Fleet(hosts, journal, clock)
  const store = createMemoryStore(now)
  const streams = new OpenStreams()
  const revokedTokensPath = config.auth?.revokedTokensFile ?? null
  const revokedTokens = revokedTokensPath === null ? null : watchRevokedTokens(revokedTokensPath, now, log)
  const authenticator = config.auth === null ? null : createAuthenticator(config.auth, revokedTokens, store, clock, log)
  const signIn = config.auth === null ? null : createSignIn(config.auth, config.limits, store, clock, log)
  const { limits, network } = config
  const metrics = createMetrics({ view, streams, audit })
  const app = createApp({ view, authenticator, signIn, store, audit, limits, network, streams, metrics, log, clock })
  const server = createHttpServer(app, log)
  const life = new AbortController()
  let lives: readonly Promise<void>[] = []

  async function runMaintenance(): Promise<void> {
    while (!life.signal.aborted) {
      await sleep(clock, MAINTENANCE_MS, life.signal)
      if (revokedTokens?.refresh()) authenticator?.forget(({ tokenId }) => revokedTokens.has(tokenId))
      audit.retry()
    }
  }

  async function start(): Promise<number | null> {
    revokedTokens?.refresh()
    lives = [...hosts.map((host) => host.run(life.signal)), runMaintenance()]
    const patience = new AbortController()
    await Promise.race([
      Promise.all(hosts.map((host) => host.firstOutcome)),
      sleep(clock, FIRST_OUTCOME_MS, patience.signal),
    ])
    patience.abort()
    if (life.signal.aborted) return null
    const faults = view.hosts().map(({ fault }) => fault)
    // One wrong party among many is data, as every other fault of one host is.
    if (faults.every((fault) => fault instanceof TlsIdentityError)) throw faults[0]
    const port = await listen(server, config.listen.host, config.listen.port)
    audit.record({ kind: 'service', action: 'start' })
    return port
  }

  async function stop(): Promise<void> {
    life.abort()
    streams.endAll()
    await Promise.all([server.listening ? closeServer(server, clock) : null, ...lives])
    endTrail(audit, log)
  }

  return { server, start, stop }
}

/** What ends a service must not fail for want of a record; the trail has complained already. */
function endTrail(audit: AuditTrail, log: Log): void {
  try {
    if (audit.written > 0) audit.record({ kind: 'service', action: 'stop' })
    // Kept apart from the file, it shows whether the file was cut short since.
    log.info({ seq: audit.head.seq, hash: audit.head.hash }, 'the audit trail ends')
  } catch (err) {
    log.error({ err }, 'the audit trail ends without a record of the stop')
  }
  audit.close()
}

function watchRevokedTokens(path: string, now: () => number, log: Log): RevokedTokenFile {
  return new RevokedTokenFile(new WatchedFile(watchableFile(path), now), (err) =>
    log.error({ err }, 'REVOKED_TOKENS_FILE cannot be read: what it held before stays revoked'),
  )
}

function createAuthenticator(
  { token, provider }: AuthConfig,
  revokedTokens: RevokedTokens | null,
  store: Store,
  clock: Clock,
  log: Log,
): Authenticator {
  const now = () => clock.now()
  const outside = provider === null ? null : new Provider(provider, { now, log })
  return new Authenticator({ token, provider: outside, revokedTokens: revokedTokens ?? new Set(), store, now })
}

function createSignIn(
  { token, users: settings }: AuthConfig,
  limits: Config['limits'],
  store: Store,
  clock: Clock,
  log: Log,
): SignIn | null {
  if (settings === null || token === null) return null
  const now = () => clock.now()
  const file = new WatchedFile(watchableFile(settings.path), now)
  const users = new UserDirectory({ file, parse: parseUsers, log })
  const checker = new PasswordChecker(() => users.users())
  return new SignIn({
    token,
    settings,
    users,
    checkPassword: (name, password) => checker.check(name, password),
    queue: new SignInQueue(),
    guard: new SignInGuard(store, { limit: limits.login, windowMs: limits.windowMs }),
    sessions: store.sessions,
    // Sessions end with this process, and so does what their tokens are made with.
    refreshTokens: new RefreshTokens(randomBytes(32)),
    now,
  })
}
