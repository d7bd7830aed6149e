import type { AddressInfo } from 'node:net'
import request from 'supertest'
import { MAX_STREAMS_PER_SUBJECT, OpenStreams } from '../../../api/http/endpoints/open-streams.js'
import { FEEDS } from '../../../api/http/routes.js'
import { ApiError } from '../../../api/model/error.js'
import type { LogStep } from '../../../api/model/log-line.js'
import { createRig } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { listenTo } from '../../support/event-reader.js'
import { eventually } from '../../support/eventually.js'
import { FakeClock, settle } from '../../support/fake-clock.js'
import { eventOf, HAPPENED, idOf, lineAt } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { tokenFor as tokenAt } from '../../support/tokens.js'

const LOG = `/api/containers/${idOf('a')}/logs/stream`
const EVENTS = '/api/events/stream'
const PATIENCE_MS = 12_000

/** Where the rig's clock begins. */
const NOW = new FakeClock().now()

const cleanup = cleanupAfterEach()
const tokenFor = (wish?: Parameters<typeof tokenAt>[0]) => tokenAt(wish, NOW)

function rig() {
  const clock = new FakeClock()
  const streams = new OpenStreams()
  const made = createRig({ clock, streams })
  const { view } = made
  view.all = [containerOf({ id: idOf('a'), labels: new Map([['team', 'web']]) })]
  const server = made.app.listen(0)
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const journal = view.events.openHost('local')
  let time = 0
  const happen = (action: string, of: Partial<Parameters<typeof eventOf>[0]> = {}, ago = 0) => {
    time += 1
    const base = { containerId: idOf('a'), action, timeNano: String(time), labels: new Map([['team', 'web']]) }
    return journal.record(eventOf({ ...base, ...of }), { ...HAPPENED, at: HAPPENED.at - ago })
  }
  return { ...made, clock, streams, port, journal, happen }
}

const waitFor = (isThere: () => boolean) => eventually(isThere, (there) => there, PATIENCE_MS)
const actionsOf = (events: readonly { readonly event: string; readonly data: string }[]) =>
  events.map(({ event, data }) => (event === 'container' ? JSON.parse(data).action : event))

/** Steps that the test yields by hand, until its reader leaves. */
function handSteps() {
  const queue: LogStep[] = []
  let wake = () => {}
  let error: Error | null = null
  let isOver = false
  const state = { ended: false }
  return {
    state,
    give: (step: LogStep) => {
      queue.push(step)
      wake()
    },
    end: (fault: Error | null = null) => {
      error = fault
      isOver = true
      wake()
    },
    async *steps(signal: AbortSignal): AsyncIterable<LogStep> {
      signal.addEventListener('abort', () => wake())
      try {
        for (;;) {
          const step = queue.shift()
          if (step !== undefined) yield step
          else if (isOver && error !== null) throw error
          else if (isOver || signal.aborted) return
          else
            await new Promise<void>((resolve) => {
              wake = resolve
            })
        }
      } finally {
        state.ended = true
      }
    },
  }
}

const linesOf = (...seconds: number[]): LogStep => ({
  kind: 'lines',
  lines: seconds.map((second) => ({
    line: lineAt(second, `line ${second}`),
    cursor: { at: `17.00000000${second}`, nth: 1 },
  })),
})

describe('every feed', () => {
  test.each(FEEDS.map(({ path, scope }) => [path.replace(':id', idOf('a')), scope] as const))(
    '%s answers its scope alone, and no other method',
    async (path, scope) => {
      const { app } = rig()
      expect((await request(app).get(path)).status).toBe(401)
      const as = (token: string, method: 'head' | 'post' = 'head') =>
        request(app)[method](path).set('Authorization', `Bearer ${token}`)
      expect((await as(tokenFor({ scopes: ['stats:read'] }))).status).toBe(403)
      const { status, headers } = await as(tokenFor({ scopes: [scope] }))
      expect([status, headers['content-type']]).toEqual([200, 'text/event-stream; charset=utf-8'])
      expect([headers['x-accel-buffering'], headers['cache-control']]).toEqual(['no', 'no-store'])
      const refused = await as(tokenFor(), 'post')
      expect([refused.status, refused.headers['allow']]).toEqual([405, 'GET, HEAD'])
    },
  )

  test.each(FEEDS.map(({ path }) => path.replace(':id', idOf('a'))))(
    '%s refuses what it does not know',
    async (path) => {
      const { app } = rig()
      for (const query of ['interval=5', 'x=1', 'lastEventId=%0a', 'ticket=x&ticket=y', 'since=never'])
        expect([
          query,
          (await request(app).get(`${path}?${query}`).set('Authorization', `Bearer ${tokenFor()}`)).status,
        ]).toEqual([query, 400])
      const odd = await request(app).get(path).set('Authorization', `Bearer ${tokenFor()}`).set('Last-Event-ID', 'x y')
      expect([odd.status, odd.body.errors?.[0]?.path]).toEqual([400, 'Last-Event-ID'])
    },
  )

  test('names a wrong id in the path before a wrong Last-Event-ID', async () => {
    const { app } = rig()
    const { status, body } = await request(app)
      .get('/api/containers/shop-web-1/logs/stream')
      .set('Authorization', `Bearer ${tokenFor()}`)
      .set('Last-Event-ID', 'x y')
    expect([status, body.code]).toEqual([400, 'invalid-container-id'])
  })
})

