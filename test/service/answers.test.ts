import { FEEDS, ROUTES, STREAMS } from '../../api/http/routes.js'
import { listenTo } from '../support/event-reader.js'
import { eventually } from '../support/eventually.js'
import { type SimulatedRig, startSimulated } from '../support/start-service.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 10_000

describe('over an engine, an answer is what its schema says', () => {
  let rig: SimulatedRig
  beforeAll(async () => {
    rig = await startSimulated({ containers: 24 })
    rig.engine.run({ name: 'newcomer', image: 'nginx:1.27' })
    type Row = { cpu: { percent: number | null } }
    const isSampled = (items: Row[]) => items.length > 10 && items.every(({ cpu }) => cpu.percent !== null)
    await eventually(async () => (await rig.get('/api/stats')).body.items, isSampled, PATIENCE_MS)
  })
  afterAll(() => rig.stop())

  const running = () => rig.engine.containers().flatMap(({ id, state }) => (state === 'running' ? [id] : []))

  test.each(ROUTES)('for $path', async ({ path, answer }) => {
    const ids = path.includes(':id') ? running() : ['']
    for (const id of ids) {
      const { status, text, body } = await rig.get(path.replace(':id', id))
      const content = path === '/metrics' ? text : body
      // A container whose log driver cannot be read has no log.
      if (status === 501 && path.endsWith('/logs')) continue
      expect([path, status]).toEqual([path, 200])
      expect(answer.parse(content)).toEqual(content)
    }
  })

  test.each([...STREAMS, ...FEEDS])('for each event of $path', async (route) => {
    const path = `${route.path.replace(':id', running()[0] ?? '')}${'events' in route ? '?since=100000d' : ''}`
    const stream = await listenTo(rig.port, path, tokenFor())
    try {
      await eventually(
        () => stream.events.length,
        (count) => count > 0,
        PATIENCE_MS,
      )
      for (const { event, data } of stream.events) {
        const schema = 'events' in route ? route.events[event] : route.answer
        expect(schema?.parse(JSON.parse(data))).toEqual(JSON.parse(data))
      }
    } finally {
      stream.close()
    }
  })
})
