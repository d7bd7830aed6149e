import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../support/eventually.js'
import { CLI, type Running, runToEnd, start } from '../support/process.js'
import { SECRET } from '../support/tokens.js'

const PASSWORD = 'correct horse battery staple'

/** The way an operator runs it: commands, the process and its files. */
describe('signing in to a running service', () => {
  const folder = mkdtempSync(join(tmpdir(), 'porthole-sign-in-'))
  const [users, audit, revoked] = ['users.json', 'audit.log', 'revoked.txt'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const environment = {
    JWT_SECRET: SECRET,
    PORT: '0',
    USERS_FILE: users,
    AUDIT_LOG: audit,
    REVOKED_TOKENS_FILE: revoked,
    RATE_LIMIT_LOGIN: '3',
  }
  let running: Running
  let url = ''

  async function serve(): Promise<void> {
    running = start([CLI, 'serve', '--demo', '--demo-containers', '5'], environment)
    url = `http://127.0.0.1:${await running.listening()}`
  }

  const porthole = (...args: string[]) => runToEnd([CLI, ...args], environment, `${PASSWORD}\n`)
  const post = (path: string, body: object, token?: string) =>
    fetch(`${url}/api/auth/${path}`, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    })
  const get = (path: string, token: string) => fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${token}` } })
  const login = async (username = 'alice', password = PASSWORD) => {
    const answer = await post('login', { username, password })
    // biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
    return { status: answer.status, body: (await answer.json()) as any }
  }
  /** The service looks at its files once a second, by the system's clock. */
  const nextLook = () => new Promise((resolve) => setTimeout(resolve, 1_100))
  const verified = async () => JSON.parse((await porthole('audit', 'verify', '--json', audit)).stdout)
  const records = () =>
    readFileSync(audit, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))

  beforeAll(async () => {
    const added = await porthole('user', 'add', '--name', 'alice', '--role', 'admin')
    if (added.code !== 0) throw new Error(added.stderr)
    await serve()
  })
  afterAll(async () => {
    await running.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('a user of the file reads, refreshes and signs out, and each step is recorded', async () => {
    const { status, body } = await login()
    expect(status).toBe(200)
    expect((await get('/api/containers', body.accessToken)).status).toBe(200)
    const refreshed = await post('refresh', { refreshToken: body.refreshToken })
    const next = (await refreshed.json()) as { accessToken: string; refreshToken: string }
    const list = (await (await get('/api/containers', next.accessToken)).json()) as { items: { id: string }[] }
    const detail = await get(`/api/containers/${list.items[0]?.id}`, next.accessToken)
    expect(detail.status).toBe(200)
    expect((await post('logout', {}, next.accessToken)).status).toBe(204)
    for (const token of [body.accessToken, next.accessToken])
      expect((await get('/api/containers', token)).status).toBe(401)

    const steps = records().map(({ kind, action, route, subject }) => [kind, action ?? route, subject ?? null])
    expect(steps.slice(0, 7)).toEqual([
      ['service', 'start', null],
      ['auth', 'login', 'alice'],
      ['read', '/api/containers', 'alice'],
      ['auth', 'refresh', 'alice'],
      ['read', '/api/containers', 'alice'],
      ['read', '/api/containers/:id', 'alice'],
      ['auth', 'logout', 'alice'],
    ])
    const read = records()[5]
    expect(read).toMatchObject({ container: list.items[0]?.id, status: 200, decision: 'allow' })
    expect(read.requestId).toBe(detail.headers.get('x-request-id'))
    expect(read.bytes).toBe(Number(detail.headers.get('content-length')))
    expect(read.engine).toEqual([{ host: 'local', call: 'inspect', status: 200, milliseconds: expect.any(Number) }])
    expect(read.redactions).toBeGreaterThan(0)
    const written = readFileSync(audit, 'utf8') + running.stdout() + running.stderr()
    for (const secret of [PASSWORD, body.accessToken, body.refreshToken, next.refreshToken])
      expect(written).not.toContain(secret)
  })

  test('a user who is added signs in without a restart, and one who is removed cannot refresh', async () => {
    expect((await login('bob')).status).toBe(401)
    expect((await porthole('user', 'add', '--name', 'bob', '--role', 'viewer')).code).toBe(0)
    await nextLook()
    const { status, body } = await login('bob')
    expect(status).toBe(200)
    expect((await porthole('user', 'remove', '--name', 'bob')).code).toBe(0)
    await nextLook()
    expect((await post('refresh', { refreshToken: body.refreshToken })).status).toBe(401)
  })

  test('a token that the operator revokes by its id is refused within two seconds, and after a restart too', async () => {
    const made = await porthole('token', 'create', '--sub', 'grafana', '--role', 'viewer')
    const token = made.stdout.trim()
    const me = (await (await get('/api/auth/me', token)).json()) as { tokenId: string }
    const revoking = await porthole('token', 'revoke', '--jti', me.tokenId, '--reason', 'laptop lost')
    expect([revoking.code, revoking.stderr]).toEqual([0, ''])
    await eventually(
      async () => (await get('/api/auth/me', token)).status,
      (status) => status === 401,
      3_000,
    )
    expect((await running.stop()).code).toBe(0)
    await serve()
    expect((await get('/api/auth/me', token)).status).toBe(401)
    const other = await porthole('token', 'create', '--sub', 'grafana', '--role', 'viewer')
    expect((await get('/api/auth/me', other.stdout.trim())).status).toBe(200)
  })

  test('a restart ends every session and goes on with the chain of records, after kill -9 too', async () => {
    const { body } = await login()
    const before = await verified()
    expect(before).toMatchObject({ ok: true, broken: null })
    await running.kill()
    writeFileSync(audit, '{"v":1,"seq":', { flag: 'a' })
    await serve()
    expect((await get('/api/containers', body.accessToken)).status).toBe(401)
    expect((await post('refresh', { refreshToken: body.refreshToken })).status).toBe(401)
    const again = await login()
    expect((await get('/api/containers', again.body.accessToken)).status).toBe(200)
    const after = await verified()
    expect(after).toMatchObject({ ok: true, broken: null })
    expect(after.lastSeq).toBeGreaterThan(before.lastSeq)
    expect(after.notes).toHaveLength(1)
    const page = (await (await get('/api/audit?limit=1000', again.body.accessToken)).json()) as {
      items: { seq: number }[]
    }
    expect(page.items.at(-1)?.seq).toBe(1)
  })

  test('after a rotation the service writes a new file, and the two are one chain', async () => {
    const { body } = await login()
    renameSync(audit, `${audit}.1`)
    await nextLook()
    expect((await get('/api/containers', body.accessToken)).status).toBe(200)
    const both = await porthole('audit', 'verify', '--json', `${audit}.1`, audit)
    expect(JSON.parse(both.stdout)).toMatchObject({ ok: true, firstSeq: 1 })
    const lines = readFileSync(`${audit}.1`, 'utf8').split('\n')
    writeFileSync(`${audit}.1`, [...lines.slice(0, 3), ...lines.slice(4)].join('\n'))
    const broken = await porthole('audit', 'verify', `${audit}.1`, audit)
    expect(broken.code).toBe(1)
    expect(broken.stdout + broken.stderr).toContain('audit.log.1:4')
  })

  test('guessing is stopped, and a wrong password is answered as an unknown user is', async () => {
    const guesses = [await login('alice', 'guess'), await login('nobody', 'guess'), await login('alice', 'guess')]
    expect(guesses.map(({ status }) => status)).toEqual([401, 401, 401])
    const { requestId: _a, instance: _b, ...wrong } = guesses[0]?.body ?? {}
    const { requestId: _c, instance: _d, ...unknown } = guesses[1]?.body ?? {}
    expect(wrong).toEqual(unknown)
    expect((await login()).status).toBe(429)
  })
})
