import { churnStep } from '../../demo/churn.js'
import { seededRandom } from '../../demo/container.js'
import { type RunOptions, SimulatedEngine } from '../../demo/engine.js'
import { SimulatorState } from '../../demo/simulator-state.js'
import { ask, askJson, openStream } from '../support/raw-client.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
const NOW_SECONDS = NOW / 1000
const CONTAINERS_ONLY = `filters=${encodeURIComponent('{"type":["container"]}')}`
const WEB: RunOptions = { name: 'web', image: 'nginx:1', labels: { team: 'shop' }, health: 'healthy' }

let engine: SimulatedEngine
let clock = NOW

beforeEach(async () => {
  clock = NOW
  engine = new SimulatedEngine({ containers: 0, statsDelayMs: 5, now: () => clock })
  await engine.start()
})
afterEach(() => engine.stop())

/** The events that the engine sends while `act` runs, and their container. */
async function eventsOf(act: (id: string) => void, options: RunOptions = WEB, count = 1) {
  const id = engine.run(options)
  const stream = await openStream(engine, `/events?${CONTAINERS_ONLY}`)
  act(id)
  const events = (await stream.lines(count)).map((line) => JSON.parse(line))
  stream.close()
  return { id, events, actions: events.map((event) => event.Action) }
}

async function inspect(reference: string) {
  return askJson(engine, `/containers/${reference}/json`)
}

test('a run emits create, network connect and start, with the image, the name and every label', async () => {
  const stream = await openStream(engine, '/events')
  expect(stream.headers['content-type']).toBe('application/json')
  const id = engine.run(WEB)
  const lines = await stream.lines(3)
  const [create, connect, start] = lines.map((line) => JSON.parse(line))
  expect(create).toEqual({
    status: 'create',
    id,
    from: 'nginx:1',
    Type: 'container',
    Action: 'create',
    Actor: { ID: id, Attributes: { image: 'nginx:1', name: 'web', team: 'shop' } },
    scope: 'local',
    time: NOW_SECONDS,
    timeNano: expect.any(Number),
  })
  expect(Object.keys(create)).toEqual('status id from Type Action Actor scope time timeNano'.split(' '))
  expect(Object.keys(connect)).toEqual('Type Action Actor scope time timeNano'.split(' '))
  expect(connect).toMatchObject({
    Type: 'network',
    Action: 'connect',
    Actor: { Attributes: { container: id, name: 'bridge' } },
  })
  expect(start.Action).toBe('start')
  // A double would round them, so compare the digits.
  const nanos = lines.map((line) => /"timeNano":(\d{19})}$/.exec(line)?.[1])
  expect(new Set(nanos).size).toBe(3)
  expect(nanos).toEqual([...nanos].sort())
  stream.close()
})

test('the options of a run appear in the list and in inspect', async () => {
  const id = engine.run({ ...WEB, env: ['A=b'], cmd: ['sleep', '9'], tty: true, spec: { memoryLimitBytes: 1e6 } })
  const [entry] = await askJson(engine, '/containers/json')
  expect(entry).toMatchObject({
    Id: id,
    Image: 'nginx:1',
    Command: 'sleep 9',
    State: 'running',
    Labels: { team: 'shop' },
  })
  const { Config, HostConfig, State } = await inspect('web')
  expect(Config).toMatchObject({ Env: ['A=b'], Cmd: ['sleep', '9'], Tty: true, Labels: { team: 'shop' } })
  expect([HostConfig.Memory, State.Health.Status]).toEqual([1e6, 'healthy'])
  expect(() => engine.run(WEB)).toThrow('in use')
})

test('a kill by a signal emits kill and die, and an exit by itself only die', async () => {
  const killed = await eventsOf((id) => engine.kill(id, 137), WEB, 2)
  expect(killed.actions).toEqual(['kill', 'die'])
  expect(killed.events[0].Actor.Attributes.signal).toBe('9')
  expect(killed.events[1].Actor.Attributes.exitCode).toBe('137')
  const ended = await eventsOf((id) => engine.kill(id, 3), { name: 'job' }, 1)
  expect(ended.actions).toEqual(['die'])
  expect((await inspect('job')).State).toMatchObject({ Status: 'exited', ExitCode: 3, OOMKilled: false, Pid: 0 })
})

test('the out-of-memory killer emits oom and die', async () => {
  const { actions } = await eventsOf((id) => engine.kill(id, 137, { oom: true }), WEB, 2)
  expect(actions).toEqual(['oom', 'die'])
  expect((await inspect('web')).State).toMatchObject({ OOMKilled: true, ExitCode: 137 })
})

