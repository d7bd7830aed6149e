import { createMemoryStore } from '../../api/store/memory.js'
import type { Session } from '../../api/store/store.js'

const START = Date.UTC(2026, 10, 24)

function rig() {
  const time = { now: START }
  const store = createMemoryStore(() => time.now)
  return { time, store, counters: store.counters('general addresses') }
}

function session(id: string, changes: Partial<Session> = {}): Session {
  return {
    id,
    userName: 'alice',
    credentialStamp: 'stamp',
    startedAt: START,
    endsAt: START + 10_000,
    idleAt: START + 5_000,
    generation: 0,
    tokenHash: 'first',
    ...changes,
  }
}

describe('counters', () => {
  test('count within a window, and from zero in the next', async () => {
    const { counters, time } = rig()
    expect(await counters.add('k', 1_000)).toEqual({ hits: 1, resetsAt: START + 1_000 })
    time.now += 999
    expect(await counters.add('k', 1_000)).toEqual({ hits: 2, resetsAt: START + 1_000 })
    expect(await counters.read('k')).toEqual({ hits: 2, resetsAt: START + 1_000 })
    time.now += 1
    expect(await counters.read('k')).toBeNull()
    expect(await counters.add('k', 1_000)).toEqual({ hits: 1, resetsAt: START + 2_000 })
  })

  test('decrement, never below zero, and clear a key', async () => {
    const { counters } = rig()
    await counters.add('k', 1_000)
    for (let i = 0; i < 3; i += 1) await counters.decrement('k')
    expect((await counters.read('k'))?.hits).toBe(0)
    await counters.clear('k')
    expect(await counters.read('k')).toBeNull()
  })

  test('read a key without room from the overflow bucket, unless the count grants an exemption', async () => {
    const { store } = rig()
    const [failures, known] = [store.counters('failed pairs'), store.counters('known pairs')]
    for (const counters of [failures, known]) for (let i = 0; i < 100_001; i += 1) await counters.add(`k${i}`, 100_000)
    expect((await failures.read('new'))?.hits).toBe(1)
    await failures.add('another', 100_000)
    expect((await failures.read('new'))?.hits).toBe(2)
    expect((await failures.read('k0'))?.hits).toBe(1)
    expect(await known.read('new')).toBeNull()
    expect(await known.read('k100000')).toBeNull()
  })

  test('count all keys after the first hundred thousand together, and the first exactly', async () => {
    const { counters } = rig()
    for (let i = 0; i < 100_000; i += 1) await counters.add(`k${i}`, 1_000)
    expect((await counters.add('k0', 1_000)).hits).toBe(2)
    expect((await counters.add('new', 1_000)).hits).toBe(1)
    expect((await counters.add('newer', 1_000)).hits).toBe(2)
  })

  test('have room again once windows have ended', async () => {
    const { counters, time } = rig()
    for (let i = 0; i < 100_001; i += 1) await counters.add(`k${i}`, 1_000)
    time.now += 60_000
    expect((await counters.add('new', 1_000)).hits).toBe(1)
    expect((await counters.add('newer', 1_000)).hits).toBe(1)
  })

  test('of one kind are not crowded out by another kind', async () => {
    const { store, counters } = rig()
    for (let i = 0; i < 100_001; i += 1) await counters.add(`k${i}`, 1_000)
    const subjects = store.counters('general subjects')
    for (const subject of ['a', 'b', 'c']) expect((await subjects.add(subject, 1_000)).hits).toBe(1)
    expect(store.counters('general subjects')).toBe(subjects)
  })
})

