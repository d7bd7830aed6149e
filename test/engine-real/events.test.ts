import {
  type Dockerd,
  describeReal,
  docker,
  FIXTURE_IMAGE,
  giveFixtureImage,
  realEngine,
  startDockerd,
} from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { type Listening, listenTo } from '../support/event-reader.js'
import { eventually } from '../support/eventually.js'
import { startSocketProxy } from '../support/haproxy.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 15_000
const LONG_MS = 120_000

/** As `tight` cuts: the shortest that can be told from a proxy that cuts at once. */
const IDLE_CUT_SECONDS = 6

/** Events that our own requests cause. */
const OURS = new Set(['top'])

// biome-ignore lint/suspicious/noExplicitAny: events of every shape
type Told = any

const told = (stream: Listening): Told[] =>
  stream.events.map(({ event, data }) => (event === 'container' ? JSON.parse(data) : { action: event }))

async function someLife(name: string, socketPath: string): Promise<void> {
  const common = ['--name', name, '--network', 'none', '--stop-timeout', '1']
  await docker(['run', '--detach', ...common, FIXTURE_IMAGE, 'sh', '-c', 'sleep 1000'], socketPath)
  await docker(['exec', name, 'sh', '-c', 'echo --password planted-exec-password; exit 3'], socketPath).catch(() => {})
  await docker(['pause', name], socketPath)
  await docker(['unpause', name], socketPath)
  await docker(['rename', name, `${name}-renamed`], socketPath)
  await docker(['kill', '--signal', 'KILL', `${name}-renamed`], socketPath)
  await docker(['rm', '--force', `${name}-renamed`], socketPath)
}

const LIFE = [
  'create',
  'start',
  'exec_create',
  'exec_start',
  'exec_die',
  'pause',
  'unpause',
  'rename',
  'kill',
  'die',
  'destroy',
]

describeReal('events of a real engine', () => {
  let service: EngineService
  const { pid } = process

  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath))
  }, PATIENCE_MS)
  afterAll(() => service?.stop())

  test('are those that docker events prints, live and remembered, without the secrets of their commands', async () => {
    const name = `eventful-${pid}`
    const since = new Date(Date.now() - 1_000).toISOString()
    const stream = await listenTo(service.port, `/api/events/stream?name=${name}`, tokenFor())
    await eventually(
      () => stream.lastEventId,
      (id) => id !== '',
      PATIENCE_MS,
    )
    await someLife(name, realEngine().socketPath)
    await eventually(
      () => told(stream).map(({ action }) => action),
      (actions) => actions.includes('destroy'),
      PATIENCE_MS,
    )
    expect(told(stream).map(({ action }) => action)).toEqual(LIFE)
    const until = new Date(Date.now() + 1_000).toISOString()
    const args = ['events', '--since', since, '--until', until, '--filter', 'type=container', '--format', '{{json .}}']
    const printed: Told[] = (await docker(args))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => ({ ...JSON.parse(line), timeNano: /"timeNano":(\d+)/.exec(line)?.[1] }))
      .filter(({ Actor }) => Actor.Attributes.name.startsWith(name))
    expect(told(stream).map(({ action, container }) => `${action} ${container}`)).toEqual(
      printed.map(({ Action, Actor }) => `${Action.replace(/:.*/s, '')} ${Actor.ID}`),
    )
    expect(told(stream).map(({ time }) => time)).toEqual(
      printed.map(({ timeNano = '' }) => {
        const seconds = new Date(Number(timeNano.slice(0, -9)) * 1_000).toISOString().slice(0, 19)
        return `${seconds}.${timeNano.slice(-9)}Z`
      }),
    )
    expect(told(stream).find(({ action }) => action === 'exec_die')?.exitCode).toBe(3)
    expect(told(stream).find(({ action }) => action === 'kill')?.signal).toBe(9)
    expect(told(stream).find(({ action }) => action === 'rename')?.oldName).toBe(name)
    const create = told(stream).find(({ action }) => action === 'exec_create')
    expect(create?.command).toBe('sh -c echo --password [redacted]; exit 3')
    expect(JSON.stringify(stream.events)).not.toContain('planted')

    const { body } = await service.get(`/api/events?name=${name}`)
    expect(body.items.map(({ id }: Told) => id)).toEqual(stream.events.map(({ id }) => id).reverse())
    expect(body.total).toBe(LIFE.length)
    const page = await service.get(`/api/events?name=${name}&limit=4`)
    const next = await service.get(`/api/events?name=${name}&limit=100&cursor=${page.body.nextCursor}`)
    expect([...page.body.items, ...next.body.items]).toEqual(body.items)
    const some = await service.get(`/api/events?name=${name}&action=die&action=kill`)
    expect(some.body.items.map(({ action }: Told) => action)).toEqual(['die', 'kill'])
    stream.close()
  })

  test('hide events of health checks, and show them on request', async () => {
    const noisy = (path: string) => service.items(`${path}name=unhealthy&limit=100`)
    await eventually(
      () => noisy('/api/events?noise=true&'),
      (items) => items.filter(({ noise }) => noise).length >= 6,
      PATIENCE_MS,
    )
    const quiet = await noisy('/api/events?')
    expect(quiet.filter(({ action }) => action.startsWith('exec'))).toEqual([])
    const [one] = (await noisy('/api/events?noise=true&')).filter(({ command }) => command !== null)
    expect(one.command).toContain('token=[redacted]')
  })

  test('are there for a service that has only just been started, under the same names', async () => {
    const before = (await service.items('/api/events')).filter(({ action }) => !OURS.has(action))
    const fresh = await serveEngine(unixEndpoint(realEngine().socketPath))
    try {
      // The engine itself remembers 256, health checks among them. It gives the newest last.
      const newest = before.slice(0, 3).map(({ id }) => id)
      await eventually(
        () => fresh.items('/api/events'),
        (items) => items.some(({ id }) => id === newest[0]),
        PATIENCE_MS,
      )
      const stream = await listenTo(fresh.port, '/api/events/stream', tokenFor(), newest[0])
      await eventually(
        () => stream.answer.statusCode,
        (status) => status === 200,
        PATIENCE_MS,
      )
      // It goes on where the reader of the other service stood.
      await new Promise((resolve) => setTimeout(resolve, 500))
      expect(told(stream).map(({ action }) => action)).not.toContain('gap')
      stream.close()
    } finally {
      await fresh.stop()
    }
  })

  test(
    'come without a gap and once, though a proxy cuts the silent stream and the reader comes and goes',
    async () => {
      const proxy = await startSocketProxy({
        engineSocket: realEngine().socketPath,
        config: 'tight',
        idleTimeout: `${IDLE_CUT_SECONDS}s`,
      })
      const cut = await serveEngine({ kind: 'tcp', host: '127.0.0.1', port: proxy.port })
      const name = `cut-${pid}`
      try {
        const path = `/api/events/stream?name=${name}`
        const whole = await listenTo(cut.port, path, tokenFor())
        await eventually(
          () => whole.lastEventId,
          (id) => id !== '',
          PATIENCE_MS,
        )
        await docker(['create', '--name', name, '--network', 'none', FIXTURE_IMAGE, 'sleep', '1000'])
        const expected = ['create']
        const seen: string[] = []
        let place = whole.lastEventId
        for (const action of ['start', 'pause', 'unpause', 'kill'] as const) {
          const part = await listenTo(cut.port, path, tokenFor(), place)
          await docker([action, name])
          expected.push(...(action === 'kill' ? ['kill', 'die'] : [action]))
          await eventually(
            () => told(part).length + seen.length,
            (count) => count >= expected.length,
            PATIENCE_MS,
          )
          seen.push(...told(part).map((event) => event.action))
          place = part.lastEventId
          part.close()
          // The fixtures' health checks keep the stream alive: what cuts here is the proxy's end.
          await new Promise((resolve) => setTimeout(resolve, 300))
        }
        expect(seen).toEqual(expected)
        await eventually(
          () => told(whole).length,
          (count) => count === expected.length,
          PATIENCE_MS,
        )
        expect(told(whole).map(({ action }) => action)).toEqual(expected)
        whole.close()
      } finally {
        await docker(['rm', '--force', name]).catch(() => {})
        await cut.stop()
        await proxy.stop()
      }
    },
    LONG_MS,
  )
})

