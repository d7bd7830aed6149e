import request from 'supertest'
import { type AuthEvent, authEvent } from '../../../api/audit/event.js'
import { refusalRecorder } from '../../../api/http/middleware/refusals.js'
import { createMemoryStore } from '../../../api/store/memory.js'
import type { Store } from '../../../api/store/store.js'
import { createRig, OPEN_NETWORK } from '../../support/app-parts.js'
import { FakeAudit } from '../../support/fake-audit.js'
import { networks } from '../../support/networks.js'
import { createSignInRig } from '../../support/sign-in-rig.js'

const WINDOW_MS = 60_000

function eventOf(address: string, action: AuthEvent['action'] = 'token-refused'): AuthEvent {
  const actor = { requestId: 'r', address, subject: null, issuer: null, tokenId: null, sessionId: null }
  return authEvent(actor, action, 'deny', 'a reason')
}

describe('a recorder of refusals', () => {
  const time = { now: 0 }
  const open = () => {
    const audit = new FakeAudit()
    const store = createMemoryStore(() => time.now)
    return { audit, record: refusalRecorder(audit, store.counters('refusals'), WINDOW_MS) }
  }

  test('bounds the records of one address and action in a window', async () => {
    const { audit, record } = open()
    for (let i = 0; i < 5; i += 1) await record(eventOf('192.0.2.1'), 2)
    expect(audit.events).toHaveLength(2)
    await record(eventOf('192.0.2.2'), 2)
    await record(eventOf('192.0.2.1', 'address-refused'), 2)
    expect(audit.events).toHaveLength(4)
    time.now += WINDOW_MS + 1
    await record(eventOf('192.0.2.1'), 2)
    expect(audit.events).toHaveLength(5)
  })

  test('records a thousand in all, and the last one says so', async () => {
    const { audit, record } = open()
    for (let i = 0; i < 1_010; i += 1) await record(eventOf(`10.0.${i >> 8}.${i & 255}`), 2)
    const reasons = audit.events.map((event) => (event.kind === 'auth' ? event.reason : null))
    expect(reasons).toHaveLength(1_000)
    expect(reasons.slice(0, -1)).toEqual(Array.from({ length: 999 }, () => 'a reason'))
    expect(reasons.at(-1)).toContain('too many')
  })

  test('rejects if the trail cannot be written', async () => {
    const { audit, record } = open()
    audit.isBroken = true
    await expect(record(eventOf('192.0.2.1'), 2)).rejects.toMatchObject({ code: 'audit-unavailable' })
  })
})

const network = {
  ...OPEN_NETWORK,
  trustProxy: { kind: 'networks', networks: networks('127.0.0.0/8', '::1/128') } as const,
}

/** As if that many other addresses had been refused in this window. */
async function refuseOthers(store: Store, count: number): Promise<void> {
  for (let i = 0; i < count; i += 1) await store.counters('refusals').add('all', 900_000)
}

const from = (i: number) => ({ 'X-Forwarded-For': `2001:db8:${i.toString(16)}::1` })

test('refused tokens are recorded at most a thousand times per window, and the last record says so', async () => {
  const { app, audit, store } = createRig({ network })
  await refuseOthers(store, 998)
  for (let i = 0; i < 5; i += 1)
    expect((await request(app).get('/api/containers').set(from(i)).set('Authorization', 'Bearer bad')).status).toBe(401)
  const refusals = audit.events.filter((event) => event.kind === 'auth' && event.action === 'token-refused')
  expect(refusals).toMatchObject([
    { reason: 'token refused: not three parts' },
    { reason: expect.stringContaining('too many') },
  ])
})

test('refused sign-ins count toward the same thousand, and a logout that ends nothing is not recorded', async () => {
  const { app, audit, store } = createSignInRig({ network })
  await refuseOthers(store, 997)
  const send = (path: string, i: number) =>
    request(app).post(`/api/auth/${path}`).set(from(i)).send({ refreshToken: 'x' })
  for (let i = 0; i < 5; i += 1) expect((await send('refresh', i)).status).toBe(401)
  expect(audit.authActions).toEqual(['refresh-refused', 'refresh-refused', 'refresh-refused'])
  const before = audit.events.length
  for (let i = 0; i < 20; i += 1) expect((await send('logout', i)).status).toBe(204)
  expect(audit.events).toHaveLength(before)
})
