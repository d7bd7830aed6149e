import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { decoyHash, parsePasswordHash } from '../../api/model/password-hash.js'

const b64 = (length: number) => Buffer.alloc(length, 7).toString('base64').replace(/=+$/, '')

/** A valid hash, except for what a test changes. */
function phc(
  changes: { m?: number | string; t?: number | string; p?: number | string; salt?: string; hash?: string } = {},
) {
  const { m = 19_456, t = 2, p = 1, salt = b64(16), hash = b64(32) } = changes
  return `$argon2id$v=19$m=${m},t=${t},p=${p}$${salt}$${hash}`
}

describe('parsePasswordHash', () => {
  test('reads the cost of a hash', () => {
    expect(parsePasswordHash(phc({ m: 65_536, t: 3, p: 4 }))).toEqual({
      parameters: { memoryKiB: 65_536, iterations: 3, parallelism: 4 },
    })
  })

  test.each([
    [47_104, 1],
    [19_456, 2],
    [12_288, 3],
    [9_216, 4],
    [7_168, 5],
  ])('accepts the entry of the OWASP list with %d KiB and %d passes', (m, t) => {
    expect(parsePasswordHash(phc({ m, t })).problem).toBeUndefined()
  })

  test.each([
    ['memory', { m: 7_168, t: 5 }, { m: 7_167, t: 16 }],
    ['memory upwards', { m: 1_048_576 }, { m: 1_048_577 }],
    ['passes', { t: 16 }, { t: 17 }],
    ['lanes', { p: 16 }, { p: 17 }],
    ['memory times passes', { m: 35_840, t: 1 }, { m: 35_839, t: 1 }],
    ['salt', { salt: b64(8) }, { salt: b64(7) }],
    ['salt upwards', { salt: b64(64) }, { salt: b64(65) }],
    ['hash', { hash: b64(16) }, { hash: b64(15) }],
    ['hash upwards', { hash: b64(64) }, { hash: b64(65) }],
  ])('holds %s to its bound', (_what, within, beyond) => {
    expect(parsePasswordHash(phc(within)).problem).toBeUndefined()
    expect(parsePasswordHash(phc(beyond)).problem).toEqual(expect.any(String))
  })

  test.each([
    '',
    'hunter2',
    phc().replace('argon2id', 'argon2i'),
    phc().replace('argon2id', 'argon2d'),
    phc().replace('v=19', 'v=16'),
    phc().replace('$v=19', ''),
    phc({ m: '019456' }),
    phc({ m: '+19456' }),
    phc({ m: '1e5' }),
    phc({ m: '99999999999' }),
    phc({ t: 0 }),
    phc({ p: 0 }),
    phc().replace('m=19456,t=2', 't=2,m=19456'),
    phc().replace(',p=1', ',p=1,keyid=abc'),
    phc().replace(',p=1', ''),
    `${phc()}=`,
    `${phc()}\n`,
    ` ${phc()}`,
    `${phc()}$`,
    phc({ salt: '' }),
    phc({ hash: '' }),
    phc({ salt: `${b64(16)}==` }),
    phc({ salt: `${b64(16).slice(0, -1)}x` }),
    phc({ hash: `${b64(31)}-` }),
    phc({ hash: 'A'.repeat(100_000) }),
    '$2b$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234',
  ])('refuses %j', (text) => {
    const { problem, parameters } = parsePasswordHash(text)
    expect(parameters).toBeUndefined()
    expect(problem).not.toContain('hunter2')
  })

  test('survives any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parsePasswordHash(text).problem).toEqual(expect.any(String))
        expect(
          parsePasswordHash(phc({ salt: text, hash: text })).parameters === undefined || /^[\w+/]+$/.test(text),
        ).toBe(true)
      }),
    )
  })
})

describe('decoyHash', () => {
  test('is a hash of the same cost, another each time', () => {
    const parameters = { memoryKiB: 12_288, iterations: 3, parallelism: 2 }
    const [one, two] = [decoyHash(parameters, randomBytes), decoyHash(parameters, randomBytes)]
    expect(parsePasswordHash(one)).toEqual({ parameters })
    expect(one).not.toBe(two)
  })
})
