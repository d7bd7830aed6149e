import request from 'supertest'
import { createRig, GENEROUS } from '../../support/app-parts.js'
import { FakeClock } from '../../support/fake-clock.js'
import { hostOf } from '../../support/fake-view.js'
import { tokenFor } from '../../support/tokens.js'

function rig(changes: Parameters<typeof createRig>[0] = {}) {
  const made = createRig(changes)
  made.view.fleet = [hostOf(), hostOf({ id: 'two', state: 'stale' })]
  made.view.metrics = [
    {
      host: 'local',
      calls: [
        { call: 'stats', result: 'ok', count: 12, seconds: 18.5 },
        { call: 'stats', result: 'engine-timeout', count: 1, seconds: 10 },
      ],
      watchedContainers: 3,
      historyBytes: 19_764,
      logRedactions: 3,
    },
  ]
  const scrape = (token = tokenFor({ scopes: ['metrics:read'] })) =>
    request(made.app).get('/metrics').set('Authorization', `Bearer ${token}`)
  return { ...made, scrape }
}

describe('GET /metrics', () => {
  test('says what watching costs the engines, in the text format of Prometheus', async () => {
    const { scrape } = rig()
    const { status, headers, text } = await scrape()
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
    for (const line of [
      'porthole_host_up{host="local"} 1',
      'porthole_host_up{host="two"} 0',
      'porthole_engine_calls_total{host="local",call="stats",result="ok"} 12',
      'porthole_engine_calls_total{host="local",call="stats",result="engine-timeout"} 1',
      'porthole_engine_call_seconds_total{host="local",call="stats",result="ok"} 18.5',
      'porthole_sampler_watched_containers{host="local"} 3',
      'porthole_history_bytes{host="local"} 19764',
      'porthole_streams_open 0',
    ])
      expect(text.split('\n')).toContain(line)
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
    expect(text).toMatch(/^# TYPE porthole_engine_calls_total counter$/m)
  })

  test('says what of an engine cannot be shown', async () => {
    const { view, scrape } = rig()
    view.fleet = [hostOf({ omitted: { containers: 4, partialContainers: 3, events: 2, isListTruncated: true } })]
    const { text } = await scrape()
    for (const line of [
      'porthole_engine_omitted_containers{host="local"} 4',
      'porthole_engine_partial_containers{host="local"} 3',
      'porthole_engine_list_truncated{host="local"} 1',
      'porthole_engine_omitted_events_total{host="local"} 2',
    ])
      expect(text.split('\n')).toContain(line)
  })

  test('gives the totals as they are, however often it is asked', async () => {
    const { scrape } = rig()
    await scrape()
    expect((await scrape()).text).toContain('call="stats",result="ok"} 12\n')
  })

  test('gives a caller who may see some containers only nothing that counts over all', async () => {
    const { scrape } = rig()
    const { text } = await scrape(tokenFor({ scopes: ['metrics:read'], selectors: ['team=web'] }))
    expect(text).toContain('porthole_host_up')
    expect(text).not.toMatch(/porthole_engine|watched|history|audit|streams/)
  })

  test('requires its scope, and a token', async () => {
    const { app, scrape } = rig()
    expect((await scrape(tokenFor({ scopes: ['containers:read'] }))).status).toBe(403)
    expect((await request(app).get('/metrics')).status).toBe(401)
    expect((await request(app).post('/metrics').set('Authorization', `Bearer ${tokenFor()}`)).status).toBe(405)
    expect((await scrape().query({ x: 1 })).status).toBe(400)
  })

  const limits = { ...GENEROUS, general: 2, metrics: 3 }

  test('counts toward a limit of its own, for each subject, with the fields of the others', async () => {
    const { audit, scrape } = rig({ limits })
    for (let left = 2; left >= 0; left -= 1) {
      const { status, headers } = await scrape()
      expect([status, headers['ratelimit']]).toEqual([200, expect.stringMatching(`^"metrics"; r=${left}; t=`)])
    }
    const refused = []
    for (let i = 0; i < 3; i += 1) refused.push(await scrape())
    for (const { status, headers, body } of refused) {
      expect([status, body.code]).toEqual([429, 'rate-limited'])
      expect(headers['ratelimit-policy']).toMatch(/^"metrics"; q=3; w=900; pk=:/)
      expect(Number(headers['retry-after'])).toBeGreaterThan(890)
    }
    expect(audit.authActions).toEqual(['rate-limited'])
    expect(audit.events.filter(({ kind }) => kind === 'read')).toHaveLength(3)
    const other = tokenFor({ subject: 'another', scopes: ['metrics:read'] })
    expect((await scrape(other)).status).toBe(200)
  })

  test('does not use up what else its subject may ask', async () => {
    const { app, scrape } = rig({ limits })
    const token = tokenFor({ scopes: ['metrics:read', 'containers:read'] })
    for (let i = 0; i < 4; i += 1) await scrape(token)
    const list = () => request(app).get('/api/containers').set('Authorization', `Bearer ${token}`)
    const statuses = []
    for (let i = 0; i < 3; i += 1) statuses.push((await list()).status)
    expect(statuses).toEqual([200, 200, 429])
  })

  test('counts toward the general limit for a caller who may not read it', async () => {
    const { app, scrape } = rig({ limits })
    const other = tokenFor({ subject: 'curious', scopes: ['containers:read'] })
    const refusals = []
    for (let i = 0; i < 3; i += 1) refusals.push((await scrape(other)).status)
    expect(refusals).toEqual([403, 403, 429])
    const strangers = [1, 2, 3].map(() => request(app).get('/metrics'))
    const statuses = []
    for (const stranger of strangers) statuses.push((await stranger).status)
    expect(statuses).toEqual([401, 401, 429])
  })

  test('is rendered once a second for all who see the same', async () => {
    const clock = new FakeClock()
    const { view, scrape: scrapeWith } = rig({ clock })
    const { hosts } = view
    let looks = 0
    view.hosts = () => {
      looks += 1
      return hosts.call(view)
    }
    /** Whether something was rendered since the last look. */
    const isRendered = () => {
      const is = looks > 0
      looks = 0
      return is
    }
    const scrape = (subject: string, selectors?: string[]) =>
      scrapeWith(tokenFor({ subject, scopes: ['metrics:read'], ...(selectors ? { selectors } : {}) }, clock.now()))
    await scrape('first')
    const ofOneRendering = looks
    await clock.advance(1_000)
    looks = 0
    const [one, other] = await Promise.all([scrape('one'), scrape('other')])
    expect(one.text).toBe(other.text)
    expect(looks).toBe(ofOneRendering)
    looks = 0
    await clock.advance(999)
    await scrape('third')
    expect(isRendered()).toBe(false)
    expect((await scrape('filtered', ['team=web'])).text).not.toContain('engine_calls')
    expect(isRendered()).toBe(true)
    await scrape('one')
    expect(isRendered()).toBe(false)
    await clock.advance(1)
    await scrape('one')
    expect(isRendered()).toBe(true)
  })
})
