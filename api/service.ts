import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { FileSink } from './audit/sinks/file-sink.js'
import { createOutputSink } from './audit/sinks/output-sink.js'
import { AuditTrail } from './audit/trail.js'
import { Authenticator } from './auth/authenticator.js'
import { Provider } from './auth/provider.js'
import { RevokedTokenFile } from './auth/revoked-token-file.js'
import { PasswordChecker } from './auth/sign-in/password-checker.js'
import { RefreshTokens } from './auth/sign-in/refresh-token.js'
import { SignIn } from './auth/sign-in/sign-in.js'
import { SignInGuard } from './auth/sign-in/sign-in-guard.js'
import { SignInQueue } from './auth/sign-in/sign-in-queue.js'
import { UserDirectory } from './auth/sign-in/user-directory.js'
import { WatchedFile } from './auth/watched-file.js'
import { type Clock, SYSTEM_CLOCK, sleep } from './clock.js'
import { LoopShare } from './concurrency/event-loop-yield.js'
import type { AuditConfig, AuthConfig, Config, HostConfig, LimitConfig } from './config/config.js'
import { watchableFile } from './config/config-files.js'
import { describeFileFaults } from './config/list-file.js'
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
import { ApiError, TlsIdentityError } from './model/error.js'
import { createMemoryStore } from './store/memory.js'
import type { Store } from './store/store.js'

/** How long a start waits for the engines. An engine that is silent by then is data, not a reason to wait longer. */
const FIRST_OUTCOME_MS = 800

/** How often the service checks for changes outside: revoked tokens, and an audit trail that could not be written. */
const MAINTENANCE_MS = 1_000

/** What ends streams at a stop, and what still waits for an engine after the drain time. */
const STOPPING = new ApiError('service-stopping', 'the service stops')

/** The parts that a test may replace, by name. */
export interface ServiceParts {
  readonly clock?: Clock
  readonly createEngine?: (host: HostConfig) => Engine
}

/** What the service gets from the process. */
export interface ServiceOutput {
  readonly log: Log
  /** Where audit records go with AUDIT_LOG=stdout, one line at a time. */
  readonly records: { write(line: string): void }
}

export interface Service {
  readonly server: Server
  /**
   * Resolves with the port once requests are answered, or with null if a stop came first. Rejects with TlsIdentityError if every
   * engine refuses our certificate or shows a wrong one, because waiting does not help then. Rejects with the listener's error if
   * the address cannot be bound.
   */
  start(): Promise<number | null>
  /** Ends every stream, request, connection and loop, within five seconds. What is under way has the drain time to end by itself. */
  stop(): Promise<void>
}

/** The dependencies of most parts. */
interface Surroundings {
  readonly clock: Clock
  readonly now: () => number
  readonly log: Log
}

/** Constructs all parts; nothing else does. Throws if the audit trail cannot be opened. */
export function createService(config: Config, { log, records }: ServiceOutput, parts: ServiceParts = {}): Service {
  const clock = parts.clock ?? SYSTEM_CLOCK
  const around: Surroundings = { clock, now: () => clock.now(), log }
  const audit = createAudit(config.audit, records, around)
  const { hosts, view } = createFleet(config, parts.createEngine, around)
  const store = createMemoryStore(around.now)
  const { authenticator, signIn, refreshRevoked } = createAuth(config, store, around)
  const streams = new OpenStreams()
  const metrics = createMetrics({ view, streams, audit })
  const { limits, network } = config
  const app = createApp({ view, authenticator, signIn, store, audit, limits, network, streams, metrics, log, clock })
  const server = createHttpServer({ app, network, clock, log })
  const lifetime = new AbortController()
  let loops: readonly Promise<void>[] = []

  async function runMaintenance(): Promise<void> {
    while (!lifetime.signal.aborted) {
      await sleep(clock, MAINTENANCE_MS, lifetime.signal)
      refreshRevoked()
      audit.retry()
    }
  }

  async function start(): Promise<number | null> {
    refreshRevoked()
    loops = [...hosts.map((host) => host.run(lifetime.signal)), runMaintenance()]
    await firstOutcomes(hosts, clock)
    if (lifetime.signal.aborted) return null
    const faults = view.hosts().map(({ fault }) => fault)
    // One wrong party among many engines is data, like every other fault of one host.
    if (faults.every((fault) => fault instanceof TlsIdentityError)) throw faults[0]
    const port = await listen(server, config.listen.host, config.listen.port)
    if (lifetime.signal.aborted) {
      server.close()
      return null
    }
    audit.record({ kind: 'service', action: 'start' })
    return port
  }

  async function stop(): Promise<void> {
    const abort = () => lifetime.abort(STOPPING)
    // The engines are read on until then: what waits for one may still get its answer.
    const closed = server.listening ? closeServer(server, clock, abort) : null
    streams.endAll(STOPPING)
    await closed
    abort()
    await Promise.all(loops)
    endTrail(audit, log)
  }

  return { server, start, stop }
}

