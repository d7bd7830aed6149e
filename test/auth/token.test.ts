import { signToken, verifyToken } from '../../api/auth/token.js'
import { ApiError } from '../../api/model/error.js'
import { SCOPES } from '../../api/model/scope.js'
import { hostileTokens, TOKEN_SETTINGS, tokenFor } from '../support/tokens.js'

const NOW = Date.UTC(2026, 10, 24)

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof ApiError ? error.code : `not an ApiError: ${String(error)}`
  }
  return 'nothing thrown'
}

describe('verifyToken', () => {
  test('believes what signToken signed', () => {
    const token = tokenFor({ subject: 'grafana', scopes: ['stats:read'], selectors: ['team=web', 'tier'] }, NOW)
    const caller = verifyToken(TOKEN_SETTINGS, token, NOW)
    expect(caller.subject).toBe('grafana')
    expect([...caller.scopes]).toEqual(['stats:read'])
    expect(caller.selectors).toEqual([
      { key: 'team', value: 'web' },
      { key: 'tier', value: null },
    ])
    expect(caller.expiresAt).toBe(NOW / 1000 + 600)
    expect(caller.tokenId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test.each([...hostileTokens(NOW)])('refuses: %s', (_what, token) => {
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW))).toBe('invalid-token')
  })

  test('allows the clocks to differ by 30 s and no more', () => {
    const token = tokenFor({ lifetimeSeconds: 60 }, NOW)
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW + 89_000))).toBe('nothing thrown')
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW + 91_000))).toBe('invalid-token')
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW - 30_000))).toBe('nothing thrown')
    expect(codeOf(() => verifyToken(TOKEN_SETTINGS, token, NOW - 31_000))).toBe('invalid-token')
  })

  test('drops scopes that it does not know', () => {
    const request = {
      subject: 'x',
      scopes: ['containers:read', 'containers:write'] as never,
      selectors: [],
      lifetimeSeconds: 60,
    }
    const token = signToken(TOKEN_SETTINGS, request, NOW)
    expect([...verifyToken(TOKEN_SETTINGS, token, NOW).scopes]).toEqual(['containers:read'])
  })

  test('gives callers with the same selectors the same visibility key, whatever their order', () => {
    const keyOf = (selectors: string[]) => verifyToken(TOKEN_SETTINGS, tokenFor({ selectors }, NOW), NOW).visibilityKey
    expect(keyOf(['a=1', 'b'])).toBe(keyOf(['b', 'a=1']))
    expect(keyOf(['a=1'])).not.toBe(keyOf(['a=2']))
    expect(keyOf(['a'])).not.toBe(keyOf(['a=']))
    expect(keyOf(['a', 'b'])).not.toBe(keyOf(['a=b']))
    expect(keyOf([])).toBe('')
    expect(SCOPES).toHaveLength(8)
  })
})