describeReal('events of a real engine that is cut and restarted', () => {
  let dockerd: Dockerd
  let service: EngineService
  let stop: () => Promise<void>

  beforeAll(async () => {
    dockerd = await startDockerd()
    await giveFixtureImage(dockerd.socketPath)
    // An engine of its own is silent, so the proxy cuts its stream again and again.
    const proxy = await startSocketProxy({
      engineSocket: dockerd.socketPath,
      config: 'tight',
      idleTimeout: `${IDLE_CUT_SECONDS}s`,
    })
    service = await serveEngine({ kind: 'tcp', host: '127.0.0.1', port: proxy.port })
    stop = async () => {
      await service.stop()
      await proxy.stop()
      await dockerd.stop()
    }
  }, LONG_MS)
  afterAll(() => stop?.(), LONG_MS)

  test(
    'are complete over cuts; if the engine has forgotten events, the stream reports a gap',
    async () => {
      const stream = await listenTo(service.port, '/api/events/stream', tokenFor())
      await eventually(
        () => stream.lastEventId,
        (id) => id !== '',
        PATIENCE_MS,
      )
      await someLife('first', dockerd.socketPath)
      await new Promise((resolve) => setTimeout(resolve, (IDLE_CUT_SECONDS * 2 + 1) * 1_000))
      await someLife('second', dockerd.socketPath)
      await eventually(
        () => told(stream).length,
        (count) => count >= 2 * LIFE.length,
        PATIENCE_MS,
      )
      expect(told(stream).map(({ action }) => action)).toEqual([...LIFE, ...LIFE])
      // The list was never stale: the ended stream was opened again.
      expect((await service.host()).state).toBe('live')

      await dockerd.shutDown()
      await eventually(
        () => service.host(),
        ({ state }) => state === 'stale',
        PATIENCE_MS,
      )
      await dockerd.startAgain()
      await eventually(
        () => service.host(),
        ({ state }) => state === 'live',
        PATIENCE_MS,
      )
      await someLife('third', dockerd.socketPath)
      await eventually(
        () => told(stream).length,
        (count) => count >= 3 * LIFE.length + 1,
        PATIENCE_MS,
      )
      expect(told(stream).map(({ action }) => action)).toEqual([...LIFE, ...LIFE, 'gap', ...LIFE])
      stream.close()
    },
    LONG_MS,
  )
})
