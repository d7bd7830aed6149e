import { hashPassword, passwordProblem, verifyPassword } from '../../../api/auth/sign-in/password.js'
import { parsePasswordHash } from '../../../api/model/password-hash.js'

const PASSWORD = 'correct horse battery'

describe('hashPassword', () => {
  test("makes an Argon2id hash at OWASP's cost, another each time, that the password fits", async () => {
    const [one, two] = await Promise.all([hashPassword(PASSWORD), hashPassword(PASSWORD)])
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(parsePasswordHash(one)).toEqual({ parameters: { memoryKiB: 19_456, iterations: 2, parallelism: 1 } })
    expect(one).not.toBe(two)
    expect(await verifyPassword(two, PASSWORD)).toBe(true)
  })

  test('refuses a password with a problem, and does not quote it', async () => {
    await expect(hashPassword('hunter2')).rejects.toThrow(/^the password is shorter than 12 characters$/)
  })
})

describe('passwordProblem', () => {
  test('accepts any 12 characters, and refuses 11', () => {
    for (const good of [
      'kD9#mQ2$vX7!',
      'only letters',
      '\u{1F40E}\u{1F50B}'.padEnd(14, 'staple--wire'),
      '\u00e9'.padEnd(12, 'blau wie du'),
    ])
      expect([good, passwordProblem(good)]).toEqual([good, null])
    expect(passwordProblem('kD9#mQ2$vX7')).toBe('is shorter than 12 characters')
  })

  test('counts characters as they are seen: a letter with its accent is one, and so is a pair of surrogates', () => {
    expect(passwordProblem('e\u0301'.repeat(6))).toBe('is shorter than 12 characters')
    expect(passwordProblem('\u{1F40E}'.repeat(11))).toBe('is shorter than 12 characters')
  })

  test('accepts 1,024 bytes and refuses one more, in bytes and not in characters', () => {
    const long = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(33 + ((i * i * 7 + i) % 90))).join('')
    expect(passwordProblem(long)).toBeNull()
    expect(passwordProblem(`${long}x`)).toBe('is longer than 1024 bytes')
    expect(passwordProblem(`\u00e9${long.slice(0, 1_023)}`)).toBe('is longer than 1024 bytes')
  })

  test.each([
    ['a line break', 'correct horse\nbattery'],
    ['NUL', 'correct horse\0battery'],
    ['an arrow key', 'correct horse\x1b[Abattery'],
    ['half a surrogate pair', 'correct horse \ud800 battery'],
    ['one character again and again', 'aaaaaaaaaaaaaaaa'],
    ['a short piece again and again', 'abc1ABC1abc1ab'],
  ])('refuses %s', (_what, password) => {
    expect(passwordProblem(password)).toEqual(expect.any(String))
  })

  test("refuses a password that is little more than the user's name", () => {
    expect(passwordProblem('Margarethe-1', 'margarethe')).toBe('is little more than the name of its user')
    expect(passwordProblem('Margarethe-1', 'alice')).toBeNull()
    expect(passwordProblem('correct horse battery', 'e')).toBeNull()
  })
})

describe('verifyPassword', () => {
  let passwordHash = ''
  beforeAll(async () => {
    passwordHash = await hashPassword(PASSWORD)
  })

  test.each([
    ['another', 'correct horse batterz'],
    ['none', ''],
    ['a part', PASSWORD.slice(0, -1)],
    ['it with a blank after it', `${PASSWORD} `],
    ['it in capitals', PASSWORD.toUpperCase()],
    ['it followed by NUL', `${PASSWORD}\0`],
    ['it followed by NUL and more', `${PASSWORD}\0x`],
    ['half a surrogate pair', `${PASSWORD}\ud800`],
    ['1,025 bytes', 'x'.repeat(1_025)],
    ['megabytes', 'x'.repeat(5_000_000)],
  ])('is false for %s', async (_what, password) => {
    expect(await verifyPassword(passwordHash, password)).toBe(false)
  })

  test.each([
    ['nothing', ''],
    ['no hash', 'hunter2'],
    ['a bcrypt hash', '$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234'],
    [
      'a hash that takes 4 TiB',
      '$argon2id$v=19$m=4294967295,t=1,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwc',
    ],
  ])('is false, and at once, where the hash is %s', async (_what, text) => {
    expect(await verifyPassword(text, PASSWORD)).toBe(false)
  })

  test('accepts a password however it is typed', async () => {
    const composed = await hashPassword('caf\u00e9 au lait, s\u2019il vous pla\u00eet')
    expect(await verifyPassword(composed, 'cafe\u0301 au lait, s\u2019il vous plai\u0302t')).toBe(true)
    expect(await verifyPassword(composed, 'caf\u00e9\u00a0au\u2003lait, s\u2019il vous pla\u00eet')).toBe(true)
    expect(await verifyPassword(composed, 'cafe au lait, s\u2019il vous plait')).toBe(false)
  })

  test('distinguishes passwords to the last of 1,024 bytes', async () => {
    const long = Array.from({ length: 1_024 }, (_, i) => String.fromCharCode(33 + ((i * i * 7 + i) % 90))).join('')
    const longHash = await hashPassword(long)
    expect(await verifyPassword(longHash, long)).toBe(true)
    expect(await verifyPassword(longHash, `${long.slice(0, -1)}\u007e`)).toBe(false)
  })

  test("reads a hash of the reference implementation's own tests", async () => {
    // phc-winner-argon2, src/test.c.
    const reference = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await verifyPassword(reference, 'password')).toBe(true)
    expect(await verifyPassword(reference, 'passwore')).toBe(false)
  })
})
