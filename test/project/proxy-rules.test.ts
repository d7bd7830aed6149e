import { readdirSync, readFileSync } from 'node:fs'
import { guardRead } from '../../api/engine/guard.js'
import { boundsOf } from '../../api/engine/read-limits.js'
import { READS, type ReadName } from '../../api/engine/reads.js'
import { type ProxiedRequest, proxyOf, serverTimeouts } from '../support/haproxy-rules.js'

const ID = '0'.repeat(64)
const DEPLOYED = 'deploy/socket-proxy/haproxy.cfg'
const SECURITY = 'docs/docker-socket-security.md'

function read(path: string): string {
  return readFileSync(path, 'utf8')
}

/** Values of each parameter that the table knows, by its name. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  all: [true],
  filters: [{ id: [ID] }, { id: [ID, ID] }, { type: ['container'] }],
  follow: [true, false],
  'one-shot': [true],
  since: ['1795488537.123456789', 0],
  stderr: [true, false],
  stdout: [true, false],
  stream: [false],
  tail: ['all', 0, 51_000],
  timestamps: [true],
}

const NAMES = Object.keys(READS) as ReadName[]

/** What the guard lets leave for a read: with what it requires alone, and with every parameter that it may have. */
function requestsOf(name: ReadName): ProxiedRequest[] {
  const { path, parameters = {}, required } = READS[name]
  const names = Object.keys(parameters)
  expect(names.filter((one) => SAMPLES[one] === undefined)).toEqual([])
  const valuesOf = (one: string) => (SAMPLES[one] ?? []).filter((value) => parameters[one]?.(value) !== null)
  const least = required === undefined ? {} : { [required]: valuesOf(required)[0] }
  const variants: object[] = [least]
  for (const one of names) for (const value of valuesOf(one)) variants.push({ ...least, [one]: value })
  variants.push(Object.fromEntries(names.map((one) => [one, valuesOf(one)[0]])))
  return variants.map((options) => sentBy(path, options))
}

function sentBy(path: string, options: object): ProxiedRequest {
  const isStream = path === '/events' || ('follow' in options && options.follow === true)
  const { method, target } = guardRead({ method: 'GET', path: path.replace('{id}', ID), options, isStream })
  const [sent = '', query = ''] = target.split('?')
  return { method, path: sent, query }
}

/** What a proxy by prefix would let through, or what another container could be named like. */
const UNREADABLE = [
  `/containers/${ID}/export`,
  `/containers/${ID}/archive`,
  `/containers/${ID}/attach/ws`,
  `/containers/${ID}/json/`,
  `/containers/${ID.slice(1)}/json`,
  `/containers/${'A'.repeat(64)}/json`,
  '/containers/{id}/json',
  '/containers/json/x',
  '/CONTAINERS/json',
  '//containers/json',
  '/containers/../secrets',
  '/images/get',
  '/images/alpine/get',
  '/images/search',
  '/networks/bridge',
  '/system/dial',
  '/secrets',
  '/swarm',
  '/configs',
  '/_pingx',
]

test.each(UNREADABLE)('the guard refuses %s', (path) => {
  expect(() => guardRead({ method: 'GET', path })).toThrow()
})

