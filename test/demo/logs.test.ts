import { SimulatedEngine } from '../../demo/engine.js'
import { ask, askJson, openStream } from '../support/raw-client.js'

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

test('a single stream may be chosen, and choosing none is refused', async () => {
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

/** Each frame of a multiplexed body: its stream, and its text. */
function frames(body: Buffer): readonly { readonly stream: number; readonly text: string }[] {
  const found: { stream: number; text: string }[] = []
  for (let at = 0; at < body.length; at += 8 + body.readUInt32BE(at + 4)) {
    const text = body.subarray(at + 8, at + 8 + body.readUInt32BE(at + 4)).toString()
    found.push({ stream: body[at] as number, text })
  }
  return found
}

async function logged(name: string, query: string) {
  return frames((await ask(engine, `/containers/${name}/logs?stdout=1&stderr=1&${query}`)).body)
}

function nanosOf({ text }: { readonly text: string }): bigint {
  const [, date, digits = ''] = /^(\S+)\.(\d{9})Z /.exec(text) ?? []
  return BigInt(Date.parse(`${date}Z`)) * 1_000_000n + BigInt(digits)
}

function asSeconds(nanos: bigint): string {
  return `${nanos / 1_000_000_000n}.${String(nanos % 1_000_000_000n).padStart(9, '0')}`
}

test('since and until include lines of exactly that nanosecond, in seconds and as a date', async () => {
  await started()
  const last = await logged('shop-web-1', 'timestamps=1&tail=6')
  const times = last.map(nanosOf)
  const [, second = 0n, third = 0n, , , sixth = 0n] = times
  for (const [query, wanted] of [
    [`since=${asSeconds(third)}`, last.slice(2)],
    [`since=${asSeconds(third + 1n)}`, last.slice(3)],
    [`since=${last[2]?.text.split(' ')[0]}`, last.slice(2)],
    [`since=${asSeconds(second)}&until=${asSeconds(third)}`, last.slice(1, 3)],
    [`since=${asSeconds(second)}&until=${asSeconds(third - 1n)}`, last.slice(1, 2)],
    [`since=${asSeconds(sixth)}&until=0`, last.slice(5)],
    [`since=${asSeconds(sixth + 1n)}`, []],
  ] as const) {
    expect(await logged('shop-web-1', `timestamps=1&${query}`)).toEqual(wanted)
  }
})

test('the tail is taken first, so that bounds and streams reduce it', async () => {
  await started()
  const last = await logged('shop-web-1', 'timestamps=1&tail=14')
  const until = asSeconds(nanosOf(last[10] as { text: string }))
  expect(await logged('shop-web-1', `timestamps=1&tail=5&until=${until}`)).toEqual(last.slice(9, 11))
  expect(await logged('shop-web-1', `timestamps=1&tail=2&until=${until}`)).toEqual([])
  const { body } = await ask(engine, '/containers/shop-web-1/logs?stderr=1&tail=14&timestamps=1')
  expect(frames(body)).toEqual(last.filter(({ stream }) => stream === 2))
  expect(await logged('shop-web-1', 'tail=0')).toEqual([])
})

test('lines that a test makes a container write are in order of time with the others', async () => {
  await started()
  engine.log('shop-web-1', 'stderr', 'first')
  engine.log('shop-web-1', 'stdout', 'second\nthird\n')
  clock += 60_000
  const lines = await logged('shop-web-1', 'timestamps=1')
  const times = lines.map(nanosOf)
  expect(times.every((nanos, index) => index === 0 || nanos > (times[index - 1] as bigint))).toBe(true)
  const at = lines.findIndex(({ text }) => text.endsWith(' first\n'))
  expect(at).toBeLessThan(lines.length - 3)
  expect(lines.slice(at, at + 3).map(({ stream, text }) => [stream, text.split(' ')[1]])).toEqual([
    [2, 'first\n'],
    [1, 'second\n'],
    [1, 'third\n'],
  ])
  expect(Number(times[at] as bigint) / 1e6).toBeCloseTo(NOW, -1)
  engine.log('toolbox', 'stderr', 'on the terminal')
  const raw = await ask(engine, '/containers/toolbox/logs?stdout=1&tail=1')
  expect(raw.body.toString()).toBe('on the terminal\r\n')
  expect(() => engine.log('shop-migrate-1', 'stdout', 'too late')).toThrow('does not run')
})

test('a line of 16 KiB and more comes in parts of one time, with the newline after the last', async () => {
  await started()
  for (const [bytes, lengths] of [
    [16_383, [16_384]],
    [16_384, [16_384, 1]],
    [40_000, [16_384, 16_384, 7233]],
  ] as const) {
    engine.log('shop-web-1', 'stdout', 'x'.repeat(bytes))
    const parts = await logged('shop-web-1', `tail=${lengths.length}`)
    expect(parts.map(({ text }) => text.length)).toEqual(lengths)
    expect(parts.map(({ text }) => text).join('')).toBe(`${'x'.repeat(bytes)}\n`)
    const stamped = await logged('shop-web-1', `tail=${lengths.length}&timestamps=1`)
    expect(new Set(stamped.map(nanosOf)).size).toBe(1)
  }
  expect(await logged('shop-web-1', 'tail=1')).toEqual([{ stream: 1, text: expect.stringMatching(/^x{7232}\n$/) }])
})

test('a character that is cut at the end of a part is lost on both sides', async () => {
  await started()
  engine.log('shop-web-1', 'stdout', `${'x'.repeat(16_383)}\u00e9y`)
  const [head, rest] = await logged('shop-web-1', 'tail=2')
  expect([head?.text.slice(-2), rest?.text]).toEqual(['x\ufffd', '\ufffdy\n'])
})

test('one container of the initial state occasionally writes a long line', async () => {
  await started()
  const all = await logged('blog-wordpress-1', 'timestamps=1')
  const open = all.filter(({ text }) => !text.endsWith('\n'))
  expect(open.length).toBeGreaterThan(1)
  expect(open.length).toBeLessThan(all.length / 50)
  const others = await logged('shop-web-1', '')
  expect(others.every(({ text }) => text.endsWith('\n'))).toBe(true)
})

test('a log of a driver without reading cannot be read', async () => {
  await started()
  expect((await inspect('monitoring-cadvisor-1')).HostConfig.LogConfig.Type).toBe('none')
  const answer = await ask(engine, '/containers/monitoring-cadvisor-1/logs?stdout=1&follow=1')
  expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([
    501,
    { message: 'configured logging driver does not support reading' },
  ])
})

test('followers get each written line once, even while the clock stands still', async () => {
  await started()
  const path = '/containers/toolbox/logs?stdout=1&follow=1&tail=0'
  const streams = await Promise.all([openStream(engine, path), openStream(engine, path)])
  for (const text of ['one', 'two', 'three']) engine.log('toolbox', 'stdout', text)
  for (const stream of streams) expect(await stream.lines(3)).toEqual(['one\r', 'two\r', 'three\r'])
  clock += 60_000
  for (const stream of streams) {
    const lines = await stream.lines(10)
    expect(lines.slice(3).every((line) => line.startsWith('level='))).toBe(true)
    stream.close()
  }
})

test('a followed stream ends at the first line after until, and not before', async () => {
  await started()
  const until = asSeconds(BigInt(NOW + 500) * 1_000_000n)
  const stream = await openStream(engine, `/containers/toolbox/logs?stdout=1&follow=1&tail=0&until=${until}`)
  engine.log('toolbox', 'stdout', 'in time')
  expect(await stream.lines(1)).toEqual(['in time\r'])
  clock += 60_000
  engine.log('toolbox', 'stdout', 'too late')
  await stream.ended()
  expect(stream.received()).not.toContain('too late')
})

test('a stream follows one run, and ends with it even if the next one starts at once', async () => {
  await started()
  const stream = await openStream(engine, '/containers/toolbox/logs?stdout=1&follow=1&tail=0')
  engine.restartContainer('toolbox')
  await stream.ended()
  engine.remove('toolbox')
  engine.run({ name: 'toolbox', tty: true })
  const { body } = await ask(engine, '/containers/toolbox/logs?stdout=1')
  expect(body.toString().split('\r\n')).toHaveLength(2)
})

test('top lists processes, and refuses a container without any', async () => {
  await started()
  const top = await askJson(engine, '/containers/shop-worker-1/top')
  expect(top.Titles).toEqual(['UID', 'PID', 'PPID', 'C', 'STIME', 'TTY', 'TIME', 'CMD'])
  expect(top.Processes[0]).toHaveLength(8)
  expect(top.Processes[0][1]).toBe(String((await inspect('shop-worker-1')).State.Pid))
  for (const name of ['shop-migrate-1', 'etl-scheduler-1']) {
    expect((await ask(engine, `/containers/${name}/top`)).status).toBe(409)
  }
})
