import { SimulatedEngine } from '../../../api/engine/simulated/engine.js'
import { ask, askJson, openStream } from '../../support/raw-client.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
const EVERY_KIND = 18

let engine: SimulatedEngine
let clock = NOW

async function started(): Promise<void> {
  clock = NOW
  engine = new SimulatedEngine({ containers: EVERY_KIND, statsDelayMs: 5, now: () => clock })
  await engine.start()
}

function inspect(name: string) {
  return askJson(engine, `/containers/${name}/json`)
}

afterEach(() => engine.stop())

test('without a terminal each line has a header with its stream and length', async () => {
  await started()
  const { body, headers } = await ask(engine, '/containers/shop-web-1/logs?stdout=1&stderr=1&tail=20')
  expect(headers['content-type']).toBeUndefined()
  const streams: number[] = []
  for (let at = 0; at < body.length; at += 8 + body.readUInt32BE(at + 4)) {
    streams.push(body[at] as number)
    expect(body.subarray(at + 1, at + 4)).toEqual(Buffer.alloc(3))
    expect(body.subarray(at + 8, at + 8 + body.readUInt32BE(at + 4)).toString()).toMatch(/^level=.*\n$/)
  }
  expect(streams).toHaveLength(20)
  expect(new Set(streams)).toEqual(new Set([1, 2]))
})

test('with a terminal the output is raw, and timestamps stand before each line', async () => {
  await started()
  const { body } = await ask(engine, '/containers/toolbox/logs?stdout=1&tail=8&timestamps=1')
  const lines = body.toString().split('\r\n').slice(0, -1)
  expect(lines.length).toBeGreaterThanOrEqual(6)
  for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z level=/)
})

test('one stream alone may be chosen, and none is refused', async () => {
  await started()
  const only = await ask(engine, '/containers/shop-web-1/logs?stderr=1&tail=50')
  expect(only.body[0]).toBe(2)
  const none = await ask(engine, '/containers/shop-web-1/logs')
  expect([none.status, JSON.parse(none.body.toString())]).toEqual([
    400,
    { message: 'Bad parameters: you must choose at least one stream' },
  ])
})

test('follow goes on until the container ends', async () => {
  await started()
  const stream = await openStream(engine, '/containers/toolbox/logs?stdout=1&stderr=1&follow=1&tail=0')
  clock += 60_000
  const lines = await stream.lines(3)
  expect(lines.every((line) => line.startsWith('level='))).toBe(true)
  engine.kill('toolbox', 0)
  await stream.ended()
})

test('top lists processes, and refuses where there are none', async () => {
  await started()
  const top = await askJson(engine, '/containers/shop-worker-1/top')
  expect(top.Titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'])
  expect(top.Processes[0]).toHaveLength(8)
  expect(top.Processes[0][1]).toBe(String((await inspect('shop-worker-1')).State.Pid))
  for (const name of ['shop-migrate-1', 'etl-scheduler-1']) {
    expect((await ask(engine, `/containers/${name}/top`)).status).toBe(409)
  }
})
