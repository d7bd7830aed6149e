import { PartySemaphore } from '../../api/concurrency/party-semaphore.js'
import type { Release } from '../../api/concurrency/semaphore.js'
import { FakeClock, settle } from '../support/fake-clock.js'

function rig() {
  const clock = new FakeClock()
  const semaphore = new PartySemaphore({ perParty: 2, maxWaitMs: 2_000, refusal: () => new Error('too long'), clock })
  const began: string[] = []
  const failed: string[] = []
  const releases = new Map<string, Release>()
  const enter = async (party: string, name: string, signal?: AbortSignal) => {
    try {
      const release = await semaphore.acquire(party, () => signal ?? new AbortController().signal)
      releases.set(name, release)
      began.push(name)
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : error}`)
    }
  }
  const leave = async (name: string) => {
    releases.get(name)?.()
    await settle()
  }
  return { clock, semaphore, began, failed, enter, leave }
}

describe('a semaphore for each party', () => {
  test('lets each party run up to its limit, and its others wait in their order', async () => {
    const { began, enter, leave, clock, semaphore } = rig()
    for (const name of ['a1', 'a2', 'a3', 'a4']) void enter('a', name)
    for (const name of ['b1', 'b2', 'b3']) void enter('b', name)
    await settle()
    expect(began).toEqual(['a1', 'a2', 'b1', 'b2'])
    await leave('a2')
    await leave('a2')
    expect(began.slice(4)).toEqual(['a3'])
    for (const name of ['a1', 'b1']) await leave(name)
    expect(began.slice(5)).toEqual(['a4', 'b3'])
    for (const name of ['a3', 'a4', 'b2', 'b3']) await leave(name)
    expect([semaphore.size, clock.pending]).toEqual([0, 0])
  })

  test('refuses what has waited too long, and nothing of others', async () => {
    const { began, failed, enter, leave, clock, semaphore } = rig()
    for (const name of ['a1', 'a2', 'late']) void enter('a', name)
    await clock.advance(1_000)
    void enter('a', 'later')
    await clock.advance(999)
    expect(failed).toEqual([])
    await clock.advance(1)
    expect(failed).toEqual(['late: too long'])
    await enter('b', 'b1')
    await leave('a1')
    expect(began).toEqual(['a1', 'a2', 'b1', 'later'])
    await clock.advance(5_000)
    expect(failed).toHaveLength(1)
    for (const name of ['a2', 'later', 'b1']) await leave(name)
    expect([semaphore.size, clock.pending]).toEqual([0, 0])
  })

  test('ends the wait of a client that goes away, and gives its turn to the next', async () => {
    const { began, failed, enter, leave, clock, semaphore } = rig()
    const gone = new AbortController()
    for (const name of ['a1', 'a2']) await enter('a', name)
    void enter('a', 'gone', gone.signal)
    void enter('a', 'next')
    gone.abort(new Error('client gone'))
    await settle()
    void enter('a', 'gone before', gone.signal)
    await settle()
    expect(failed).toEqual(['gone: client gone', 'gone before: client gone'])
    await leave('a1')
    expect(began).toEqual(['a1', 'a2', 'next'])
    for (const name of ['a2', 'next']) await leave(name)
    expect([semaphore.size, clock.pending]).toEqual([0, 0])
  })
})
