import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanupAfterEach } from '../support/cleanup.js'
import { CLI, runToEnd, start } from '../support/process.js'
import { SECRET } from '../support/tokens.js'

const ATTEMPTS = 25

const onCleanup = cleanupAfterEach()

test('to sign in as an unknown user takes as long as with a wrong password', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-sign-in-'))
  onCleanup(() => rmSync(folder, { recursive: true }))
  const users = join(folder, 'users.json')
  const add = ['user', 'add', '--name', 'alice', '--role', 'viewer', '--file', users]
  expect((await runToEnd([CLI, ...add], {}, 'correct horse battery staple\n')).code).toBe(0)
  const limits = { RATE_LIMIT_LOGIN: '1000', RATE_LIMIT_GENERAL: '100000' }
  const settings = { JWT_SECRET: SECRET, PORT: '0', USERS_FILE: users, ...limits }
  const running = start([CLI, 'serve', '--demo', '--demo-containers', '5'], settings)
  onCleanup(running.kill)
  const url = `http://127.0.0.1:${await running.listening()}/api/auth/login`
  const login = async (username: string) => {
    const body = JSON.stringify({ username, password: 'not the password' })
    const startedAt = performance.now()
    const { status } = await fetch(url, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body })
    expect(status).toBe(401)
    return performance.now() - startedAt
  }

  const [known, unknown]: [number[], number[]] = [[], []]
  // In turn, so that a machine that slows down slows both.
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    known.push(await login('alice'))
    unknown.push(await login('nobody'))
  }

  // The quickest of each is what the work costs where the machine did nothing else in between.
  const ratio = Math.min(...unknown) / Math.min(...known)
  expect(ratio).toBeGreaterThan(0.75)
  expect(ratio).toBeLessThan(1.33)
  // A hash that takes no time would make this hold as well.
  expect(Math.min(...unknown)).toBeGreaterThan(5)
})
