import { EngineMeter } from '../../../api/live/host/engine-meter.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeEngine, idOf, listed, readingAt } from '../../support/fake-engine.js'

const LIFE = new AbortController().signal

describe('EngineMeter', () => {
  test('counts each call by how it ended, and the time it took, and changes no answer', async () => {
    const engine = new FakeEngine(() => readingAt(5))
    engine.add(listed({ id: idOf('a') }))
    const meter = new EngineMeter(engine)
    await meter.ping(LIFE)
    await meter.version(LIFE)
    await meter.info(LIFE)
    expect(await meter.containers(null, LIFE)).toHaveLength(1)
    expect(await meter.inspect(idOf('a'), LIFE)).toMatchObject({ id: idOf('a') })
    expect(await meter.stats(idOf('a'), LIFE)).toEqual(readingAt(5))
    await meter.stats(idOf('a'), LIFE)
    expect(meter.uses.map(({ call, result, count }) => [call, result, count])).toEqual([
      ['ping', 'ok', 1],
      ['version', 'ok', 1],
      ['info', 'ok', 1],
      ['list', 'ok', 1],
      ['inspect', 'ok', 1],
      ['stats', 'ok', 2],
    ])
    for (const { seconds } of meter.uses) expect(seconds).toBeGreaterThan(0)
  })

  test('tells faults by their code, and what we ended ourselves from what broke', async () => {
    const engine = new FakeEngine()
    engine.down = new ApiError('engine-timeout', 'slow')
    const meter = new EngineMeter(engine)
    await expect(meter.ping(LIFE)).rejects.toBe(engine.down)
    engine.down = null
    await expect(meter.ping(AbortSignal.abort())).rejects.toThrow()
    expect(meter.uses.map(({ result }) => result)).toEqual(['engine-timeout', 'aborted'])
  })

  test('counts an event stream when it ends', async () => {
    const engine = new FakeEngine()
    const meter = new EngineMeter(engine)
    const heard: string[] = []
    const listening = (async () => {
      for await (const { action } of meter.events(null, LIFE, () => {})) heard.push(action)
    })()
    await Promise.resolve()
    expect(meter.uses).toEqual([])
    engine.emit('start', idOf('a'))
    engine.cut()
    await listening
    expect([heard, meter.uses.map(({ call, result }) => [call, result])]).toEqual([['start'], [['events', 'ok']]])
  })

  test('closes the engine', () => {
    const engine = new FakeEngine()
    new EngineMeter(engine).close()
    expect(engine.closed).toBe(true)
  })
})
