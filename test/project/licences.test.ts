import { isAllowed, licenceFaults, licenceOf } from '../../scripts/supply/licence-rules.js'
import { type LockEntries, productionPackages, readLock } from '../../scripts/supply/lock.js'

function locked(name: string, license: unknown) {
  return { name, version: '1.0.0', path: `node_modules/${name}`, license }
}

describe('isAllowed', () => {
  test.each([
    'MIT',
    'ISC',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'Apache-2.0',
    '0BSD',
    'Unlicense',
    'CC0-1.0',
    'BlueOak-1.0.0',
    'Python-2.0',
    '(MIT)',
    'MIT OR GPL-3.0-only',
    '(GPL-2.0-or-later OR (MIT AND ISC))',
    'GPL-2.0-only AND MIT OR ISC',
  ])('allows %s', (expression) => {
    expect(isAllowed(expression)).toBe(true)
  })

  test.each([
    '',
    'GPL-3.0-only',
    'AGPL-3.0-only',
    'SSPL-1.0',
    'BUSL-1.1',
    'UNLICENSED',
    'SEE LICENSE IN LICENSE.md',
    'mit',
    'MIT AND GPL-2.0-only',
    'MIT AND (GPL-2.0-only OR LGPL-3.0-only)',
    'MIT OR',
    'OR MIT',
    'MIT OR AND ISC',
    'MIT ISC',
    '(MIT',
    'MIT)',
    '()',
    'GPL-2.0-only WITH Classpath-exception-2.0',
    'Apache-2.0 WITH LLVM-exception',
    `${'('.repeat(100_000)}MIT`,
    'MIT OR '.repeat(50_000),
  ])('does not allow %.40s', (expression) => {
    expect(isAllowed(expression)).toBe(false)
  })
})

describe('licenceOf', () => {
  test('reads the formats of old packages', () => {
    expect(licenceOf({ type: 'MIT', url: 'https://example.org' })).toBe('MIT')
    expect(licenceOf([{ type: 'MIT' }, { type: 'GPL-2.0' }])).toBe('MIT OR GPL-2.0')
  })

  test('knows none where none is stated', () => {
    for (const stated of [undefined, null, '', ' ', 7, true, {}, [], [{}], ['MIT', null], { type: '' }])
      expect([stated, licenceOf(stated)]).toEqual([stated, undefined])
  })
})

describe('licenceFaults', () => {
  test('names each package that has none or another one', () => {
    const faults = licenceFaults([
      locked('fine', 'MIT'),
      locked('silent', undefined),
      locked('@scope/viral', 'AGPL-3.0-only'),
    ])
    expect(faults).toEqual([
      'silent@1.0.0 names no licence',
      '@scope/viral@1.0.0 is under AGPL-3.0-only, which is not on the list',
    ])
  })
})

describe('productionPackages', () => {
  const entries: LockEntries = {
    '': { version: '0.1.0' },
    'node_modules/a': { version: '1.0.0' },
    'node_modules/a/node_modules/@s/b': { version: '2.0.0' },
    'node_modules/c': { name: 'real-c', version: '3.0.0' },
    'node_modules/tool': { version: '4.0.0', dev: true },
    'node_modules/linked': { link: true },
  }

  test('leaves out the project, its tools and links, and takes the real name', () => {
    const ids = productionPackages(entries).map(({ name, version }) => `${name}@${version}`)
    expect(ids).toEqual(['a@1.0.0', '@s/b@2.0.0', 'real-c@3.0.0'])
  })

  test('holds what package.json names, and what a tool depends on as well', () => {
    const names = new Set(productionPackages(readLock()).map(({ name }) => name))
    expect(['express', 'zod', 'debug', 'qs'].filter((name) => !names.has(name))).toEqual([])
    expect(['jest', 'typescript', 'knip'].filter((name) => names.has(name))).toEqual([])
  })
})