describe("the deployment's socket proxy", () => {
  const judge = proxyOf(read(DEPLOYED))

  test.each(NAMES)('lets %s through, with all that it may ask', (name) => {
    const requests = requestsOf(name)
    expect(requests.filter((request) => !judge(request).isAllowed)).toEqual([])
    expect(judge({ method: 'HEAD', path: '/_ping', query: '' }).isAllowed).toBe(true)
  })

  test.each(NAMES)('lets nothing else through that is asked like %s', (name) => {
    const { path, required } = READS[name]
    for (const { query, ...request } of requestsOf(name)) {
      const more = query === '' ? '' : `${query}&`
      for (const other of ['size=true', 'ps_args=aux', 'details=true', 'stream=true', 'all=0', 'until=5', 'x'])
        expect([other, judge({ ...request, query: `${more}${other}` }).isAllowed]).toEqual([other, false])
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', ...(path === '/_ping' ? [] : ['HEAD'])])
        expect([method, judge({ ...request, query, method }).isAllowed]).toEqual([method, false])
    }
    if (required !== undefined)
      expect(judge({ method: 'GET', path: path.replace('{id}', ID), query: '' }).isAllowed).toBe(false)
  })

  test.each(UNREADABLE)('refuses %s', (path) => {
    expect(judge({ method: 'GET', path, query: '' }).isAllowed).toBe(false)
  })

  test('waits for an engine longer than Porthole does', () => {
    const timeouts = serverTimeouts(read(DEPLOYED))
    const bounds = boundsOf({})
    for (const name of NAMES) {
      for (const request of requestsOf(name)) {
        const timeout = timeouts.get(judge(request).backend)
        expect([name, timeout]).toEqual([name, expect.any(Number)])
        expect(timeout).toBeGreaterThan(bounds[READS[name].limits.deadline])
      }
    }
  })
})

/** The one-line rules of proxies that are shown or tested beside it. */
const ONE_LINE_RULES = [
  ...readdirSync('docs').flatMap((name) => (name.endsWith('.md') ? [`docs/${name}`] : [])),
  'test/support/haproxy/tight.cfg',
].flatMap((path) =>
  [...read(path).matchAll(/^ *http-request allow if \{ path -m reg '?(\^\/?[^\s']+\$)'? \}$/gm)].map(
    ([, rule = '']) => [path, rule] as const,
  ),
)

describe('a tight socket proxy in one line', () => {
  test('is shown in the document about it', () => {
    expect(ONE_LINE_RULES.map(([path]) => path)).toContain(SECURITY)
  })

  test.each(ONE_LINE_RULES)('as in %s lets through what Porthole asks for, and nothing else', (_path, rule) => {
    const pattern = new RegExp(rule)
    const paths = NAMES.map((name) => READS[name].path.replace('{id}', ID))
    expect(paths.filter((path) => !pattern.test(path))).toEqual([])
    expect(UNREADABLE.filter((path) => pattern.test(path))).toEqual([])
  })
})

describe('the switches of other socket proxies', () => {
  test('are documented for each read, as the faults name them', () => {
    const tables = read('docs/configuration.md')
      .split('\n')
      .filter((line) => /^\| .*\b[A-Z]{4,}(?:=1|, on by default)/.test(line))
    for (const name of NAMES) {
      const { path, proxySwitch, linuxserverSwitch } = READS[name]
      const rows = tables.filter((line) => line.includes(`\`${path.replace('{id}', 'ID')}\``))
      expect([name, rows.length]).toEqual([name, 1])
      expect(rows[0]).toMatch(new RegExp(`\\| ${proxySwitch}(?:=1|, on by default) +\\|`))
      const asked = /\bALLOW_[A-Z]+/.exec(rows[0] ?? '')?.[0]
      expect([name, asked]).toEqual([name, linuxserverSwitch])
    }
  })

  test.each(['docker-compose.tecnativa.yml', SECURITY])('are all in %s', (path) => {
    const [, block = ''] = /^ {4}environment:\n((?: {6}.+\n)*? {6}POST: 0\n(?: {6}.+\n)*)/m.exec(read(path)) ?? []
    const named = [...block.matchAll(/^ {6}([A-Z]+): [01]$/gm)].map(([, name]) => name)
    const asked = new Set(NAMES.map((name) => READS[name].proxySwitch))
    expect(named.filter((name) => name !== 'POST').sort()).toEqual([...asked].sort())
  })
})

test('the documented number of reads is right', () => {
  const words: Readonly<Record<number, string>> = { 14: 'fourteen', 15: 'fifteen', 16: 'sixteen', 17: 'seventeen' }
  expect(read('api/SECURITY.md')).toContain(`A closed list of ${words[NAMES.length]} reads`)
})
