import { Inventory } from '../../../api/live/host/inventory.js'
import { idOf, inspected, listed } from '../../support/fake-engine.js'

const A = idOf('a')
const B = idOf('b')

function rig() {
  const inventory = new Inventory('local')
  inventory.applyList(null, [listed({ id: A }), listed({ id: B })])
  const ids = () => [...inventory.containers()].map(({ id }) => id)
  return { inventory, ids }
}

describe('Inventory', () => {
  test('holds the whole list, and drops only requested containers that a partial list lacks', () => {
    const { inventory, ids } = rig()
    expect(ids()).toEqual([A, B])
    inventory.applyList([A], [])
    expect(ids()).toEqual([B])
    inventory.applyList(null, [listed({ id: A })])
    expect(ids()).toEqual([A])
  })

  test('drops fields inspected in another run, and keeps static fields', () => {
    const { inventory } = rig()
    inventory.applyInspect(inspected(listed({ id: A }), { restartCount: 3, tty: true }))
    expect(inventory.get(A)).toMatchObject({ restartCount: 3, tty: true })
    inventory.applyList([A], [listed({ id: A, state: 'paused' })])
    expect(inventory.get(A)).toMatchObject({ restartCount: 3, tty: true })
    inventory.applyList([A], [listed({ id: A, state: 'exited' })])
    expect(inventory.get(A)).toMatchObject({ restartCount: null, startedAt: null, tty: true })
  })

  test('says whether list and inspect agree', () => {
    const { inventory } = rig()
    expect(inventory.agrees(A)).toBe(false)
    expect(inventory.applyInspect(inspected(listed({ id: A })))).toBe(true)
    expect(inventory.applyInspect(inspected(listed({ id: A }), { health: 'unhealthy' }))).toBe(false)
    expect(inventory.applyInspect(inspected(listed({ id: A, state: 'exited' }), { state: 'exited' }))).toBe(false)
  })

  test('changes its version with each visible change and nothing else', () => {
    const { inventory } = rig()
    const { version } = inventory
    inventory.applyList([A], [listed({ id: A })])
    inventory.remove(idOf('c'))
    inventory.applyCrashes(idOf('c'), { crashes: [1], memoryKills: [] })
    expect(inventory.version).toBe(version)
    inventory.applyCrashes(A, { crashes: [1], memoryKills: [] })
    expect(inventory.version).toBe(version + 1)
    expect(inventory.get(A)?.crashes).toEqual([1])
    inventory.applyList([A], [listed({ id: A, name: 'other' })])
    expect(inventory.version).toBe(version + 2)
    inventory.remove(A)
    expect(inventory.version).toBe(version + 3)
  })

  test('returns the same object while nothing changes', () => {
    const { inventory } = rig()
    const before = inventory.get(A)
    inventory.applyList([A], [listed({ id: A })])
    expect(inventory.get(A)).toBe(before)
  })
})