describe('a followed log', () => {
  test('sends each line with its cursor, marks gaps, and ends with the container', async () => {
    const { view, port } = rig()
    const hand = handSteps()
    view.steps = hand.steps
    const stream = await listenTo(port, `${LOG}?tail=5&stdout=false`, tokenFor())
    expect(view.logQueries[0]).toMatchObject({ tail: 5, stdout: false })
    hand.give(linesOf(1, 2))
    hand.give({ kind: 'gap' })
    hand.give({ kind: 'cursor', cursor: { at: '17.000000002', nth: 7 } })
    hand.give(linesOf(3))
    hand.end()
    await waitFor(() => stream.ended)
    expect(stream.events.map(({ event, id }) => [event, id])).toEqual([
      ['log', '17.000000001-1'],
      ['log', '17.000000002-1'],
      ['gap', ''],
      ['log', '17.000000003-1'],
      ['end', ''],
    ])
    expect(JSON.parse(stream.events[0]?.data ?? '')).toEqual({
      time: '2026-11-24T00:00:01.000000000Z',
      stream: 'stdout',
      message: 'line 1',
    })
    expect(JSON.parse(stream.events.at(-1)?.data ?? '')).toEqual({ code: 'container-not-running' })
  })

  test('goes on where its client stood, as the field or the parameter says', async () => {
    const { view, port } = rig()
    const cursor = { at: '17.000000002', nth: 1 }
    ;(await listenTo(port, LOG, tokenFor(), '17.000000002-1')).close()
    ;(await listenTo(port, `${LOG}?lastEventId=17.000000002-1`, tokenFor())).close()
    ;(await listenTo(port, `${LOG}?lastEventId=17.000000001-1`, tokenFor(), '17.000000002-1')).close()
    ;(await listenTo(port, LOG, tokenFor(), '')).close()
    expect(view.followedFrom).toEqual([cursor, cursor, cursor, null])
  })

  test('a fault before the first line is the answer, a later one ends the stream', async () => {
    const { app, view, port } = rig()
    view.lookupFault = new ApiError('log-driver-unreadable', 'x')
    const refused = await request(app).get(LOG).set('Authorization', `Bearer ${tokenFor()}`)
    expect([refused.status, refused.body.code]).toEqual([501, 'log-driver-unreadable'])
    view.lookupFault = null
    const hand = handSteps()
    view.steps = hand.steps
    const stream = await listenTo(port, LOG, tokenFor())
    hand.end(new ApiError('engine-bad-answer', 'a secret reason'))
    await waitFor(() => stream.ended)
    expect(stream.events).toEqual([{ event: 'end', id: '', data: '{"code":"engine-bad-answer"}' }])
  })

  test('that has not begun when the service stops is refused with the reason, and recorded', async () => {
    const { app, view, audit, streams } = rig()
    // An engine that never begins to answer.
    view.followLog = (_container, _query, _from, reader) => handSteps().steps(reader.signal)
    const asked = request(app).get(LOG).set('Authorization', `Bearer ${tokenFor()}`)
    const answer = asked.then((answered) => answered)
    await waitFor(() => streams.count === 1)
    streams.endAll(new ApiError('service-stopping', 'x'))
    const { status, body } = await answer
    expect([status, body.code]).toEqual([503, 'service-stopping'])
    expect(audit.events.at(-1)).toMatchObject({ kind: 'read', status: 503, code: 'service-stopping' })
    expect(streams.count).toBe(0)
  })

  test('closes the engine call when its reader leaves, even if the log is silent, and leaves no timer', async () => {
    const { view, port, clock } = rig()
    const hand = handSteps()
    view.steps = hand.steps
    const stream = await listenTo(port, LOG, tokenFor())
    await waitFor(() => view.logQueries.length === 1)
    expect(hand.state.ended).toBe(false)
    stream.close()
    await waitFor(() => hand.state.ended)
    await settle()
    expect(clock.pending).toBe(0)
  })

  test('waits for a slow reader instead of queueing lines', async () => {
    const { view, port } = rig()
    let given = 0
    view.steps = async function* (signal) {
      while (!signal.aborted) {
        given += 1
        const line = lineAt(1, 'x'.repeat(10_000))
        yield { kind: 'lines', lines: Array(10).fill({ line, cursor: null }) }
      }
    }
    const stream = await listenTo(port, LOG, tokenFor())
    stream.answer.pause()
    let before = -1
    await eventually(
      async () => {
        const settled = given === before
        before = given
        await new Promise((resolve) => setTimeout(resolve, 200))
        return settled
      },
      (settled) => settled,
      PATIENCE_MS,
    )
    // Some megabytes fill the buffers of both sides' sockets; the source would have made gigabytes meanwhile.
    expect(given).toBeLessThan(300)
    stream.answer.resume()
    const stood = given
    await waitFor(() => given > stood)
    stream.close()
  })
})

