import { z } from 'zod'
import { productionPackages, readLock } from '../../scripts/supply/lock.js'
import { read } from './project-files.js'

const TEXT = read('docs/decisions/0002-toolchain.md')
const VERSIONS = z.record(z.string(), z.string())
const PACKAGE = z.object({ dependencies: VERSIONS, devDependencies: VERSIONS }).parse(JSON.parse(read('package.json')))

/** Name, version and licence of each package that the table names; a row may have two. */
const LISTED = TEXT.split('\n')
  .filter((line) => /^\| @?[a-z]\S* \d/.test(line))
  .flatMap((line) => {
    const [packages = '', licences = ''] = line.slice(2).split(/ +\| /)
    const each = licences.split(', ')
    return packages.split(', ').map((text, index) => [...text.split(' '), each[index] ?? each[0]])
  })

describe('docs/decisions/0002-toolchain.md', () => {
  test('has each package that package.json names, in its version, under its licence', () => {
    const lock = readLock()
    const direct = Object.entries({ ...PACKAGE.dependencies, ...PACKAGE.devDependencies })
      .filter(([name]) => !name.startsWith('@types/'))
      .map(([name, version]) => [name, version, lock[`node_modules/${name}`]?.license])
    const byName = ([a = '']: readonly unknown[], [b = '']: readonly unknown[]) => (String(a) < String(b) ? -1 : 1)
    expect(LISTED.sort(byName)).toEqual(direct.sort(byName))
  })

  test('counts what production has, and what everything is', () => {
    const entries = readLock()
    const all = Object.keys(entries).filter((path) => path !== '')
    expect(TEXT).toContain(`In production ${productionPackages(entries).length} packages`)
    expect(TEXT).toContain(`With all tools ${all.length} packages`)
  })
})