function createAudit({ destination, onFailure }: AuditConfig, records: ServiceOutput['records'], around: Surroundings) {
  const { clock, now, log } = around
  const sink = destination.kind === 'file' ? new FileSink(destination.path, now()) : createOutputSink(records)
  return new AuditTrail({ sink, clock, log, onFailure })
}

function createFleet(
  { hosts: configs, logs, sampling }: Config,
  createEngine: ServiceParts['createEngine'],
  { clock, log }: Surroundings,
) {
  const journal = new EventJournal()
  const lineBucket = new TokenBucket(FOLLOWED_LINES, clock)
  const loopShare = new LoopShare()
  const hosts = configs.map((host) => {
    const { id, labels } = host
    const engine =
      createEngine?.(host) ?? createDockerodeEngine(host.endpoint, { scrubLogs: logs.scrub, loopShare, party: id })
    return new Host({
      id,
      endpoint: describeEndpoint(host.endpoint),
      engine,
      labels,
      sampling,
      journal: journal.openHost(id),
      lineBucket,
      loopShare,
      clock,
      log,
    })
  })
  return { hosts, view: new Fleet(hosts, journal, clock) }
}

function createAuth({ auth, limits }: Config, store: Store, around: Surroundings) {
  if (auth === null) return { authenticator: null, signIn: null, refreshRevoked: () => {} }
  const { clock, now, log } = around
  const { token, provider, revokedTokensFile } = auth
  const revoked = revokedTokensFile === null ? null : watchRevokedTokens(revokedTokensFile, around)
  const authenticator = new Authenticator({
    token,
    provider: provider === null ? null : new Provider(provider, { clock, log }),
    revokedTokens: revoked ?? new Set<string>(),
    store,
    now,
  })
  const refreshRevoked = () => {
    if (revoked?.refresh()) authenticator.forget(({ tokenId }) => revoked.has(tokenId))
  }
  return { authenticator, signIn: createSignIn(auth, limits, store, around), refreshRevoked }
}

function createSignIn({ token, users: settings }: AuthConfig, limits: LimitConfig, store: Store, around: Surroundings) {
  if (settings === null || token === null) return null
  const { now, log } = around
  const users = new UserDirectory({ file: new WatchedFile(watchableFile(settings.path), now), parse: usersIn, log })
  const checker = new PasswordChecker(() => users.users())
  return new SignIn({
    token,
    settings,
    users,
    checkPassword: (name, password) => checker.check(name, password),
    queue: new SignInQueue(),
    guard: new SignInGuard(store, { limit: limits.login, windowMs: limits.windowMs }),
    sessions: store.sessions,
    // Sessions end with this process, so the key of their tokens may too.
    refreshTokens: new RefreshTokens(randomBytes(32)),
    now,
  })
}

function usersIn(text: string) {
  const { users, faults } = parseUsers(text)
  return users === undefined ? { problems: describeFileFaults(faults) } : { users }
}

function watchRevokedTokens(path: string, { now, log }: Surroundings): RevokedTokenFile {
  return new RevokedTokenFile(new WatchedFile(watchableFile(path), now), (err) =>
    log.error({ err }, 'REVOKED_TOKENS_FILE cannot be read: what it held before stays revoked'),
  )
}

/** Resolves once each engine has answered or failed, or when that takes too long. */
async function firstOutcomes(hosts: readonly Host[], clock: Clock): Promise<void> {
  const patience = new AbortController()
  const outcomes = Promise.all(hosts.map((host) => host.firstOutcome))
  await Promise.race([outcomes, sleep(clock, FIRST_OUTCOME_MS, patience.signal)])
  patience.abort()
}

/** A stop must not fail because its record cannot be written. The trail has already logged the fault. */
function endTrail(audit: AuditTrail, log: Log): void {
  try {
    if (audit.written > 0) audit.record({ kind: 'service', action: 'stop' })
    // Logged apart from the file, this shows later whether the file was truncated.
    log.info({ seq: audit.head.seq, hash: audit.head.hash }, 'the audit trail ends')
  } catch (err) {
    log.error({ err }, 'the audit trail ends without a record of the stop')
  }
  audit.close()
}
