import { connect } from 'node:net'
import { SimulatedEngine } from '../../demo/engine.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { dockerHostOf } from '../support/docker-host.js'
import { MAIN, start } from '../support/process.js'
import { SECRET, tokenFor } from '../support/tokens.js'

/** What a stop takes at most: a supervisor kills after ten seconds. */
const STOP_MS = 5_000

const onCleanup = cleanupAfterEach()

/** A process that has answered one request, and waits for the rest of another. */
async function serveHalfARequest(dockerHost: string, token: string) {
  const running = start([MAIN], { JWT_SECRET: SECRET, PORT: '0', DOCKER_HOST: dockerHost })
  onCleanup(running.kill)
  const port = await running.listening()
  const half = connect(port, '127.0.0.1')
  onCleanup(() => half.destroy())
  half.on('error', () => {})
  await new Promise((resolve) => half.write('GET /api/containers HTTP/1.1\r\nHost: x\r\n', resolve))
  const headers = { authorization: `Bearer ${token}` }
  expect((await fetch(`http://127.0.0.1:${port}/api/containers`, { headers })).status).toBe(200)
  return running
}

test('the process ends on SIGTERM, SIGINT and SIGHUP within five seconds with anything open, and loses no line', async () => {
  const engine = new SimulatedEngine({ containers: 3, statsDelayMs: 20 })
  await engine.start()
  onCleanup(() => engine.stop())
  const token = tokenFor()
  const dockerHost = dockerHostOf(engine)
  const all = (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map(async (signal) => {
    const running = await serveHalfARequest(dockerHost, token)
    const startedAt = performance.now()
    const { code, stdout, stderr } = await running.stop(signal)
    expect(performance.now() - startedAt).toBeLessThan(STOP_MS)
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const messages = lines.map(({ msg }) => msg)
    expect(messages).toEqual(expect.arrayContaining(['listening', 'request', 'stopping', 'stopped']))
    expect(lines.filter(({ kind }) => kind === 'service').map(({ action }) => action)).toEqual(['start', 'stop'])
    expect(stdout).not.toContain(token)
  })
  await Promise.all(all)
})