test('stop, start and restart emit what Docker emits', async () => {
  const { actions, id } = await eventsOf(
    (one) => {
      engine.stopContainer(one)
      engine.startContainer(one)
      engine.restartContainer(one)
    },
    WEB,
    9,
  )
  expect(actions).toEqual(['kill', 'die', 'stop', 'start', 'kill', 'die', 'stop', 'start', 'restart'])
  expect(await inspect(id)).toMatchObject({ RestartCount: 0, State: { Health: { Status: 'starting' } } })
})

test('a crashed container is restarting, and the next start counts until a manual start', async () => {
  const { id, actions } = await eventsOf((one) => engine.crash(one, 1), WEB, 1)
  expect(actions).toEqual(['die'])
  expect((await inspect(id)).State).toMatchObject({ Status: 'restarting', Running: true, ExitCode: 1 })
  engine.startContainer(id)
  expect(await inspect(id)).toMatchObject({ RestartCount: 1, State: { Status: 'running', ExitCode: 0 } })
  engine.stopContainer(id)
  engine.startContainer(id)
  expect((await inspect(id)).RestartCount).toBe(0)
})

test('pause, unpause, rename and removal emit their events, with the old name behind a slash', async () => {
  const { events, actions, id } = await eventsOf(
    (one) => {
      engine.pause(one)
      engine.unpause(one)
      engine.rename(one, 'site')
      engine.remove(one)
    },
    WEB,
    6,
  )
  expect(actions).toEqual(['pause', 'unpause', 'rename', 'kill', 'die', 'destroy'])
  expect(events[2].Actor.Attributes).toMatchObject({ name: 'site', oldName: '/web' })
  expect((await ask(engine, `/containers/${id}/json`)).status).toBe(404)
  expect(engine.containers()).toEqual([])
})

test('a verdict of the health check emits an event when it changes, and starting does not', async () => {
  const { actions } = await eventsOf(
    (id) => {
      engine.setHealth(id, 'healthy')
      engine.setHealth(id, 'unhealthy')
      engine.setHealth(id, 'starting')
      engine.setHealth(id, 'healthy')
    },
    WEB,
    2,
  )
  expect(actions).toEqual(['health_status: unhealthy', 'health_status: healthy'])
  engine.run({ name: 'unchecked' })
  expect(() => engine.setHealth('unchecked', 'healthy')).toThrow('no health check')
})

test('an exec event has the whole command line, as on a real engine', async () => {
  const { actions, events } = await eventsOf((id) => engine.exec(id, 'sh -c token=abc'), WEB, 3)
  expect(actions).toEqual(['exec_create: sh -c token=abc', 'exec_start: sh -c token=abc', 'exec_die'])
  const attributes = events.map((event) => event.Actor.Attributes)
  expect(attributes[0].execID).toMatch(/^[0-9a-f]{64}$/)
  expect(new Set(attributes.map(({ execID }) => execID)).size).toBe(1)
  expect(attributes.map(({ exitCode }) => exitCode)).toEqual([undefined, undefined, '0'])
})

test('an exec that fails dies with its exit code, while the container lives on', async () => {
  const { events, id } = await eventsOf((one) => engine.exec(one, 'pg_dump', 2), WEB, 3)
  expect(events[2].Actor.Attributes).toMatchObject({ exitCode: '2', name: 'web', team: 'shop' })
  expect((await inspect(id)).State).toMatchObject({ Status: 'running', ExitCode: 0 })
})

test('a stop sends the signal that the container asks for', async () => {
  const { events } = await eventsOf((id) => engine.stopContainer(id, 0), { ...WEB, spec: { stopSignal: 'SIGQUIT' } }, 3)
  expect(events[0].Actor.Attributes).toMatchObject({ signal: '3' })
})

test('since replays remembered events and until ends the stream', async () => {
  const ids = ['a', 'b', 'c'].map((name) => {
    clock += 1000
    return engine.run({ name })
  })
  const path = (since: string, until: string) => `/events?${CONTAINERS_ONLY}&since=${since}&until=${until}`
  const read = async (since: string, until: string) => {
    const text = (await ask(engine, path(since, until))).body.toString()
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).id)
  }
  const [first, second, third] = ids
  clock += 60_000
  expect(await read(`${NOW_SECONDS}`, `${NOW_SECONDS + 3}.999999999`)).toEqual([
    first,
    first,
    second,
    second,
    third,
    third,
  ])
  expect(await read(`${NOW_SECONDS + 2}.000000000`, `${NOW_SECONDS + 2.5}`)).toEqual([second, second])
  expect(await read(new Date(NOW + 3000).toISOString(), `${NOW_SECONDS + 3}.5`)).toEqual([third, third])
})