describe('the stream of events', () => {
  test('sends events from now on, each under its name', async () => {
    const { port, happen } = rig()
    happen('create')
    const stream = await listenTo(port, EVENTS, tokenFor())
    await waitFor(() => stream.lastEventId !== '')
    const start = happen('start', { exitCode: null })
    happen('die', { exitCode: 137 })
    await waitFor(() => stream.events.length === 2)
    expect(actionsOf(stream.events)).toEqual(['start', 'die'])
    expect(stream.events[0]?.id).toBe(start?.id)
    expect(JSON.parse(stream.events[1]?.data ?? '')).toMatchObject({
      exitCode: 137,
      container: idOf('a'),
      host: 'local',
    })
    stream.close()
  })

  test('a client that reconnects misses no event and gets none twice, even before the first event', async () => {
    const { port, happen } = rig()
    const seen: string[] = []
    let id = ''
    for (let round = 0; round < 5; round += 1) {
      const stream = await listenTo(port, EVENTS, tokenFor(), id)
      await waitFor(() => stream.lastEventId !== '' || id !== '')
      happen(`in-${'abcde'[round]}`)
      await waitFor(() => stream.events.length === (round === 0 ? 1 : 2))
      seen.push(...actionsOf(stream.events))
      id = stream.lastEventId || id
      stream.close()
      happen(`out-${'abcde'[round]}`)
    }
    expect(seen).toEqual(['in-a', 'out-a', 'in-b', 'out-b', 'in-c', 'out-c', 'in-d', 'out-d', 'in-e'])
  })

  test('a reader who got no event yet reconnects to all events since', async () => {
    const { port, happen } = rig()
    const first = await listenTo(port, EVENTS, tokenFor())
    await waitFor(() => first.lastEventId !== '')
    first.close()
    happen('start')
    const second = await listenTo(port, `${EVENTS}?lastEventId=${first.lastEventId}`, tokenFor())
    await waitFor(() => second.events.length === 1)
    expect(actionsOf(second.events)).toEqual(['start'])
    second.close()
  })

  test('a forgotten id is a gap, and old events are not repeated', async () => {
    const { port, happen } = rig()
    happen('start')
    const stream = await listenTo(port, EVENTS, tokenFor(), 'A'.repeat(22))
    await waitFor(() => stream.lastEventId !== '')
    happen('die')
    await waitFor(() => stream.events.length === 2)
    expect(actionsOf(stream.events)).toEqual(['gap', 'die'])
    expect(JSON.parse(stream.events[0]?.data ?? '')).toEqual({ hosts: ['local'] })
    stream.close()
  })

  test('events lost on the way from the engine are a gap at their position', async () => {
    const { port, journal, happen } = rig()
    happen('start')
    const stream = await listenTo(port, EVENTS, tokenFor())
    await waitFor(() => stream.lastEventId !== '')
    happen('die')
    await waitFor(() => stream.events.length === 1)
    journal.markSubscribed()
    happen('start')
    await waitFor(() => stream.events.length === 3)
    expect(actionsOf(stream.events)).toEqual(['die', 'gap', 'start'])
    stream.close()
  })

  test('since begins with remembered events', async () => {
    const { port, happen } = rig()
    const nanos = (milliseconds: number) => `${NOW - milliseconds}000000`
    happen('create', { timeNano: nanos(120_000) }, 120_000)
    happen('start', { timeNano: nanos(30_000) }, 30_000)
    const stream = await listenTo(port, `${EVENTS}?since=1m`, tokenFor())
    await waitFor(() => stream.events.length === 1)
    expect(actionsOf(stream.events)).toEqual(['start'])
    stream.close()
  })

  test('a client that comes back is sent all that came meanwhile, whatever since says', async () => {
    const { port, happen } = rig()
    const first = happen('create', {}, 3_600_000)
    happen('start', {}, 1_200_000)
    const stream = await listenTo(port, `${EVENTS}?since=15m`, tokenFor(), first?.id)
    await waitFor(() => stream.events.length === 1)
    expect(actionsOf(stream.events)).toEqual(['start'])
    stream.close()
  })

  test('the id of a hidden event is answered like an invented one', async () => {
    const { app, port, happen } = rig()
    const hidden = happen('start', { containerId: idOf('d'), labels: new Map([['team', 'data']]) })
    happen('pause')
    const token = tokenFor({ selectors: ['team=web'] })
    for (const name of [hidden?.id ?? '', 'A'.repeat(22)]) {
      const list = await request(app).get(`/api/events?cursor=${name}`).set('Authorization', `Bearer ${token}`)
      expect([list.status, list.body.errors]).toEqual([
        400,
        [{ path: 'cursor', message: 'is not remembered any more: begin again without it' }],
      ])
      const stream = await listenTo(port, EVENTS, token, name)
      await waitFor(() => stream.events.length === 1)
      expect(actionsOf(stream.events)).toEqual(['gap'])
      stream.close()
    }
  })

  test('a restricted reader gets events of its own containers, and their ids reveal no others', async () => {
    const { port, happen } = rig()
    const hidden = happen('start', { containerId: idOf('d'), labels: new Map([['team', 'data']]) })
    const stream = await listenTo(port, EVENTS, tokenFor({ selectors: ['team=web'] }))
    await waitFor(() => stream.lastEventId !== '')
    expect(stream.lastEventId).not.toBe(hidden?.id)
    const again = await listenTo(port, EVENTS, tokenFor({ selectors: ['team=web'] }))
    await waitFor(() => again.lastEventId !== '')
    happen('die', { containerId: idOf('d'), labels: new Map([['team', 'data']]) })
    // Events of hidden containers change nothing that this reader can see.
    expect(again.lastEventId).toBe(stream.lastEventId)
    happen('pause')
    await waitFor(() => stream.events.length === 1)
    expect(actionsOf(stream.events)).toEqual(['pause'])
    for (const one of [stream, again]) one.close()
  })

  test('a ticket opens it, once', async () => {
    const { app, port, happen } = rig()
    const issued = await request(app)
      .post('/api/auth/stream-ticket')
      .set('Authorization', `Bearer ${tokenFor()}`)
      .send({ path: EVENTS })
    expect(issued.status).toBe(200)
    const path = `${EVENTS}?ticket=${issued.body.ticket}`
    const stream = await listenTo(port, path)
    await waitFor(() => stream.lastEventId !== '')
    happen('die')
    await waitFor(() => stream.events.length === 1)
    expect((await request(app).get(path)).status).toBe(401)
    stream.close()
  })

  test(`are ${MAX_STREAMS_PER_SUBJECT} for one subject with those of statistics and logs, and no more`, async () => {
    const { app, port } = rig()
    const paths = [EVENTS, '/api/stats/stream']
    const open = await Promise.all(
      Array.from({ length: MAX_STREAMS_PER_SUBJECT }, (_, row) => listenTo(port, paths[row % 2] ?? '', tokenFor())),
    )
    const refused = await request(app).get(EVENTS).set('Authorization', `Bearer ${tokenFor()}`)
    expect([refused.status, refused.body.code]).toEqual([429, 'too-many-streams'])
    open[0]?.close()
    await eventually(
      async () => (await listenTo(port, EVENTS, tokenFor())).answer.statusCode,
      (status) => status === 200,
      PATIENCE_MS,
    )
    for (const one of open) one.close()
  })

  test('ends when its token is revoked', async () => {
    const { port, app, clock } = rig()
    const token = tokenFor({ subject: 'leaver' })
    const stream = await listenTo(port, EVENTS, token)
    await waitFor(() => stream.lastEventId !== '')
    await request(app).post('/api/auth/logout').set('Authorization', `Bearer ${token}`)
    await clock.advance(4_999)
    expect(stream.ended).toBe(false)
    await clock.advance(1)
    await waitFor(() => stream.ended)
    expect(stream.events).toEqual([{ event: 'end', id: '', data: '{"code":"invalid-token"}' }])
  })
})
