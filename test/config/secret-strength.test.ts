import { secretProblem } from '../../api/config/secret-strength.js'

const SECRET = 'nT4kq0Zr8vWx2YbC6dEfG1hJmLpQsUaX'

describe('secretProblem', () => {
  test.each([
    'a'.repeat(31),
    'a'.repeat(64),
    'abcd'.repeat(16),
    'change-me-change-me-change-me-change-me',
    'your-secret-key-that-is-32-bytes-long!!',
    'my_super_secret_jwt_key_for_this_service',
    'AbstractFactory-password-2026-AAAAAAAA',
    '0123456789abcdef0123456789abcdef',
    'x7x7x7x7x7x7x7x7x7x7x7x7x7x7x7x7x7x7',
  ])('names the weakness of %j', (secret) => {
    expect(secretProblem(secret)).not.toBeNull()
  })

  test('accepts random secrets from 32 bytes on', () => {
    expect(secretProblem(SECRET)).toBeNull()
    expect(secretProblem(SECRET.slice(1))).not.toBeNull()
    expect(secretProblem('9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08')).toBeNull()
  })
})
