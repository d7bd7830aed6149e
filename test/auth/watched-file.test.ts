import { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WatchedFile } from '../../api/auth/watched-file.js'
import { watchableFile } from '../../api/config/config-files.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-watched-'))
  path = join(folder, 'file')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function watch() {
  const clock = { now: 0 }
  return { clock, watched: new WatchedFile(watchableFile(path), () => clock.now) }
}

describe('a watched file', () => {
  test('is looked at once a second by check, and at once by checkNow', () => {
    writeFileSync(path, 'one')
    const { watched, clock } = watch()
    expect(watched.check()).toEqual({ text: 'one' })
    writeFileSync(path, 'another')
    clock.now += 999
    expect(watched.check()).toBeNull()
    expect(watched.checkNow()).toEqual({ text: 'another' })
    writeFileSync(path, 'a third')
    clock.now += 999
    expect(watched.check()).toBeNull()
    clock.now += 1
    expect(watched.check()).toEqual({ text: 'a third' })
    expect(watched.checkNow()).toBeNull()
  })

  test('is read again if another file of the same size and time replaces it', () => {
    writeFileSync(path, 'one')
    const { watched } = watch()
    watched.checkNow()
    const { atime, mtime } = statSync(path)
    writeFileSync(`${path}.new`, 'two')
    utimesSync(`${path}.new`, atime, mtime)
    renameSync(`${path}.new`, path)
    expect(watched.checkNow()).toEqual({ text: 'two' })
  })

  test('reports a fault as new once, and reads again when it has passed', () => {
    const { watched } = watch()
    const missing = expect.objectContaining({ code: 'ENOENT' })
    expect(watched.checkNow()).toEqual({ error: missing, isNew: true })
    expect(watched.checkNow()).toEqual({ error: missing, isNew: false })
    writeFileSync(path, 'one')
    expect(watched.checkNow()).toEqual({ text: 'one' })
    rmSync(path)
    expect(watched.checkNow()).toEqual({ error: missing, isNew: true })
  })
})
