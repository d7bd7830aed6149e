import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isEntry } from '../../api/cli/entry.js'

describe('the module that Node runs', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'porthole-entry-')))
  const program = join(folder, 'main.js')
  const { href } = pathToFileURL(program)
  beforeAll(() => {
    writeFileSync(program, '')
    writeFileSync(join(folder, 'other.js'), '')
    symlinkSync(program, join(folder, 'link.js'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  test.each(['main.js', 'main', 'link.js', 'link'])('is known by %s', (name) => {
    expect(isEntry(href, join(folder, name))).toBe(true)
  })

  test.each(['other.js', 'other', 'gone.js'])('is not %s', (name) => {
    expect(isEntry(href, join(folder, name))).toBe(false)
  })

  test('is not what comes from standard input', () => {
    expect(isEntry(href, '-')).toBe(false)
  })
})
