import request from 'supertest'
import { type History, mapColumns } from '../../../api/model/history.js'
import { createRig } from '../../support/app-parts.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { tokenFor } from '../../support/tokens.js'

const START = Date.UTC(2026, 10, 24, 12)
const PATH = `/api/containers/${idOf('a')}/stats/history`

function rig(changes: Parameters<typeof createRig>[0] = {}) {
  const made = createRig(changes)
  made.view.all = [containerOf({ id: idOf('a'), name: 'web', labels: new Map([['team', 'web']]) })]
  const get = (path: string, token = tokenFor()) => request(made.app).get(path).set('Authorization', `Bearer ${token}`)
  return { ...made, get }
}

function historyOf(times: readonly number[]): History {
  return { intervalMs: 10_000, times, columns: mapColumns((_name, column) => times.map((_, row) => column + row / 3)) }
}

describe('statistics', () => {
  const { app, view } = createRig()
  view.all = [
    containerOf({ id: idOf('a'), name: 'web' }),
    containerOf({ id: idOf('b'), name: 'stopped', state: 'exited' }),
    containerOf({ id: idOf('c'), name: 'new' }),
    containerOf({ id: idOf('d'), name: 'paused', state: 'paused' }),
  ]
  view.addSample(idOf('a'))
  const get = (path: string) => request(app).get(path).set('Authorization', `Bearer ${tokenFor()}`)

  test('have the shape of the contract', async () => {
    const { body } = await get(`/api/containers/${idOf('a')}/stats`)
    expect(body).toEqual({
      id: idOf('a'),
      name: 'web',
      host: 'local',
      sampledAt: '1970-01-01T00:16:50.000Z',
      intervalSeconds: 10,
      cpu: {
        percent: 20,
        hostPercent: 10,
        cores: 2,
        usageSecondsTotal: 101,
        throttledPeriodsTotal: 0,
        throttledSecondsTotal: 0,
      },
      memory: { usedBytes: 1000, limitBytes: 4000, percent: 25, cacheBytes: 10, swapBytes: 0 },
      network: {
        rxBytesTotal: 1010000,
        txBytesTotal: 1010000,
        rxBytesPerSecond: 1000,
        txBytesPerSecond: 1000,
        rxErrorsTotal: 0,
        txErrorsTotal: 0,
        rxDroppedTotal: 0,
        txDroppedTotal: 0,
      },
      blockIo: { readBytesTotal: 0, writeBytesTotal: 0, readBytesPerSecond: 0, writeBytesPerSecond: 0 },
      pids: { current: 3, limit: null },
    })
  })

  test('are null throughout before the first reading, never 0', async () => {
    const { body } = await get(`/api/containers/${idOf('c')}/stats`)
    const { id, name, host, ...numbers } = body
    expect(JSON.stringify(numbers)).not.toMatch(/\d/)
    expect(body.cpu.percent).toBeNull()
  })

  test('of a stopped container are 409', async () => {
    const { status, body } = await get(`/api/containers/${idOf('b')}/stats`)
    expect([status, body.code]).toEqual([409, 'container-not-running'])
  })

  test('of a container whose state is unknown are null, because it may run', async () => {
    const made = rig()
    made.view.all = [containerOf({ id: idOf('a'), state: null })]
    const { status, body } = await made.get(`/api/containers/${idOf('a')}/stats`)
    expect([status, body.sampledAt]).toEqual([200, null])
    expect((await made.get('/api/stats')).body.total).toBe(0)
  })

  test('of all running containers are in one answer, largest first if requested', async () => {
    const names = async (query: string) =>
      (await get(`/api/stats${query}`)).body.items.map(({ name }: { name: string }) => name)
    expect(await names('')).toEqual(['new', 'paused', 'web'])
    expect(await names('?sort=-cpu')).toEqual(['web', 'new', 'paused'])
    expect(await names('?state=paused')).toEqual(['paused'])
    expect((await get('/api/stats')).body.total).toBe(3)
  })
})

describe('GET /api/containers/:id/stats/history', () => {
  test('returns columns as long as times, with null for a gap', async () => {
    const { get, view } = rig()
    view.histories.set(idOf('a'), historyOf([START, START + 10_000, START + 60_000]))
    const { status, body } = await get(PATH)
    expect(status).toBe(200)
    expect(body).toEqual({
      id: idOf('a'),
      name: 'web',
      host: 'local',
      intervalSeconds: 10,
      stepSeconds: null,
      times: [0, 10, 20, 60].map((seconds) => new Date(START + seconds * 1_000).toISOString()),
      cpu: { percent: [0, 0.333, null, 0.667] },
      memory: { usedBytes: [1, 1, null, 2] },
      network: { rxBytesPerSecond: [2, 2.333, null, 2.667], txBytesPerSecond: [3, 3.333, null, 3.667] },
      blockIo: { readBytesPerSecond: [4, 4.333, null, 4.667], writeBytesPerSecond: [5, 5.333, null, 5.667] },
      pids: { current: [6, 6.333, null, 6.667] },
    })
    expect(view.sinceAsked).toEqual([0])
  })

  test('returns means over steps', async () => {
    const { get, view } = rig()
    view.histories.set(idOf('a'), historyOf([START, START + 10_000, START + 130_000]))
    const { body } = await get(`${PATH}?step=1m`)
    expect(body).toMatchObject({ stepSeconds: 60, cpu: { percent: [0.167, null, 0.667] } })
    expect(body.times).toHaveLength(3)
  })

  test('accepts since as a time and as a duration', async () => {
    const { get, view } = rig({ now: () => START })
    const token = tokenFor({}, START)
    await get(`${PATH}?since=2026-11-24T11:00:00Z`, token)
    await get(`${PATH}?since=15m`, token)
    expect(view.sinceAsked).toEqual([START - 3_600_000, START - 900_000])
  })

  test('is empty, not an error, before the first reading', async () => {
    const { get } = rig()
    const { status, body } = await get(PATH)
    expect([status, body.times, body.cpu.percent, body.intervalSeconds]).toEqual([200, [], [], null])
  })

  test.each([
    'since=yesterday',
    'since=2026-11-24',
    'since=-1m',
    'step=10',
    'step=999ms',
    'step=61m',
    'step=x',
    'limit=1',
    'since=1m&since=2m',
  ])('refuses %s, naming the parameter', async (query) => {
    const { get } = rig()
    const { status, body } = await get(`${PATH}?${query}`)
    expect([status, body.code, body.errors[0].path]).toEqual([400, 'invalid-request', query.split('=')[0]])
  })

  test('returns at most 10,000 steps', async () => {
    const { get, view } = rig()
    view.histories.set(idOf('a'), historyOf([START, START + 9_999_000]))
    expect((await get(`${PATH}?step=1s`)).body.times).toHaveLength(10_000)
    view.histories.set(idOf('a'), historyOf([START, START + 10_000_000]))
    const over = await get(`${PATH}?step=1s`)
    expect([over.status, over.body.errors[0].path]).toEqual([400, 'step'])
    expect((await get(`${PATH}?step=2s`)).status).toBe(200)
  })

  test('accepts steps of 1s and of 1h', async () => {
    const { get } = rig()
    for (const step of ['1s', '1000ms', '1h', '60m']) expect((await get(`${PATH}?step=${step}`)).status).toBe(200)
  })

  test('does not find a container that the caller may not see', async () => {
    const { get } = rig()
    const { status, body } = await get(PATH, tokenFor({ selectors: ['team=data'] }))
    expect([status, body.code]).toEqual([404, 'container-not-found'])
  })
})
