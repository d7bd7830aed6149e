import { Authenticator } from '../../api/auth/authenticator.js'
import { SYSTEM_CLOCK } from '../../api/clock.js'
import { type AppParts, createApp } from '../../api/http/app.js'
import { OpenStreams } from '../../api/http/endpoints/open-streams.js'
import { createMetrics } from '../../api/http/resources/metrics/metrics.js'
import { createLog } from '../../api/log.js'
import { createMemoryStore } from '../../api/store/memory.js'
import { FakeAudit } from './fake-audit.js'
import { FakeView } from './fake-view.js'
import { TOKEN_SETTINGS } from './tokens.js'

export const GENEROUS = { windowMs: 900_000, general: 1_000_000, stats: 1_000_000, metrics: 1_000_000 }
export const OPEN_NETWORK: AppParts['network'] = { trustProxy: { kind: 'none' }, allowlist: [], corsOrigins: [] }

/** The HTTP app over a view that the test fills, with everything that it may look into. */
export function createRig(changes: Partial<AppParts> & { readonly open?: boolean; readonly now?: () => number } = {}) {
  const { open = false, now = SYSTEM_CLOCK.now, ...parts } = changes
  const clock = parts.clock ?? { ...SYSTEM_CLOCK, now }
  const view = new FakeView()
  const lines: string[] = []
  const audit = new FakeAudit()
  const store = parts.store ?? createMemoryStore(() => clock.now())
  const authenticator = open ? null : authenticatorOver(store, () => clock.now())
  const streams = parts.streams ?? new OpenStreams()
  const app = createApp({
    view,
    authenticator,
    signIn: null,
    store,
    audit,
    limits: GENEROUS,
    network: OPEN_NETWORK,
    log: createLog('info', { write: (line) => lines.push(line) }),
    streams,
    metrics: createMetrics({ view, streams, audit }),
    clock,
    ...parts,
  })
  return { app, view, lines, audit, store, authenticator }
}

export function authenticatorOver(store: AppParts['store'], now: () => number): Authenticator {
  return new Authenticator({ token: TOKEN_SETTINGS, provider: null, revokedTokens: new Set<string>(), store, now })
}
