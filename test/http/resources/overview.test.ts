import { ApiError } from '../../../api/model/error.js'
import { createRig } from '../../support/app-parts.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf, hostOf } from '../../support/fake-view.js'
import { get } from '../../support/get.js'
import { tokenFor } from '../../support/tokens.js'

describe('GET /api/summary', () => {
  test('counts in primitives, two levels deep', async () => {
    const { app, view } = createRig()
    view.all = [
      containerOf({ id: idOf('a'), health: 'healthy' }),
      containerOf({ id: idOf('b'), health: 'unhealthy' }),
      containerOf({ id: idOf('c'), state: 'exited', exitCode: 137, oomKilled: true }),
      containerOf({ id: idOf('d'), state: 'exited', exitCode: 0 }),
      containerOf({ id: idOf('e'), state: 'restarting' }),
    ]
    view.addSample(idOf('a'))
    view.fleet = [hostOf(), hostOf({ id: 'x', state: 'stale', fault: new ApiError('engine-unavailable', 'down') })]
    const { body } = await get(app, '/api/summary')
    expect(body).toEqual({
      observedAt: '2026-11-24T00:00:00.000Z',
      hosts: { total: 2, live: 1, stale: 1, connecting: 0 },
      containers: { total: 5, running: 2, paused: 0, restarting: 1, created: 0, exited: 2, removing: 0, dead: 0 },
      health: { healthy: 1, unhealthy: 1, starting: 0, none: 3 },
      cpu: { percent: 20, cores: null },
      memory: { usedBytes: 1000, totalBytes: null },
      problems: {
        crashloop: 0,
        total: 4,
        unhealthy: 1,
        restarting: 1,
        oomKilled: 1,
        exitedNonzero: 1,
        dead: 0,
        hostsDown: 1,
      },
    })
  })
  test('counts a container whose state and health are unknown in the total alone', async () => {
    const { app, view } = createRig()
    view.all = [containerOf({ id: idOf('a'), state: null, status: null, health: null })]
    const { body } = await get(app, '/api/summary')
    const { total, ...states } = body.containers
    expect([total, body.problems.total]).toEqual([1, 0])
    for (const count of [...Object.values(states), ...Object.values(body.health)]) expect(count).toBe(0)
  })
})

describe.each(['/api/hosts', '/api/system?disk=false'])('GET %s', (path) => {
  const { app, view } = createRig()
  view.all = [containerOf({ id: idOf('a'), state: null, labels: new Map([['team', 'web']]) })]
  view.fleet = [hostOf({ omitted: { containers: 4, partialContainers: 3, events: 2, isListTruncated: true } })]

  test('says what of its engine cannot be shown', async () => {
    const { body } = await get(app, path)
    expect(body.items).toMatchObject([
      {
        containers: { total: 1, running: 0, paused: 0, exited: 0 },
        omitted: { containers: 4, partialContainers: 3, events: 2, listTruncated: true },
      },
    ])
  })

  test('does not say it to a caller who may not see all containers', async () => {
    const { body } = await get(app, path, tokenFor({ selectors: ['team=web'] }))
    expect(body.items).toMatchObject([{ containers: { total: 1 }, omitted: null }])
  })
})
