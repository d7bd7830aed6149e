import { cleanupAfterEach } from '../support/cleanup.js'
import { ENGINE_FAULTS } from '../support/engine-faults.js'
import { eventually } from '../support/eventually.js'
import { type SimulatedRig, startSimulated } from '../support/start-service.js'

/** The contract promises that a change on the engine is seen within this. */
const VISIBLE_MS = 1_000

/** Twice what startService gives a lookup. */
const LOOKUP_MS = 3_000

const onCleanup = cleanupAfterEach()
let rig: SimulatedRig
beforeEach(async () => {
  rig = await startSimulated({ containers: 24 })
  onCleanup(rig.stop)
})

async function container(name: string): Promise<Record<string, unknown> | undefined> {
  const { body } = await rig.get(`/api/containers?name=${name}`)
  return body.items.find((item: { name: string }) => item.name === name)
}

describe('a service over an engine', () => {
  test('is ready at once, with everything inspected within a second', async () => {
    expect((await fetch(`${rig.url}/health/ready`)).status).toBe(200)
    const isComplete = (items: { restartCount: number | null }[]) =>
      items.length === 24 && items.every(({ restartCount }) => restartCount !== null)
    await eventually(async () => (await rig.get('/api/containers')).body.items, isComplete, VISIBLE_MS)
  })

  test('sees a container started, renamed, paused, ill, stopped and removed within a second each', async () => {
    const id = rig.engine.run({ name: 'newcomer', image: 'nginx:1.27' })
    await eventually(
      () => container('newcomer'),
      (found) => found?.['state'] === 'running',
      VISIBLE_MS,
    )
    rig.engine.rename(id, 'renamed')
    await eventually(
      () => container('renamed'),
      (found) => found?.['id'] === id,
      VISIBLE_MS,
    )
    rig.engine.pause(id)
    await eventually(
      () => container('renamed'),
      (found) => found?.['state'] === 'paused',
      VISIBLE_MS,
    )
    rig.engine.unpause(id)
    await eventually(
      () => container('renamed'),
      (found) => found?.['state'] === 'running',
      VISIBLE_MS,
    )
    rig.engine.kill(id, 137, { oom: true })
    await eventually(
      () => container('renamed'),
      (found) => found?.['state'] === 'exited' && found['exitCode'] === 137 && found['oomKilled'] === true,
      VISIBLE_MS,
    )
    expect((await rig.get(`/api/containers/${id}/stats`)).body.code).toBe('container-not-running')
    rig.engine.remove(id)
    await eventually(
      () => container('renamed'),
      (found) => found === undefined,
      VISIBLE_MS,
    )
    expect((await rig.get(`/api/containers/${id}`)).body.code).toBe('container-not-found')
  })

  test('names a problem within the deadline, however its engine fails', async () => {
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
