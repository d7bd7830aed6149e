import { SYSTEM_CLOCK } from '../../api/clock.js'
import { createHttpServer, listen } from '../../api/http/server.js'
import { createLog } from '../../api/log.js'
import { OPEN_NETWORK } from '../support/app-parts.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { sendRaw, statusesIn } from '../support/raw-http.js'
import { createSignInRig, PASSWORD } from '../support/sign-in-rig.js'
import { hostileTokens } from '../support/tokens.js'

const cleanup = cleanupAfterEach()

/** Texts that, in careless code, end lines, move cursors, close quotes or look like members. */
const HOSTILE = [
  '","subject":"admin","x":"',
  '{"v":1,"seq":1}',
  '%0d%0a{"level":"info"}',
  '%0a%7b%22v%22%3a1',
  '%1b%5b2K',
  '%e2%80%a8',
  '%00',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is what it looks like
  '${jndi:ldap://x}',
  '<script>alert(1)</script>',
  "'; DROP TABLE users; --",
  '..%2f..%2f..%2fetc%2fpasswd',
]

describe('nothing that an unverified client sends', () => {
  const lines: string[] = []
  const log = createLog('debug', { write: (line) => lines.push(line) })
  const rig = createSignInRig({ log })
  const server = createHttpServer({ app: rig.app, network: OPEN_NETWORK, clock: SYSTEM_CLOCK, log })
  let port = 0
  beforeAll(async () => {
    port = await listen(server, '127.0.0.1', 0)
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const head = (method: string, path: string, ...fields: string[]) =>
    `${[`${method} ${path} HTTP/1.1`, 'Host: x', 'Connection: close', ...fields].join('\r\n')}\r\n\r\n`
  const login = (body: string, ...fields: string[]) =>
    head('POST', '/api/auth/login', 'Content-Type: application/json', ...fields) + body

  test('changes the shape of a line of the log or of the audit', async () => {
    for (const text of HOSTILE) {
      await sendRaw(port, head('GET', `/api/containers/${text.replaceAll(' ', '%20')}`))
      await sendRaw(port, head('GET', `/api/containers?name=${text.replaceAll(' ', '%20')}`, `User-Agent: ${text}`))
      await sendRaw(port, head('GET', '/api/containers', `Authorization: Bearer ${text}`, `X-Request-Id: ${text}`))
      await sendRaw(port, head('GET', '/api/containers', `X-Forwarded-For: ${text}`, `Forwarded: for=${text}`))
      const body = JSON.stringify({ username: text, password: text })
      await sendRaw(port, login(body, `Content-Length: ${Buffer.byteLength(body)}`))
    }
    for (const [, token] of hostileTokens())
      await sendRaw(port, head('GET', '/api/hosts', `Authorization: Bearer ${token}`))
    expect(lines.length).toBeGreaterThan(150)
    const known = 'level time requestId method path status milliseconds address err msg aborted'.split(' ')
    for (const line of lines) {
      expect(line.indexOf('\n')).toBe(line.length - 1)
      const members = JSON.parse(line)
      expect(Object.keys(members).filter((name) => !known.includes(name))).toEqual([])
      expect(members.requestId).toMatch(/^[0-9a-f-]{36}$/)
      expect(members.address).toBe('127.0.0.1')
    }
    expect(rig.audit.lines.length).toBeGreaterThan(100)
    for (const line of rig.audit.lines) {
      expect(line).toMatch(/^[\x20-\x7e]+$/)
      const record = JSON.parse(line)
      expect(Object.keys(record)).toEqual(
        'v seq time kind action decision requestId address subject issuer tokenId sessionId reason prev hash'.split(
          ' ',
        ),
      )
      expect(['token-refused', 'login-refused', 'login-limited', 'rate-limited']).toContain(record.action)
      expect([record.subject, record.address]).toEqual([null, '127.0.0.1'])
    }
  })

  test('reveals which check failed: every refused token gets the same bytes', async () => {
    const answers = new Set<string>()
    for (const [, token] of hostileTokens()) {
      const answer = await sendRaw(port, head('GET', '/api/hosts', `Authorization: Bearer ${token}`))
      const same = answer
        .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID')
        .replace(/^Date: .*$/m, 'DATE')
        .replace(/; [rt]=\d+/g, '')
      answers.add(same)
    }
    expect(answers.size).toBe(1)
  })

  const smuggled = 'GET /api/containers HTTP/1.1\r\nHost: x\r\n'
  test.each<[string, string, number[]]>([
    [
      'both lengths',
      login('0\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n', 'Content-Length: 5', 'Transfer-Encoding: chunked'),
      [400],
    ],
    ['two lengths', login('{}', 'Content-Length: 2', 'Content-Length: 3'), [400]],
    ['an odd transfer coding', login('{}', 'Transfer-Encoding: xchunked'), [400]],
    ['a coding after chunked', login('{}', 'Transfer-Encoding: chunked, identity'), [400]],
    ['a negative length', login('{}', 'Content-Length: -1'), [400]],
    ['a length with a sign', login('{}', 'Content-Length: +2'), [400]],
    ['a bad chunk', login('zz\r\n{}\r\n0\r\n\r\n', 'Transfer-Encoding: chunked'), [400]],
    ['a blank before the colon', login('{}', 'Content-Length : 2'), [400]],
    ['a folded field', login('{}', 'X-A: b', ' c: d'), [400]],
    ['a bare line feed', 'POST /api/auth/login HTTP/1.1\nHost: x\n\n', [400]],
    [
      'a request inside a body on a read',
      `${head('GET', '/api/hosts', `Content-Length: ${smuggled.length}`)}${smuggled}`,
      [400],
    ],
    [
      'an unread body before another request',
      `${head('PUT', '/api/hosts', `Content-Length: ${smuggled.length}`)}${smuggled}`,
      [401],
    ],
    [
      'chunks that are too many bytes',
      login(`${(5_000).toString(16)}\r\n${'x'.repeat(5_000)}\r\n0\r\n\r\n`, 'Transfer-Encoding: chunked'),
      [413],
    ],
  ])('smuggles a request: %s', async (_what, bytes, statuses) => {
    const answer = await sendRaw(port, bytes)
    expect(statusesIn(answer)).toEqual(statuses)
    expect(answer).not.toContain('"items"')
  })

  test('but a well-made chunked body signs in', async () => {
    const body = JSON.stringify({ username: 'alice', password: PASSWORD })
    const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`
    const fresh = createSignInRig()
    const other = createHttpServer({ app: fresh.app, network: OPEN_NETWORK, clock: SYSTEM_CLOCK, log })
    cleanup(() => other.close())
    const answer = await sendRaw(await listen(other, '127.0.0.1', 0), login(chunked, 'Transfer-Encoding: chunked'))
    expect(statusesIn(answer)).toEqual([200])
  })
})
