import { createDockerodeEngine } from '../engine/dockerode.js'
import type { Engine } from '../engine/engine.js'
import { runService } from '../main.js'
import { describeEndpoint, type EngineEndpoint } from '../model/endpoint.js'
import { ApiError, TlsIdentityError } from '../model/error.js'
import { CommandFailure, type Io } from './command.js'

/** Where `npm run build:demo` puts the simulated engine. */
const DEMO = new URL('../../dist-demo/engine.js', import.meta.url)

/** The part of demo/engine.ts that is used here. The production build does not contain that file. */
export interface DemoModule {
  readonly SimulatedEngine: new (options: {
    readonly containers: number
    readonly churn: boolean
  }) => {
    readonly endpoint: { readonly socketPath: string } | object
    start(): Promise<unknown>
    stop(): Promise<void>
  }
}

/** An engine on this machine answers a ping within milliseconds, an engine across a network within this time. */
const PROBE_TIMEOUT_MS = 3_000

/** Serves a simulated engine, and prints `why`. All else is real: the service reads the engine's API over a socket. */
export async function runDemo({ env, stderr }: Io, containers: number, why: string): Promise<void> {
  const { SimulatedEngine } = await loadDemo()
  const engine = new SimulatedEngine({ containers, churn: true })
  await engine.start()
  const { endpoint } = engine
  if (!('socketPath' in endpoint)) throw new Error('the simulated engine listens on no socket')
  stderr.write(`
  ***  SIMULATED ENGINE: no container shown here exists.  ***
  ${why}
  To watch a real one, set DOCKER_HOST (docs/configuration.md) and start again.

`)
  await runService(
    { ...withoutEngines(env), DOCKER_HOST: `unix://${endpoint.socketPath}` },
    { onStopped: () => engine.stop() },
  )
}

/**
 * Why there is no engine to serve, or null if there is one. An engine with a wrong certificate counts as one: the start must fail
 * on it. So does an engine behind a proxy that closes the ping.
 */
export async function probeEngine(endpoint: EngineEndpoint): Promise<string | null> {
  let engine: Engine | null = null
  try {
    engine = createDockerodeEngine(endpoint)
    await engine.ping(AbortSignal.timeout(PROBE_TIMEOUT_MS))
    return null
  } catch (error) {
    if (error instanceof TlsIdentityError) return null
    if (error instanceof ApiError && error.code === 'engine-endpoint-blocked') return null
    const reason = error instanceof ApiError ? error.message : 'no answer in time'
    return `No engine answers at ${describeEndpoint(endpoint)}: ${reason}.`
  } finally {
    engine?.close()
  }
}

async function loadDemo(): Promise<DemoModule> {
  try {
    return await import(DEMO.href)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new CommandFailure('serve: this build has no simulated engine; in a clone, npm run build:demo makes it')
  }
}

function withoutEngines(env: Io['env']): Io['env'] {
  const isOther = ([name]: readonly [string, unknown]) => !name.startsWith('DOCKER_') && name !== 'HOSTS_FILE'
  return Object.fromEntries(Object.entries(env).filter(isOther))
}
