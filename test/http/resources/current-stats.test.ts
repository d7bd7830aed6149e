import { createRig } from '../../support/app-parts.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { get } from '../../support/get.js'

describe('statistics', () => {
  const { app, view } = createRig()
  view.all = [
    containerOf({ id: idOf('a'), name: 'web' }),
    containerOf({ id: idOf('b'), name: 'stopped', state: 'exited' }),
    containerOf({ id: idOf('c'), name: 'new' }),
    containerOf({ id: idOf('d'), name: 'paused', state: 'paused' }),
  ]
  view.addSample(idOf('a'))

  test('have the shape of the contract', async () => {
    const { body } = await get(app, `/api/containers/${idOf('a')}/stats`)
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
    const { body } = await get(app, `/api/containers/${idOf('c')}/stats`)
    const { id, name, host, ...numbers } = body
    expect(JSON.stringify(numbers)).not.toMatch(/\d/)
    expect(body.cpu.percent).toBeNull()
  })

  test('of a stopped container are 409', async () => {
    const { status, body } = await get(app, `/api/containers/${idOf('b')}/stats`)
    expect([status, body.code]).toEqual([409, 'container-not-running'])
  })

  test('of all that runs come in one answer, largest first if asked', async () => {
    const names = async (query: string) =>
      (await get(app, `/api/stats${query}`)).body.items.map(({ name }: { name: string }) => name)
    expect(await names('')).toEqual(['new', 'paused', 'web'])
    expect(await names('?sort=-cpu')).toEqual(['web', 'new', 'paused'])
    expect(await names('?state=paused')).toEqual(['paused'])
    expect((await get(app, '/api/stats')).body.total).toBe(3)
  })
})
