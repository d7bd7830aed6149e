import { createDockerodeEngine } from './engine/dockerode.js'
import { SimulatedEngine } from './engine/simulated/engine.js'
import type { EngineEndpoint } from './model/endpoint.js'
import { TlsIdentityError } from './model/error.js'
import { runService } from './run.js'

/** An engine on this machine answers a ping within milliseconds; one across a network within this. */
const PROBE_TIMEOUT_MS = 3_000

/** Serves a simulated engine. The rest of the chain is the real one: it speaks the engine's API over a socket of its own. */
export async function startDemo(containers: number): Promise<void> {
  const engine = new SimulatedEngine({ containers, restless: true })
  await engine.start()
  const { endpoint } = engine
  if (!('socketPath' in endpoint)) throw new Error('the simulated engine listens on no socket')
  process.stderr.write(
    [
      '',
      '  ***  SIMULATED ENGINE: no container shown here exists.  ***',
      '  To watch a real one, set DOCKER_HOST (docs/configuration.md) and start again.',
      '',
      '',
    ].join('\n'),
  )
  await runService(
    { ...withoutDocker(process.env), DOCKER_HOST: `unix://${endpoint.socketPath}` },
    { onStopped: () => engine.stop() },
  )
}

/** Whether there is an engine to serve. One that shows a wrong certificate is there, and the start is to stop on it. */
export async function engineAnswers(endpoint: EngineEndpoint): Promise<boolean> {
  const engine = createDockerodeEngine(endpoint)
  try {
    await engine.ping(AbortSignal.timeout(PROBE_TIMEOUT_MS))
    return true
  } catch (error) {
    return error instanceof TlsIdentityError
  } finally {
    engine.close()
  }
}

function withoutDocker(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('DOCKER_')))
}
