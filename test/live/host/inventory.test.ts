import { Inventory } from '../../../api/live/host/inventory.js'
import { idOf, inspected, listed } from '../../support/fake-engine.js'

const A = idOf('a')
const B = idOf('b')

function rig() {
  const inventory = new Inventory('local')
  for (const id of [A, B]) inventory.applyListed(listed({ id }))
  const ids = () => inventory.containers().map(({ id }) => id)
  return { inventory, ids }
}

describe('Inventory', () => {
  test('holds what was listed until it is removed', () => {
    const { inventory, ids } = rig()
    expect(ids()).toEqual([A, B])
    expect([...inventory.ids()]).toEqual([A, B])
    inventory.remove(A)
    expect(ids()).toEqual([B])
    expect(inventory.get(A)).toBeUndefined()
    inventory.applyListed(listed({ id: A }))
    expect(ids()).toEqual([B, A])
  })

  test('drops fields inspected in another run, and keeps static fields', () => {
    const { inventory } = rig()
    inventory.applyInspect(inspected(listed({ id: A }), { restartCount: 3, tty: true }))
    expect(inventory.get(A)).toMatchObject({ restartCount: 3, tty: true })
    inventory.applyListed(listed({ id: A, state: 'paused' }))
    expect(inventory.get(A)).toMatchObject({ restartCount: 3, tty: true })
    inventory.applyListed(listed({ id: A, state: 'exited' }))
    expect(inventory.get(A)).toMatchObject({ restartCount: null, startedAt: null, tty: true })
  })

  test('takes the state that the list does not say from the inspect, and has none before', () => {
    const inventory = new Inventory('local')
    const silent = listed({ id: A, state: null, status: null, isPartial: true })
    expect(inventory.applyListed(silent)).toMatchObject({ state: null, health: null, isPartial: true })
    expect(inventory.applyInspect(inspected(silent, { state: 'exited', exitCode: 3, health: 'none' }))).toBe(true)
    expect(inventory.get(A)).toMatchObject({ state: 'exited', health: 'none', exitCode: 3, status: null })
    // The next list says as little, which is no other run.
    expect(inventory.applyListed({ ...silent, name: 'other' })).toMatchObject({ state: 'exited', exitCode: 3 })
    inventory.applyInspect(inspected(silent, { state: 'running', exitCode: null }))
    expect(inventory.get(A)).toMatchObject({ state: 'running', exitCode: null })
    // A list that says it again comes first.
    expect(inventory.applyListed(listed({ id: A, state: 'dead' }))).toMatchObject({ state: 'dead', exitCode: null })
  })

  test('says whether list and inspect agree', () => {
    const { inventory } = rig()
    expect(inventory.agrees(A)).toBe(false)
    expect(inventory.applyInspect(inspected(listed({ id: A })))).toBe(true)
    expect(inventory.applyInspect(inspected(listed({ id: A }), { health: 'unhealthy' }))).toBe(false)
    expect(inventory.applyInspect(inspected(listed({ id: A, state: 'exited' }), { state: 'exited' }))).toBe(false)
  })

  test('counts the containers that are shown in part', () => {
    const { inventory } = rig()
    expect(inventory.partial).toBe(0)
    inventory.applyListed(listed({ id: A, isPartial: true }))
    inventory.applyListed(listed({ id: B, isPartial: true }))
    inventory.applyListed(listed({ id: B, isPartial: true, name: 'other' }))
    expect(inventory.partial).toBe(2)
    inventory.applyListed(listed({ id: A }))
    expect(inventory.partial).toBe(1)
    inventory.remove(B)
    expect(inventory.partial).toBe(0)
  })

  test('changes its version with each visible change and nothing else', () => {
    const { inventory } = rig()
    const { version } = inventory
    inventory.applyListed(listed({ id: A }))
    inventory.remove(idOf('c'))
    inventory.applyCrashes(idOf('c'), { crashes: [1], memoryKills: [] })
    inventory.applyCrashes(A, { crashes: [], memoryKills: [] })
    // Inspected in another run: nothing of it is shown.
    inventory.applyInspect(inspected(listed({ id: A, state: 'exited' })))
    const isFirst = inventory.version
    inventory.applyInspect(inspected(listed({ id: A, state: 'exited' })))
    expect([isFirst, inventory.version]).toEqual([version + 1, version + 1])
    inventory.applyCrashes(A, { crashes: [1], memoryKills: [] })
    inventory.applyCrashes(A, { crashes: [1], memoryKills: [] })
    expect(inventory.version).toBe(version + 2)
    expect(inventory.get(A)?.crashes).toEqual([1])
    inventory.applyListed(listed({ id: A, name: 'other' }))
    expect(inventory.version).toBe(version + 3)
    inventory.remove(A)
    expect(inventory.version).toBe(version + 4)
  })

  test.each([
    ['image', { image: null }],
    ['imageId', { imageId: 'sha256:0' }],
    ['state', { state: 'paused' as const }],
    ['status', { status: 'Up 3 hours' }],
    ['createdAt', { createdAt: null }],
    ['ports', { ports: [{ ip: null, hostPort: 80, containerPort: 80, protocol: 'tcp' }] }],
    ['labels', { labels: new Map([['team', 'web']]) }],
    ['networks', { networks: ['host'] }],
    ['volumes', { volumes: ['data'] }],
    ['isPartial', { isPartial: true }],
    ['redactions', { redactions: 1 }],
  ])('notices another %s', (_field, changes) => {
    const { inventory } = rig()
    const { version } = inventory
    inventory.applyListed(listed({ id: A, ...changes }))
    expect(inventory.version).toBe(version + 1)
    expect(inventory.get(A)).toMatchObject({ id: A, ...changes })
    inventory.applyListed(listed({ id: A, ...changes }))
    expect(inventory.version).toBe(version + 1)
  })

  test.each([
    ['value', new Map([['team', 'db']])],
    ['key', new Map([['crew', 'web']])],
  ])('notices a label with another %s', (_part, labels) => {
    const { inventory } = rig()
    inventory.applyListed(listed({ id: A, labels: new Map([['team', 'web']]) }))
    const { version } = inventory
    inventory.applyListed(listed({ id: A, labels: new Map([['team', 'web']]) }))
    expect(inventory.version).toBe(version)
    inventory.applyListed(listed({ id: A, labels }))
    expect(inventory.version).toBe(version + 1)
    expect(inventory.get(A)?.labels).toEqual(labels)
  })

  test('returns the same objects while nothing changes', () => {
    const { inventory } = rig()
    const [before, all] = [inventory.get(A), inventory.containers()]
    inventory.applyListed(listed({ id: A }))
    expect(inventory.get(A)).toBe(before)
    expect(inventory.containers()).toBe(all)
    inventory.applyListed(listed({ id: A, name: 'other' }))
    expect(inventory.containers()).not.toBe(all)
  })
})
