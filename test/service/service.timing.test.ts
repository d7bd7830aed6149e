import { cleanupAfterEach } from '../support/cleanup.js'
import { ENGINE_FAULTS } from '../support/engine-faults.js'
import { eventually } from '../support/eventually.js'
import { fewest } from '../support/fewest.js'
import { type SimulatedRig, startSimulated } from '../support/start-service.js'

/** The contract promises that a change on the engine is seen within this. */
const VISIBLE_MS = 1_000

/** Twice what startService gives a lookup. */
const LOOKUP_MS = 3_000

/** Above every bound, so that what takes longer is measured, not given up. */
const PATIENCE_MS = 8_000

const onCleanup = cleanupAfterEach()

async function startRig(): Promise<SimulatedRig> {
  const rig = await startSimulated({ containers: 24 })
  onCleanup(rig.stop)
  return rig
}

/** The life of one container on the engine, and how long the service takes to show each turn of it. */
async function watchLife({ engine, get }: SimulatedRig, round: number): Promise<Record<string, number>> {
  const [born, renamed] = [`newcomer-${round}`, `renamed-${round}`]
  type Item = Readonly<Record<string, unknown>> | undefined
  const seen = (name: string, isSeen: (found: Item) => boolean) =>
    eventually(
      async () =>
        (await get(`/api/containers?name=${name}`)).body.items.find((item: { name: string }) => item.name === name),
      isSeen,
      PATIENCE_MS,
    )
  const id = engine.run({ name: born, image: 'nginx:1.27' })
  const started = await seen(born, (found) => found?.['state'] === 'running')
  engine.rename(id, renamed)
  const moved = await seen(renamed, (found) => found?.['id'] === id)
  engine.pause(id)
  const paused = await seen(renamed, (found) => found?.['state'] === 'paused')
  engine.unpause(id)
  const unpaused = await seen(renamed, (found) => found?.['state'] === 'running')
  engine.kill(id, 137, { oom: true })
  const killed = await seen(
    renamed,
    (found) => found?.['state'] === 'exited' && found['exitCode'] === 137 && found['oomKilled'] === true,
  )
  expect((await get(`/api/containers/${id}/stats`)).body.code).toBe('container-not-running')
  engine.remove(id)
  const removed = await seen(renamed, (found) => found === undefined)
  expect((await get(`/api/containers/${id}`)).body.code).toBe('container-not-found')
  return { started, renamed: moved, paused, unpaused, killed, removed }
}

describe('a service over an engine', () => {
  test('is ready at once, with everything inspected within a second', async () => {
    const best = await fewest(VISIBLE_MS, async () => {
      const { url, get } = await startRig()
      expect((await fetch(`${url}/health/ready`)).status).toBe(200)
      const isComplete = (items: { restartCount: number | null }[]) =>
        items.length === 24 && items.every(({ restartCount }) => restartCount !== null)
      const inspected = await eventually(async () => (await get('/api/containers')).body.items, isComplete, PATIENCE_MS)
      return { inspected }
    })
    expect(best['inspected']).toBeLessThanOrEqual(VISIBLE_MS)
  }, 60_000)

  test('sees a container started, renamed, paused, ill, stopped and removed within a second each', async () => {
    const rig = await startRig()
    let round = 0
    const best = await fewest(VISIBLE_MS, () => watchLife(rig, round++))
    expect(Object.entries(best).filter(([, took]) => took > VISIBLE_MS)).toEqual([])
  }, 60_000)

  test('names a problem within the deadline, however its engine fails', async () => {
    const rig = await startRig()
    const [first] = rig.engine.containers()
    for (const [how, fault] of ENGINE_FAULTS) {
      rig.engine.setFault('inspect', fault)
      const startedAt = performance.now()
      const { body } = await rig.get(`/api/containers/${first?.id}`)
      expect([how, performance.now() - startedAt < LOOKUP_MS]).toEqual([how, true])
      expect([how, body.code]).toEqual([how, expect.stringMatching(/^engine-/)])
    }
  }, 60_000)
})
