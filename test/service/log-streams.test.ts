import { cleanupAfterEach } from '../support/cleanup.js'
import { listenTo } from '../support/event-reader.js'
import { eventually } from '../support/eventually.js'
import { startSimulated } from '../support/start-service.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 10_000

const cleanup = cleanupAfterEach()

test('streams of one log, over sockets, share one request to the engine, also while clients come and go', async () => {
  const rig = await startSimulated({ containers: 1 })
  cleanup(() => rig.stop())
  const id = rig.engine.run({ name: 'quiet', image: 'busybox:1' })
  await eventually(
    async () => (await rig.get(`/api/containers/${id}`)).status,
    (status) => status === 200,
    PATIENCE_MS,
  )
  const subjects = ['alice', 'bob', 'carol']
  const open = (nth: number, text: string) => {
    const token = tokenFor({ subject: subjects[nth % subjects.length] ?? '' })
    return listenTo(rig.port, `/api/containers/${id}/logs/stream?tail=0&grep=${text}`, token)
  }
  const streams = await Promise.all(Array.from({ length: 30 }, (_, nth) => open(nth, `x${nth % 10}`)))
  cleanup(() => {
    for (const stream of streams) stream.close()
  })
  const followed = () =>
    rig.engine.requests.filter(({ path }) => path.includes('/logs') && /follow=(1|true)/.test(path))
  await eventually(
    () => followed().length,
    (count) => count > 0,
    PATIENCE_MS,
  )
  const write = (from: number, count: number) =>
    rig.engine.log(id, 'stdout', Array.from({ length: count }, (_, row) => `line x${(from + row) % 10}`).join('\n'))
  write(0, 100)
  await eventually(
    () => streams.every(({ events }) => events.length >= 10),
    (areThere) => areThere,
    PATIENCE_MS,
  )
  for (const stream of streams.slice(0, 29)) stream.close()
  write(0, 100)
  await eventually(
    () => streams[29]?.events.length,
    (count) => count === 20,
    PATIENCE_MS,
  )
  expect(followed()).toHaveLength(1)
  for (const [nth, { events }] of streams.entries())
    expect(new Set(events.map(({ data }) => JSON.parse(data).message))).toEqual(new Set([`line x${nth % 10}`]))
})
