import type { Engine } from '../../api/engine/engine.js'
import type { EventStep } from '../../api/model/container-event.js'
import { EngineRig, never } from '../support/engine-rig.js'
import { answerWith } from '../support/fault-server.js'
import { fixture, WEB } from '../support/recorded-answers.js'
import { until } from '../support/until.js'

const rig = new EngineRig()
const start = rig.start.bind(rig)
afterEach(() => rig.stop())

describe('its events', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n'
  const chunk = (data: string | Buffer) =>
    Buffer.concat([Buffer.from(`${data.length.toString(16)}\r\n`), Buffer.from(data), Buffer.from('\r\n')])
  const event = (action: string) => `{"Type":"container","Action":"${action}","Actor":{"ID":"${WEB}"},"timeNano":7}\n`

  async function collect(
    engine: Engine,
    signal: AbortSignal = never(),
    actions: string[] = [],
  ): Promise<readonly string[]> {
    for await (const step of engine.events(null, signal, () => actions.push('(open)')))
      actions.push(step.kind === 'event' ? step.event.action : '(gap)')
    return actions
  }

  test('come as they are streamed, after the subscription is accepted', async () => {
    const { server, engine } = await start((socket) => {
      socket.write(head)
      for (const line of fixture('docker-20.10-events.ndjson').trim().split('\n')) socket.write(chunk(`${line}\n`))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual([
      '(open)',
      'exec_create',
      'exec_start',
      'exec_die',
      'kill',
      'kill',
      'die',
      'stop',
      'start',
      'restart',
      'kill',
      'die',
      'destroy',
      'exec_create',
      'exec_start',
      'exec_die',
    ])
    expect(server.requests).toEqual(['GET /events?filters=%7B%22type%22%3A%5B%22container%22%5D%7D HTTP/1.1'])
  })

  test('the subscription is open before anything happens', async () => {
    const { engine } = await start((socket) => socket.write(head))
    const controller = new AbortController()
    const isOpen = new Promise<void>((resolve) => {
      void engine
        .events(null, controller.signal, () => resolve())
        [Symbol.asyncIterator]()
        .next()
    })
    await isOpen
    controller.abort()
  })

  test('may be cut anywhere within a line and a character', async () => {
    const bytes = Buffer.from(event('start').replace('"Actor"', '"from":"\u00fc\u{1f433}","Actor"') + event('die'))
    const { engine } = await start((socket) => {
      socket.write(head)
      for (const byte of bytes) socket.write(chunk(Buffer.of(byte)))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual(['(open)', 'start', 'die'])
  })

  test('leave out what is not about a container', async () => {
    const { engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(`{"Type":"network","Action":"create"}\n\n${event('die')}`))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual(['(open)', 'die'])
  })

  test('end quietly where the connection is cut: the next subscription brings the rest', async () => {
    const { engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(event('die')), () => socket.destroy())
    })
    expect(await collect(engine)).toEqual(['(open)', 'die'])
  })

  test('end quietly by their signal, before and after they are open', async () => {
    const { server, engine } = await start((socket) => socket.write(head))
    expect(await collect(engine, AbortSignal.abort())).toEqual([])
    expect(server.peak()).toBe(0)
    const controller = new AbortController()
    const actions: string[] = []
    const reading = collect(engine, controller.signal, actions)
    await until(() => actions.length > 0)
    controller.abort()
    expect(await reading).toEqual(['(open)'])
    await until(() => server.connections() === 0)
  })

  test('end quietly by their signal while the engine is silent', async () => {
    const { server, engine } = await start(() => {})
    const controller = new AbortController()
    const reading = collect(engine, controller.signal)
    await until(() => server.requests.length > 0)
    controller.abort()
    expect(await reading).toEqual([])
  })

  test.each([
    ['no JSON', 'hunter2'],
    ['no event', '[]'],
    ['cut off', event('die').slice(0, -9)],
    ['megabytes of nothing', 'x'.repeat(4_000_000)],
    ['megabytes of brackets', '['.repeat(4_000_000)],
  ])('with a line that is %s have a gap there, and go on', async (_name, line) => {
    const { engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(`${event('die')}${line}\n${event('start')}`))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual(['(open)', 'die', '(gap)', 'start'])
  })

  test('with a line of megabytes are read, and hide nothing that follows', async () => {
    const labels = JSON.stringify({ Attributes: { note: 'x'.repeat(4_000_000), exitCode: '3' } }).slice(1, -1)
    const large = event('die').replace(`"${WEB}"`, `"${WEB}",${labels}`)
    const { engine } = await start((socket) => {
      socket.write(head)
      socket.write(chunk(large + event('start')))
      socket.end('0\r\n\r\n')
    })
    expect(await collect(engine)).toEqual(['(open)', 'die', 'start'])
  })

  test('with a line without end are read without holding it', async () => {
    let poured = 0
    const { engine } = await start((socket) => {
      socket.write(head + chunk(event('die')).toString())
      const pour = () => {
        while (poured < 32 && socket.write(chunk('x'.repeat(1024 * 1024)))) poured += 1
        if (poured === 32) socket.destroy()
        poured += 1
      }
      socket.on('drain', pour)
      pour()
    })
    expect(await collect(engine)).toEqual(['(open)', 'die'])
  })

  test('that a proxy closes are blocked, and nothing opens', async () => {
    const { engine } = await start((socket) => socket.write(answerWith(403, '<html>403</html>')))
    let isOpen = false
    const events = engine.events(null, never(), () => {
      isOpen = true
    })
    await expect(events[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'engine-endpoint-blocked',
      detail: expect.stringContaining('EVENTS=1'),
    })
    expect(isOpen).toBe(false)
  })

  test('close their connection when their reader stops', async () => {
    const { server, engine } = await start((socket) =>
      socket.write(Buffer.concat([Buffer.from(head), chunk(event('die'))])),
    )
    const seen: EventStep[] = []
    for await (const one of engine.events(null, never(), () => {})) {
      seen.push(one)
      break
    }
    expect(seen).toMatchObject([{ kind: 'event', event: { containerId: WEB, action: 'die', timeNano: '7' } }])
    await until(() => server.connections() === 0)
  })

  test('closing the engine is a fault to their reader', async () => {
    const { engine } = await start((socket) => socket.write(head))
    const actions: string[] = []
    const reading = collect(engine, never(), actions)
    const outcome = expect(reading).rejects.toMatchObject({ code: 'engine-unavailable' })
    await until(() => actions.length > 0)
    engine.close()
    await outcome
  })
})
