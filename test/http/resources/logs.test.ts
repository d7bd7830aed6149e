import express from 'express'
import request from 'supertest'
import { ApiError } from '../../../api/model/error.js'
import { createRig } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { eventually } from '../../support/eventually.js'
import { idOf, lineAt } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { tokenFor } from '../../support/tokens.js'

const PATH = `/api/containers/${idOf('a')}/logs`

/** The network of the machine takes milliseconds, but the machine may have much else to do. */
const PATIENCE_MS = 12_000

const cleanup = cleanupAfterEach()

async function waitFor(isThere: () => boolean): Promise<void> {
  await eventually(isThere, (there) => there, PATIENCE_MS)
}

function rig() {
  const made = createRig()
  made.view.all = [containerOf({ id: idOf('a'), name: 'web' })]
  made.view.logPage = {
    lines: [
      lineAt(1, 'caf\u00e9 \u001b[31mred\u001b[0m \u0001.'),
      lineAt(2, 'tab\there', { stream: 'stderr', time: null }),
    ],
    isTruncated: true,
    redactions: 4,
  }
  const ask = (query = '', accept?: string) => {
    const asked = request(made.app).get(`${PATH}${query}`).set('Authorization', `Bearer ${tokenFor()}`)
    return accept === undefined ? asked : asked.set('Accept', accept)
  }
  const lastQuery = () => made.view.logQueries.at(-1)
  return { ...made, ask, lastQuery }
}

