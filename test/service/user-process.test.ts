import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyPassword } from '../../api/auth/sign-in/password.js'
import { parseUserEntries } from '../../api/config/users-file.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { CLI, runToEnd } from '../support/process.js'

const PASSWORD = 'correct horse battery'

let folder = ''
let file = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'porthole-users-'))
  file = join(folder, 'users.json')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const onCleanup = cleanupAfterEach()

const add = (name: string) =>
  runToEnd([CLI, 'user', 'add', '--name', name, '--role', 'viewer'], { USERS_FILE: file }, `${PASSWORD}\n`)
const read = () => readFileSync(file, 'utf8')
const names = () => parseUserEntries(read()).users?.map(({ name }) => name)

test('loses no user when many are added at once', async () => {
  const wanted = Array.from({ length: 12 }, (_, i) => `user${i}`)
  const ended = await Promise.all(wanted.map(add))
  expect(ended).toEqual(wanted.map((name) => ({ code: 0, stdout: `added ${name} in ${file}\n`, stderr: '' })))
  expect(names()?.toSorted()).toEqual(wanted.toSorted())
  expect(readdirSync(folder)).toEqual(['users.json'])
})

/** The `script` of util-linux runs a command on its own terminal; other systems have another command of this name, or no such command. */
const hasTerminal = spawnSync('script', ['--version'], { encoding: 'utf8' }).stdout?.includes('util-linux') ?? false

;(hasTerminal ? describe : describe.skip)('on a terminal', () => {
  function openTerminal(args: string) {
    const child = spawn('script', ['-qec', `${process.execPath} ${CLI} ${args}`, '/dev/null'], {
      env: { PATH: process.env['PATH'] ?? '', USERS_FILE: file, SHELL: '/bin/sh' },
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    onCleanup(() => child.kill('SIGKILL'))
    let shown = ''
    let onShown = () => {}
    child.stdout.on('data', (chunk) => {
      shown += chunk
      onShown()
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const answer = async (question: string, keys: string) => {
      await new Promise<void>((resolve) => {
        onShown = () => {
          if (shown.includes(question)) resolve()
        }
        onShown()
      })
      child.stdin.write(keys)
    }
    return { answer, ended, shown: () => shown }
  }

  test('the password is asked for twice, and not shown', async () => {
    const terminal = openTerminal('user add --name alice --role viewer')
    await terminal.answer('Password: ', `${PASSWORD}x\x7f\r`)
    await terminal.answer('Once more: ', `${PASSWORD}\r`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown().replaceAll('\r', '')).toBe(`Password: \nOnce more: \nadded alice in ${file}\n`)
    expect(await verifyPassword(parseUserEntries(read()).users?.[0]?.passwordHash ?? '', PASSWORD)).toBe(true)
  })

  test('two that differ change nothing', async () => {
    const terminal = openTerminal('user add --name alice --role viewer')
    await terminal.answer('Password: ', `${PASSWORD}\r`)
    await terminal.answer('Once more: ', `${PASSWORD}?\r`)
    expect(await terminal.ended).toBe(1)
    expect(terminal.shown()).toContain('the two passwords differ; nothing was changed')
    expect(terminal.shown()).not.toContain(PASSWORD)
    expect(readdirSync(folder)).toEqual([])
  })

  test('Ctrl-C gives up', async () => {
    const terminal = openTerminal('hash-password')
    await terminal.answer('Password: ', 'corr\x03')
    expect(await terminal.ended).toBe(1)
    expect(terminal.shown()).toContain('interrupted')
  })

  test('--password-stdin asks once', async () => {
    const terminal = openTerminal('hash-password --password-stdin')
    await terminal.answer('Password: ', `${PASSWORD}\r`)
    expect(await terminal.ended).toBe(0)
    expect(terminal.shown()).toMatch(/^Password: \r?\n\$argon2id\$/)
  })
})