describe('sessions', () => {
  const presented = { generation: 0, tokenHash: 'first' }
  const next = { tokenHash: 'second', idleAt: START + 8_000 }

  test('rotate once, and end when the same token is used again', async () => {
    const { store } = rig()
    await store.sessions.open(session('s'))
    expect(await store.sessions.rotate({ id: 's', presented, next })).toBe('rotated')
    expect(await store.sessions.find('s')).toMatchObject({ generation: 1, tokenHash: 'second', idleAt: START + 8_000 })
    expect(await store.sessions.rotate({ id: 's', presented, next })).toBe('replayed')
    expect(await store.sessions.find('s')).toBeNull()
    expect(await store.sessions.rotate({ id: 's', presented, next })).toBe('ended')
  })

  test('let one of two concurrent rotations through, and then end', async () => {
    const { store } = rig()
    await store.sessions.open(session('s'))
    const outcomes = await Promise.all([1, 2].map(() => store.sessions.rotate({ id: 's', presented, next })))
    expect(outcomes.sort()).toEqual(['replayed', 'rotated'])
    expect(await store.sessions.find('s')).toBeNull()
  })

  test('end by idling, and at their end however often they are refreshed', async () => {
    const { store, time } = rig()
    await store.sessions.open(session('idle'))
    await store.sessions.open(session('long', { idleAt: START + 20_000 }))
    time.now += 4_999
    expect(await store.sessions.find('idle')).not.toBeNull()
    time.now += 1
    expect(await store.sessions.find('idle')).toBeNull()
    time.now = START + 9_999
    expect(await store.sessions.find('long')).not.toBeNull()
    time.now += 1
    expect(await store.sessions.find('long')).toBeNull()
    expect(await store.sessions.end('long')).toBe(false)
  })

  test('let one user have 32, and beyond that end the one that was not used for longest', async () => {
    const { store } = rig()
    for (let i = 1; i <= 32; i += 1) await store.sessions.open(session(`s${i}`))
    expect(await store.sessions.rotate({ id: 's1', presented, next })).toBe('rotated')
    await store.sessions.open(session('s33'))
    expect(await store.sessions.find('s1')).not.toBeNull()
    expect(await store.sessions.find('s2')).toBeNull()
    expect(await store.sessions.find('s3')).not.toBeNull()
    await store.sessions.open(session('s34'))
    expect(await store.sessions.find('s3')).toBeNull()
  })

  test('that have ended take no place of a user', async () => {
    const { store, time } = rig()
    await store.sessions.open(session('long', { endsAt: START + 100_000, idleAt: START + 100_000 }))
    for (let i = 1; i <= 31; i += 1) await store.sessions.open(session(`s${i}`))
    time.now += 6_000
    await store.sessions.open(session('new', { idleAt: START + 9_000 }))
    expect(await store.sessions.find('long')).not.toBeNull()
  })

  test('of all users are ten thousand, and beyond that the one that was not used for longest ends', async () => {
    const { store } = rig()
    const open = (i: number) => store.sessions.open(session(`s${i}`, { userName: `user ${i}` }))
    for (let i = 1; i <= 10_000; i += 1) await open(i)
    expect(await store.sessions.rotate({ id: 's1', presented, next })).toBe('rotated')
    expect(await store.sessions.find('s2')).not.toBeNull()
    await open(10_001)
    expect(await store.sessions.find('s1')).not.toBeNull()
    expect(await store.sessions.find('s2')).toBeNull()
    expect(await store.sessions.find('s3')).not.toBeNull()
  })

  test("let one user have 32, and end that user's oldest beyond", async () => {
    const { store } = rig()
    await store.sessions.open(session('of another', { userName: 'bob' }))
    for (let i = 1; i <= 32; i += 1) await store.sessions.open(session(`s${i}`))
    expect(await store.sessions.find('s1')).not.toBeNull()
    await store.sessions.open(session('s33'))
    expect(await store.sessions.find('s1')).toBeNull()
    expect(await store.sessions.find('s2')).not.toBeNull()
    expect(await store.sessions.find('of another')).not.toBeNull()
  })
})

describe('revocations', () => {
  test('hold for one issuer and one token until it would have expired', async () => {
    const { store, time } = rig()
    await store.revocations.add('i', 't', START + 1_000)
    expect(await store.revocations.has('i', 't')).toBe(true)
    expect(await store.revocations.has('j', 't')).toBe(false)
    expect(await store.revocations.has('i', 'u')).toBe(false)
    time.now += 1_000
    expect(await store.revocations.has('i', 't')).toBe(false)
  })

  test('are never forgotten early: beyond the bound a new one fails loudly', async () => {
    const { store } = rig()
    for (let i = 0; i < 100_000; i += 1) await store.revocations.add('i', `t${i}`, START + 1_000_000)
    await expect(store.revocations.add('i', 'new', START + 1_000_000)).rejects.toMatchObject({ code: 'internal' })
    await store.revocations.add('i', 't0', START + 1_000_000)
    expect(await store.revocations.has('i', 't0')).toBe(true)
  })
})

describe('tickets', () => {
  test('are consumed once, and never after they have expired', async () => {
    const { store, time } = rig()
    await store.tickets.put('a', 'content', START + 1_000)
    await store.tickets.put('b', 'content', START + 1_000)
    expect(await Promise.all([store.tickets.consume('a'), store.tickets.consume('a')])).toEqual(['content', null])
    time.now += 1_000
    expect(await store.tickets.consume('b')).toBeNull()
  })

  test('are bounded: the oldest is evicted', async () => {
    const { store } = rig()
    for (let i = 0; i < 10_001; i += 1) await store.tickets.put(`t${i}`, 'x', START + 1_000)
    expect(await store.tickets.consume('t0')).toBeNull()
    expect(await store.tickets.consume('t1')).toBe('x')
  })
})
