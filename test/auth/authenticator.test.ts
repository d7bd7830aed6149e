import { Authenticator } from '../../api/auth/authenticator.js'
import { TOKEN_SETTINGS, tokenFor } from '../support/tokens.js'

describe('Authenticator', () => {
  test('remembers a token that it believed, and forgets it when it expires', () => {
    let now = Date.UTC(2026, 10, 24)
    const authenticator = new Authenticator(TOKEN_SETTINGS, () => now)
    const token = tokenFor({ lifetimeSeconds: 60 }, now)
    const caller = authenticator.authenticate(token)
    expect(authenticator.authenticate(token)).toBe(caller)
    now += 59_000
    expect(authenticator.authenticate(token)).toBe(caller)
    now += 32_000
    expect(() => authenticator.authenticate(token)).toThrow()
  })

  test('remembers no token that it refused', () => {
    const authenticator = new Authenticator(TOKEN_SETTINGS, () => Date.now())
    for (let i = 0; i < 3; i += 1) expect(() => authenticator.authenticate('hello')).toThrow()
  })

  test('goes on believing the first token after a thousand others', () => {
    const authenticator = new Authenticator(TOKEN_SETTINGS, () => Date.now())
    const first = tokenFor()
    const caller = authenticator.authenticate(first)
    for (let i = 0; i < 999; i += 1) authenticator.authenticate(tokenFor({ subject: `s${i}` }))
    expect(authenticator.authenticate(first)).toBe(caller)
    authenticator.authenticate(tokenFor({ subject: 'one more' }))
    expect(authenticator.authenticate(first)).not.toBe(caller)
    expect(authenticator.authenticate(first).subject).toBe('tester')
  })
})
