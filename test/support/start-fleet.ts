import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'
import type { HostConfig } from '../../api/config/config.js'
import { type Fault, SimulatedEngine } from '../../demo/engine.js'
import { endpointOf, type RunningService, startService } from './start-service.js'

export interface Fleet extends RunningService {
  readonly engines: Readonly<Record<string, SimulatedEngine>>
}

/** Engines that fail, each in its way. None of what they say may be shown. */
export const ILL: Readonly<Record<string, Fault>> = {
  hung: { kind: 'hang' },
  slow: { kind: 'delay', ms: 2_500 },
  dripping: { kind: 'drip', everyMs: 50 },
  stalled: { kind: 'stall' },
  'cut-short': { kind: 'cut', afterBytes: 10 },
  garbage: { kind: 'garbage' },
  empty: { kind: 'empty' },
  flooding: { kind: 'flood', bytes: 4_000_000 },
  lying: { kind: 'json', value: [{ Id: '../../etc', Names: 'secret-lie' }] },
  'a-page': { kind: 'status', status: 200, body: '<html>secret-lie</html>', contentType: 'text/html' },
  redirecting: { kind: 'status', status: 302, headers: { location: 'http://secret-lie/' } },
  failing: { kind: 'status', status: 500, body: 'secret-lie' },
}

/**
 * One service over engines of which some may have a fault from the start; the socket of an absent one leads nowhere. What it starts
 * it gives to `onCleanup`, one by one.
 */
export async function startFleet(
  onCleanup: (stop: () => unknown) => void,
  faults: Readonly<Record<string, Fault | null | 'absent'>>,
  clock: Clock = SYSTEM_CLOCK,
): Promise<Fleet> {
  const engines: Record<string, SimulatedEngine> = {}
  const hosts: HostConfig[] = []
  for (const [id, fault] of Object.entries(faults)) {
    const engine = new SimulatedEngine({ containers: 6, statsDelayMs: 20, seed: 100 + hosts.length })
    await engine.start()
    onCleanup(() => engine.stop())
    engines[id] = engine
    hosts.push({ id, endpoint: endpointOf(engine), labels: {} })
    if (fault === 'absent') await engine.stop()
    else if (fault !== null) engine.setFault('all', fault)
  }
  const [first] = hosts
  if (first === undefined) throw new Error('a fleet has engines')
  const service = await startService(first.endpoint, { hosts }, clock)
  onCleanup(service.stop)
  return { ...service, engines }
}