test('until in the future ends a live stream then', async () => {
  const stream = await openStream(engine, `/events?until=${NOW_SECONDS}.030`)
  await stream.ended()
  expect(stream.received()).toBe('')
})

test('its memory of events is bounded and does not survive a restart', async () => {
  for (let round = 0; round < 200; round += 1) engine.run({ name: `n${round}` })
  clock += 60_000
  const path = `/events?since=1&until=${NOW_SECONDS + 1}`
  expect((await ask(engine, path)).body.toString().split('\n').length - 1).toBe(256)
  await engine.stop()
  await engine.start()
  expect((await ask(engine, path)).body.toString()).toBe('')
})

test('event filters match as the engine matches them', async () => {
  const id = engine.run(WEB)
  engine.setHealth(id, 'unhealthy')
  engine.run({ name: 'other' })
  clock += 60_000
  const actions = async (filters: unknown) => {
    const query = `since=1&until=${NOW_SECONDS + 1}&filters=${encodeURIComponent(JSON.stringify(filters))}`
    const text = (await ask(engine, `/events?${query}`)).body.toString()
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).Action)
  }
  expect(await actions({ event: ['health_status'] })).toEqual(['health_status: unhealthy'])
  expect(await actions({ container: ['web'] })).toEqual(['create', 'start', 'health_status: unhealthy'])
  expect(await actions({ type: { network: true } })).toEqual(['connect', 'connect'])
  expect(await actions({ label: ['team=shop'], event: ['start', 'die'] })).toEqual(['start'])
  expect((await ask(engine, '/events?filters=%7B%22bogus%22%3A%5B%5D%7D')).status).toBe(400)
})

test('a hostile event reaches every listener unchanged, with any filter', async () => {
  const stream = await openStream(engine, `/events?${CONTAINERS_ONLY}`)
  engine.emitEvent({ Action: 'start', Actor: null })
  engine.emitEvent('{not json')
  expect(await stream.lines(2)).toEqual(['{"Action":"start","Actor":null}', '{not json'])
  stream.close()
})

test('impossible changes are refused', () => {
  const id = engine.run(WEB)
  expect(() => engine.startContainer(id)).toThrow('runs already')
  expect(() => engine.unpause(id)).toThrow('not paused')
  engine.kill(id, 0)
  for (const act of [
    () => engine.kill(id, 0),
    () => engine.pause(id),
    () => engine.setHealth(id, 'healthy'),
    () => engine.exec(id, 'ls'),
  ]) {
    expect(act).toThrow('does not run')
  }
  expect(() => engine.remove('nobody')).toThrow('no one container')
})

test('churn continues, emits events, and neither calms down nor breaks everything', () => {
  const state = new SimulatorState(30, seededRandom(1), () => clock)
  const actions: string[] = []
  const probeExits = new Set<string | undefined>()
  state.events.listen((event) => {
    if (event.type === 'container') actions.push(event.action.split(':')[0] as string)
    if (event.action === 'exec_die') probeExits.add(event.actor.attributes['exitCode'])
  })
  const step = churnStep(state, 2)
  for (let round = 0; round < 400; round += 1) {
    clock += 3000
    step()
    const running = state.all().filter(({ state }) => state === 'running').length
    expect(running).toBeGreaterThanOrEqual(20)
  }
  const kinds = ['die', 'start', 'restart', 'oom', 'pause', 'unpause', 'health_status', 'exec_create']
  expect(kinds.filter((kind) => !actions.includes(kind))).toEqual([])
  expect(actions.length).toBeGreaterThan(400)
  expect(probeExits).toEqual(new Set(['0', '1']))
})

test('an engine with churn changes by itself, and not after its stop', async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] })
  const engine = new SimulatedEngine({ containers: 12, churn: true, now: () => clock })
  const containers = () => JSON.stringify(engine.containers())
  const seen = new Set([containers()])
  try {
    await engine.start()
    for (let tick = 0; tick < 20; tick += 1) {
      jest.advanceTimersByTime(3000)
      seen.add(containers())
    }
    expect(seen.size).toBeGreaterThan(2)
    await engine.stop()
    const last = containers()
    expect(jest.getTimerCount()).toBe(0)
    jest.advanceTimersByTime(60_000)
    expect(containers()).toBe(last)
  } finally {
    jest.useRealTimers()
  }
})
