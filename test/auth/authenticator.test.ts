import { Authenticator, VERIFIED_MS } from '../../api/auth/authenticator.js'
import { ApiError } from '../../api/model/error.js'
import { createMemoryStore } from '../../api/store/memory.js'
import { TOKEN_SETTINGS, tokenFor } from '../support/tokens.js'

const START = Date.UTC(2026, 10, 24)

function rig() {
  const time = { now: START }
  const now = () => time.now
  const store = createMemoryStore(now)
  const revokedTokens = new Set<string>()
  const authenticator = new Authenticator({ token: TOKEN_SETTINGS, provider: null, revokedTokens, store, now })
  return { authenticator, store, time, revokedTokens }
}

async function openSession(store: ReturnType<typeof createMemoryStore>, id: string): Promise<void> {
  const endsAt = START + 86_400_000
  const session = { id, userName: 'alice', credentialStamp: 'x', startedAt: START, endsAt, idleAt: endsAt }
  await store.sessions.open({ ...session, generation: 0, tokenHash: 'x' })
}

describe('Authenticator', () => {
  test('caches a verified token for a minute, but not beyond its expiry', async () => {
    const { authenticator, time } = rig()
    const token = tokenFor({ lifetimeSeconds: 90 }, START)
    const caller = await authenticator.authenticate(token)
    time.now += VERIFIED_MS - 1
    expect(authenticator.authenticate(token)).toBe(caller)
    time.now += 1
    const again = authenticator.authenticate(token)
    expect(again).toBeInstanceOf(Promise)
    expect(await again).toEqual(caller)
    time.now = START + 89_999
    expect(authenticator.authenticate(token)).toBe(await again)
    time.now = START + 90_000 + 31_000
    await expect(authenticator.authenticate(token)).rejects.toThrow(ApiError)
  })

  test('does not cache a refused token', async () => {
    const { authenticator } = rig()
    for (let i = 0; i < 3; i += 1) await expect(authenticator.authenticate('hello')).rejects.toThrow(ApiError)
  })

  test('remembers the first token after 999 others, and verifies it anew after one more', async () => {
    const { authenticator } = rig()
    const first = tokenFor({}, START)
    const caller = await authenticator.authenticate(first)
    for (let i = 0; i < 999; i += 1) await authenticator.authenticate(tokenFor({ subject: `s${i}` }, START))
    expect(authenticator.authenticate(first)).toBe(caller)
    await authenticator.authenticate(tokenFor({ subject: 'one more' }, START))
    expect(authenticator.authenticate(first)).not.toBe(caller)
    expect((await authenticator.authenticate(first)).subject).toBe('tester')
  })

  test('refuses a revoked token, at once after forget', async () => {
    const { authenticator, store } = rig()
    const token = tokenFor({}, START)
    const { issuer, tokenId } = await authenticator.authenticate(token)
    await store.revocations.add(issuer, tokenId, START + 3_600_000)
    authenticator.forget((caller) => caller.tokenId === tokenId)
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'invalid-token' })
  })

  test('refuses a token that the operator revoked, within a minute without forget', async () => {
    const { authenticator, revokedTokens, time } = rig()
    const token = tokenFor({}, START)
    revokedTokens.add((await authenticator.authenticate(token)).tokenId)
    expect(authenticator.authenticate(token)).not.toBeInstanceOf(Promise)
    time.now += VERIFIED_MS
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'invalid-token' })
  })

  test("accepts a sign-in's token while its session exists, and never one of an unknown session", async () => {
    const { authenticator, store } = rig()
    const sessionId = '7f2f4b5e-0000-4000-8000-000000000001'
    const token = tokenFor({ sessionId }, START)
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'invalid-token' })
    await openSession(store, sessionId)
    expect((await authenticator.authenticate(token)).sessionId).toBe(sessionId)
    await store.sessions.end(sessionId)
    authenticator.forget((caller) => caller.sessionId === sessionId)
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'invalid-token' })
  })

  test('does not cache a verification that a revocation overtook', async () => {
    const { authenticator, store } = rig()
    const token = tokenFor({}, START)
    const look = authenticator.authenticate(token)
    authenticator.forget(() => true)
    const { issuer, tokenId } = await look
    await store.revocations.add(issuer, tokenId, START + 3_600_000)
    await expect(authenticator.authenticate(token)).rejects.toMatchObject({ code: 'invalid-token' })
  })

  test('says whether a verified caller is still valid', async () => {
    const { authenticator, store, time, revokedTokens } = rig()
    const caller = await authenticator.authenticate(tokenFor({ lifetimeSeconds: 60 }, START))
    expect(await authenticator.isStillValid(caller)).toBe(true)
    revokedTokens.add(caller.tokenId)
    expect(await authenticator.isStillValid(caller)).toBe(false)
    revokedTokens.clear()
    await store.revocations.add(caller.issuer, caller.tokenId, START + 60_000)
    expect(await authenticator.isStillValid(caller)).toBe(false)
    const other = await authenticator.authenticate(tokenFor({ lifetimeSeconds: 60 }, START))
    expect(await authenticator.isStillValid({ ...other, sessionId: 'gone' })).toBe(false)
    time.now += 60_000
    expect(await authenticator.isStillValid(other)).toBe(false)
  })

  test('asks an outside provider again each minute whether a caller is still valid, as its keys may be removed', async () => {
    const { store, time, revokedTokens } = rig()
    const state = { asked: 0, isKeyRemoved: false }
    const inside = new Authenticator({ token: TOKEN_SETTINGS, provider: null, revokedTokens, store, now: () => START })
    const provider = {
      isAddressed: () => true,
      verify: async (token: string) => {
        state.asked += 1
        if (state.isKeyRemoved) throw new ApiError('invalid-token', 'token refused: unknown key')
        return { ...(await inside.authenticate(token)) }
      },
    }
    const now = () => time.now
    const authenticator = new Authenticator({ token: null, provider, revokedTokens, store, now })
    const caller = await authenticator.authenticate(tokenFor({ lifetimeSeconds: 86_400 }, START))
    time.now += VERIFIED_MS - 1
    expect([await authenticator.isStillValid(caller), state.asked]).toEqual([true, 1])
    time.now += 1
    expect([await authenticator.isStillValid(caller), state.asked]).toEqual([true, 2])
    expect([await authenticator.isStillValid(caller), state.asked]).toEqual([true, 2])
    state.isKeyRemoved = true
    time.now += VERIFIED_MS
    expect(await authenticator.isStillValid(caller)).toBe(false)
  })
})
