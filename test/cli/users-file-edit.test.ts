import { chmodSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { editUsersFile } from '../../api/cli/users-file-edit.js'
import type { UserEntry } from '../../api/config/users-file.js'
import { FakeClock } from '../support/fake-clock.js'
import { createUsersRig } from '../support/users-rig.js'

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$BwcHBwcHBwcHBwcHBwcHBw$BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc'

function entryOf(name: string): UserEntry {
  return { name, passwordHash: HASH, roles: ['viewer'], scopes: [], containers: [] }
}

let rig: ReturnType<typeof createUsersRig>
let warnings: string
beforeEach(() => {
  rig = createUsersRig()
  warnings = ''
})
afterEach(() => rig.remove())

function add(name: string, path = rig.file, clock = new FakeClock()): Promise<void> {
  const stderr = {
    write: (text: string) => {
      warnings += text
    },
  }
  return editUsersFile(path, (entries) => [...(entries ?? []), entryOf(name)], { stderr, clock })
}

describe('a change of the users file', () => {
  test('leaves a stricter mode and the right of the group to read, and removes every other right', async () => {
    await add('alice')
    for (const [mode, expected] of [
      [0o400, '400'],
      [0o640, '640'],
      [0o666, '640'],
    ] as const) {
      chmodSync(rig.file, mode)
      warnings = ''
      await add(`user${expected}${mode}`)
      expect((statSync(rig.file).mode & 0o777).toString(8)).toBe(expected)
      expect(warnings.includes('was open to others')).toBe(mode === 0o666)
    }
  })

  test('changes the file behind a link, and leaves the link a link', async () => {
    await add('alice')
    const link = join(rig.folder, 'link.json')
    symlinkSync('users.json', link)
    await add('bob', link)
    expect(rig.names()).toEqual(['alice', 'bob'])
    expect(rig.files()).toEqual(['link.json', 'users.json'])
  })

  test('waits for another writer, and after five seconds names the lock file', async () => {
    await add('alice')
    const [before, lock, clock] = [rig.read(), `${rig.file}.new`, new FakeClock()]
    writeFileSync(lock, 'left behind')
    const refused = expect(add('bob', rig.file, clock)).rejects.toThrow(`if none runs, remove ${lock} and try again`)
    await clock.advance(4_980)
    expect(clock.pending).toBe(1)
    await clock.advance(20)
    await refused
    expect(clock.pending).toBe(0)
    expect([rig.read(), readFileSync(lock, 'utf8')]).toEqual([before, 'left behind'])
  })

  test('goes on as soon as the other writer is done', async () => {
    await add('alice')
    const [lock, clock] = [`${rig.file}.new`, new FakeClock()]
    writeFileSync(lock, '')
    const waiting = add('bob', rig.file, clock)
    await clock.advance(100)
    rmSync(lock)
    await clock.advance(20)
    await waiting
    expect(rig.names()).toEqual(['alice', 'bob'])
    expect(rig.files()).toEqual(['users.json'])
  })
})