describe('GET /api/containers/:id/logs', () => {
  test('is read and followed for the caller as a party, however many tokens it has', async () => {
    const { ask, view } = rig()
    await ask()
    await ask('/stream')
    expect(view.logParties).toHaveLength(2)
    expect(new Set(view.logParties)).toEqual(new Set([expect.stringMatching(/\ntester$/)]))
  })

  test('returns lines with time and stream, and says whether there are more', async () => {
    const { ask } = rig()
    const { status, body, headers } = await ask()
    expect([status, headers['content-type'], headers['vary']]).toEqual([
      200,
      'application/json; charset=utf-8',
      'Accept',
    ])
    expect(body).toEqual({
      id: idOf('a'),
      name: 'web',
      host: 'local',
      lines: [
        {
          time: '2026-11-24T00:00:01.000000000Z',
          stream: 'stdout',
          message: 'caf\u00e9 \u001b[31mred\u001b[0m \u0001.',
        },
        { time: null, stream: 'stderr', message: 'tab\there' },
      ],
      truncated: true,
      redactions: 4,
    })
  })

  test('gives text that a terminal shows and does not obey', async () => {
    const { ask } = rig()
    const { text, headers } = await ask('', 'text/plain')
    expect(text).toBe('caf\u00e9 red \ufffd.\ntab\there\n')
    expect(headers).toMatchObject({ 'content-type': 'text/plain; charset=utf-8', 'porthole-truncated': 'true' })
    expect((await ask('?timestamps=true', 'text/plain')).text).toBe(
      '2026-11-24T00:00:01.000000000Z caf\u00e9 red \ufffd.\n- tab\there\n',
    )
  })

  test('returns one JSON object per line', async () => {
    const { ask } = rig()
    const { text, headers } = await ask('', 'application/x-ndjson')
    expect(headers['content-type']).toBe('application/x-ndjson; charset=utf-8')
    const lines = text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).stream)).toEqual(['stdout', 'stderr'])
  })

  test.each([
    ['*/*', 'application/json'],
    ['application/json, text/plain', 'application/json'],
    ['text/plain;q=0.5, application/json;q=0.4', 'text/plain'],
    ['text/*', 'text/plain'],
    ['text/html,application/xhtml+xml;q=0.9,*/*;q=0.8', 'application/json'],
    ['text/html', 'application/json'],
    ['image/png', 'application/json'],
    ['', 'application/json'],
    [';;;', 'application/json'],
  ])('Accept: %s is answered as %s', async (accept, type) => {
    const { ask } = rig()
    const { status, headers } = await ask('', accept)
    expect([status, headers['content-type']?.split(';')[0]]).toEqual([200, type])
  })

  test('asks for the last hundred lines of both streams by default', async () => {
    const { ask, lastQuery } = rig()
    await ask()
    expect(lastQuery()).toEqual({ tail: 100, since: null, until: null, stdout: true, stderr: true, matches: null })
    await ask('?tail=7&stderr=false&since=2026-11-24T00:00:00.123456789Z&until=2026-11-24T00:00:01Z')
    expect(lastQuery()).toMatchObject({
      tail: 7,
      stdout: true,
      stderr: false,
      since: '1795478400.123456789',
      until: '1795478401.000000000',
    })
  })

  test('reads a duration as a time before now', async () => {
    const now = Date.UTC(2026, 10, 24)
    const { app, view } = createRig({ now: () => now })
    view.all = [containerOf({ id: idOf('a') })]
    const token = tokenFor({}, now)
    await request(app).get(`${PATH}?since=90s`).set('Authorization', `Bearer ${token}`)
    expect(view.logQueries[0]?.since).toBe(`${now / 1_000 - 90}.000000000`)
  })

  test.each([
    ['grep=a.c', 'xa.cx', 'abc'],
    ['grep=ERROR&ignoreCase=true', 'an error', 'none'],
    ['grep=a.c&regex=true', 'abc', 'ac'],
    ['grep=^ERROR&regex=true&ignoreCase=true', 'error', 'an error'],
    ['grep=%E2%82%AC', '5 \u20ac', '5'],
  ])('%s finds %j and not %j', async (query, fits, misfits) => {
    const { ask, lastQuery } = rig()
    expect((await ask(`?${query}`)).status).toBe(200)
    expect([lastQuery()?.matches?.(fits), lastQuery()?.matches?.(misfits)]).toEqual([true, false])
  })

  test.each([
    ['tail=0', 200],
    ['tail=1', 200],
    ['tail=5000', 200],
    ['tail=5001', 400],
    ['tail=-1', 400],
    ['tail=1.5', 400],
    ['tail=all', 400],
    ['tail=', 400],
    ['tail=1&tail=2', 400],
    ['since=yesterday', 400],
    ['since=1600000000', 400],
    ['since=15m', 200],
    ['until=15m', 200],
    ['until=1960-01-01T00:00:00Z', 400],
    ['stdout=1', 400],
    ['stdout=TRUE', 400],
    ['stdout=false', 200],
    ['stdout=false&stderr=false', 400],
    ['timestamps=yes', 400],
    ['grep=', 400],
    [`grep=${'x'.repeat(256)}`, 200],
    [`grep=${'x'.repeat(257)}`, 400],
    ['grep=%5B', 200],
    ['grep=%5B&regex=true', 400],
    ['grep=(%3F%3Da)&regex=true', 400],
    ['grep=a%5C1&regex=true', 400],
    ['grep=(a%7B100%7D)%7B11%7D&regex=true', 400],
    ['grep=x&regex=maybe', 400],
    ['regex=true', 400],
    ['ignoreCase=true', 400],
    ['regex=false', 200],
    ['follow=true', 400],
    ['details=true', 400],
    ['host=local', 200],
  ])('%s is answered with %i', async (query, status) => {
    const { ask } = rig()
    const answer = await ask(`?${query}`)
    expect(answer.status).toBe(status)
    if (status === 400) expect(answer.body).toMatchObject({ code: 'invalid-request', errors: [{}] })
  })

  test('at most four answers of one subject are in progress at once', async () => {
    const { app, view } = createRig()
    view.all = [containerOf({ id: idOf('a') })]
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    let reading = 0
    view.readLog = async () => {
      reading += 1
      await gate
      return view.logPage
    }
    const as = (subject: string) =>
      request(app)
        .get(PATH)
        .set('Authorization', `Bearer ${tokenFor({ subject })}`)
    const held = Array.from({ length: 4 }, () => as('one').then(({ status }) => status))
    await waitFor(() => reading === 4)
    expect((await as('one')).body.code).toBe('too-many-streams')
    const other = as('two').then(({ status }) => status)
    open()
    expect(await Promise.all([...held, other])).toEqual([200, 200, 200, 200, 200])
    expect((await as('one')).status).toBe(200)
  })

  test('a client that has gone before it is authenticated takes no place', async () => {
    const { app, view } = createRig()
    view.all = [containerOf({ id: idOf('a') })]
    let [came, left] = [0, 0]
    const slow = express()
    slow.use((req, res, next) => {
      if (req.headers['x-slow'] === undefined) return next()
      came += 1
      res.once('close', () => {
        left += 1
        next()
      })
    })
    slow.use(app)
    const server = slow.listen(0, '127.0.0.1')
    cleanup(() => server.close())
    const ask = () => request(server).get(PATH).set('Authorization', `Bearer ${tokenFor()}`)
    for (let gone = 1; gone <= 4; gone += 1) {
      const asked = ask().set('X-Slow', 'yes')
      asked.then(
        () => {},
        () => {},
      )
      await waitFor(() => came === gone)
      asked.abort()
      await waitFor(() => left === gone)
    }
    expect((await ask()).status).toBe(200)
  })

  test('a client that leaves before the answer ends the reading, and leaves no fault behind', async () => {
    const { app, view, lines } = createRig()
    view.all = [containerOf({ id: idOf('a') })]
    let isReading = false
    let ended: unknown = null
    view.readLog = (_container, _query, { signal }) =>
      new Promise((_resolve, reject) => {
        isReading = true
        signal.addEventListener('abort', () => {
          ended = signal.reason
          reject(signal.reason)
        })
      })
    const server = app.listen(0, '127.0.0.1')
    cleanup(() => server.close())
    const asked = request(server).get(PATH).set('Authorization', `Bearer ${tokenFor()}`)
    asked.then(
      () => {},
      () => {},
    )
    await waitFor(() => isReading)
    asked.abort()
    await waitFor(() => lines.length > 0)
    expect(ended).not.toBeNull()
    const logged = lines.map((line) => JSON.parse(line))
    expect(logged).toMatchObject([{ aborted: true }])
    expect(logged.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('a fault of the engine is answered by its code, and recorded', async () => {
    const { ask, view, audit } = rig()
    view.lookupFault = new ApiError('log-driver-unreadable', 'x', { detail: 'The log driver none ...' })
    const { status, body } = await ask()
    expect([status, body.code, body.detail]).toEqual([501, 'log-driver-unreadable', 'The log driver none ...'])
    expect(JSON.stringify(audit.events.at(-1))).toContain('log-driver-unreadable')
  })

  test('the record names the container and counts redactions, in every format', async () => {
    for (const accept of ['application/json', 'text/plain']) {
      const { ask, audit } = rig()
      await ask('', accept)
      expect(audit.events.at(-1)).toMatchObject({ kind: 'read', container: idOf('a'), status: 200 })
    }
  })
})
