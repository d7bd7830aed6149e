import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, extname, join } from 'node:path'
import { AUTH_ACTIONS } from '../../api/audit/event.js'
import type { Command } from '../../api/cli/command.js'
import { COMMANDS } from '../../api/cli/commands.js'
import { describeFaults, loadConfig, VARIABLES } from '../../api/config/config.js'
import { READS as ENGINE_READS } from '../../api/engine/reads.js'
import { problemOf } from '../../api/http/endpoints/problem.js'
import { parseQuery } from '../../api/http/resources/query-parts.js'
import { ACTIONS, FEEDS, ROUTES, STREAMS } from '../../api/http/routes.js'
import { ApiError, ERROR_CODES } from '../../api/model/error.js'
import { SCOPES } from '../../api/model/scope.js'
import { SECRET } from '../support/tokens.js'
import { filesBelow, headings, prose, ROOT, read } from './project-files.js'

/** Lines of a source file: what is longer has more than one subject. */
const MAX_SOURCE_LINES = 450

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...['docs', 'api', 'examples'].flatMap(filesBelow).filter((name) => name.endsWith('.md')),
]

const SOURCES = ['api', 'demo', 'test', 'scripts', 'bench']
  .flatMap(filesBelow)
  .filter((path) => !path.startsWith(join('test', 'fixtures')))

/** The cells of each row of a document's tables whose first cell fits. */
function rows(text: string, first: RegExp): string[][] {
  return prose(text)
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
    .filter(([cell]) => first.test(cell ?? ''))
}

describe('docs/errors.md', () => {
  const text = read('docs/errors.md')

  test('has a heading for every error code and for nothing else', () => {
    expect(headings(text, '##')).toEqual([...ERROR_CODES])
  })

  test.each(ERROR_CODES)('names the status of %s, when it comes and what to do', (code) => {
    const section = text.split(`\n## ${code}\n`)[1]?.split('\n## ')[0] ?? ''
    expect(section).toContain(`Status: ${problemOf(new ApiError(code, ''), '').status}`)
    expect(section).toMatch(/^When: /m)
    expect(section).toMatch(/^Do: /m)
  })
})

describe('docs/configuration.md', () => {
  const text = read('docs/configuration.md')
  const table = rows(text, /^`[A-Z][A-Z0-9_]+`$/)

  test('has one row for every variable, and none for what is no variable', () => {
    expect(table.map(([name]) => name)).toEqual(VARIABLES.map((name) => `\`${name}\``))
  })

  test('fills every cell of a row', () => {
    for (const row of table) expect([row[0], row.length, row.includes('')]).toEqual([row[0], 4, false])
  })

  test('names the defaults that the configuration takes', () => {
    const loaded = loadConfig(
      { JWT_SECRET: SECRET },
      { readFile: () => '', isDirectory: () => false, isWritableByAll: () => false },
      0,
    )
    if (loaded.faults !== undefined) throw new Error(describeFaults(loaded.faults))
    const { listen, logLevel, auth, limits, sampling, hosts, audit, logs } = loaded.config
    const token = auth?.token
    const defaults = {
      HOST: listen.host,
      PORT: String(listen.port),
      LOG_LEVEL: logLevel,
      JWT_ALGORITHM: token?.algorithm,
      JWT_ISSUER: token?.issuer,
      JWT_AUDIENCE: token?.audience,
      DOCKER_HOST: hosts[0]?.endpoint.kind === 'unix' ? `unix://${hosts[0].endpoint.socketPath}` : '',
      RATE_LIMIT_WINDOW: `${limits.windowMs / 60_000}m`,
      RATE_LIMIT_GENERAL: String(limits.general),
      RATE_LIMIT_STATS: String(limits.stats),
      RATE_LIMIT_METRICS: String(limits.metrics),
      RATE_LIMIT_LOGIN: String(limits.login),
      AUDIT_LOG: audit.destination.kind,
      AUDIT_ON_FAILURE: audit.onFailure,
      SAMPLE_INTERVAL: `${sampling.intervalMs / 1_000}s`,
      HISTORY_WINDOW: `${sampling.historyMs / 3_600_000}h`,
      LOG_REDACTION: String(logs.scrub),
    }
    for (const [name, value] of Object.entries(defaults))
      expect([name, table.find(([cell]) => cell === `\`${name}\``)?.[1]]).toEqual([name, `\`${value}\``])
  })
})

/** Streams stand after the read that they repeat. */
const READS = ROUTES.flatMap((route) => [
  route,
  ...[...STREAMS, ...FEEDS].filter(({ path }) => path === `${route.path}/stream`),
])

describe('docs/api.md', () => {
  const text = read('docs/api.md')
  const table = rows(text, /^\[`(?:GET|POST) \/(?:api|metrics)/)

  test('lists every route with its scope and its limit, and no other', () => {
    const listed = table.map(([path, scope, limit]) => [/`(?:GET|POST) ([^`]+)`/.exec(path ?? '')?.[1], scope, limit])
    const reads = READS.map(({ path, scope, limit }) => [path, `\`${scope}\``, limit])
    expect(listed.filter(([path]) => !path?.startsWith('/api/auth/'))).toEqual(reads)
    const actions = ACTIONS.map(({ path, limit }) => [path, limit])
    const listedActions = listed.filter(([path]) => path?.startsWith('/api/auth/'))
    expect(listedActions.map(([path, , limit]) => [path, limit])).toEqual(actions)
  })

  test.each(READS.map(({ path, scope }) => [path, scope] as const))('has a section for %s', (path, scope) => {
    const section = text.split(`\n## GET ${path}\n`)[1]?.split('\n## ')[0] ?? ''
    expect(section).toContain(`\`${scope}\``)
  })

  test('shows examples that are JSON', () => {
    expect(blocksOf(text, 'json').length).toBeGreaterThan(4)
  })
})

describe('docs/audit.md', () => {
  test('has every action of who may look, and no other', () => {
    const table = rows(read('docs/audit.md'), /^`(?:login|refresh|token-|rate|address-)/)
    const named = table.flatMap(([cell = '']) => [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name]) => name ?? ''))
    expect(named.sort()).toEqual([...AUTH_ACTIONS].sort())
  })
})

describe('api/SECURITY.md', () => {
  const text = read('api/SECURITY.md')

  /** Where createApp has each step, and what the page calls it. */
  const STEPS: readonly (readonly [code: string, heading: string])[] = [
    ['app.use(requestLog(', 'A line in the log'],
    ['app.use(resolveAddress(', 'Whose address'],
    ['app.use(securityHeaders(', 'Header fields of every answer'],
    ['app.use(requireOneHost(', 'The shape of a request'],
    ["'/health/live',", 'Health'],
    ['allowAddresses(network', 'Who may connect, which pages may read'],
    ['app.use(identify(', 'Who asks'],
    ["app.use(limitRequests('general'", 'How often'],
    ['app.use(AUTH_PREFIX', 'Signing in, and what else concerns the caller'],
    ['app.use(callersOnly)', 'Strangers end here'],
    ['mountRoutes(app,', 'The route'],
    ['app.use(answerProblem())', 'What went wrong'],
  ]

  test('has the checks in the order in which a request meets them', () => {
    const code = read('api/http/app.ts')
    const places = STEPS.map(([step]) => code.indexOf(step))
    expect(places).not.toContain(-1)
    expect(places).toEqual([...places].sort((a, b) => a - b))
    const titles = headings(text, '###').map((title) => title.replace(/^\d+\. /, ''))
    expect(titles.filter((title) => STEPS.some(([, heading]) => heading === title))).toEqual(
      STEPS.map(([, heading]) => heading),
    )
  })

  test('leaves out no middleware', () => {
    const files = filesBelow(join('api', 'http', 'middleware'))
    expect(files.filter((file) => !text.includes(`\`${file}\``))).toEqual([])
  })
})

/** What stands for an id in examples. */
const ID = '0'.repeat(64)
/** Settings of later versions, which the start refuses. */
const NOT_YET = ['REDIS_URL', 'ALERT_WEBHOOK_URL']

/** What the start refuses, shown as slips of the pen. */
const SLIPS = ['JWT_SECRETS', 'RATE_LIMIT_STAT']

/** Variables of other programs: docker, node, login, linuxserver's proxy, and containers in examples. */
const OF_OTHERS = [
  'DOCKER_TLS',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_API_VERSION',
  'NODE_OPTIONS',
  'XDG_RUNTIME_DIR',
  'ALLOW_LOGS',
  'ALLOW_TOP',
  'ALLOW_CHANGE',
  'POSTGRES_PASSWORD',
  'DATABASE_URL',
  'API_TOKEN',
]

/** In capitals, and no variables: a placeholder, a capability, families of addresses, an error of OpenSSL's, constants. */
const NO_VARIABLES = [
  'NAME_FILE',
  'SYS_ADMIN',
  'AF_UNIX',
  'AF_INET',
  'AF_INET6',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'ERROR_CODES',
  'NO_QUERY',
  'ONE_QUERY',
  'IMAGES_QUERY',
  'IMAGE_LIST',
]

let commands: readonly Command[] = []
beforeAll(async () => {
  commands = await Promise.all(COMMANDS.map(({ load }) => load()))
})

/** Requests below /api, /health and /metrics as a document writes them: after a method, in a URL, or as a text of their own. */
const REQUEST =
  /(?:\b(GET|HEAD|POST|PUT|PATCH|DELETE) |localhost:\d+|\$B|[`'"])(\/(?:api|health|metrics)(?![\w-])[^\s`'"|),;]*)/g

interface Named {
  readonly method: string | undefined
  readonly path: string
  /** With its question mark; empty where there is none. */
  readonly search: string
}

/** With values for what the reader is to fill in. */
function requestsIn(text: string): Named[] {
  return [...text.matchAll(REQUEST)].map(([, method, target = '']) => {
    const filled = target
      .replace(/\$\{[^}]*\}/g, 'x')
      .replace(/\$SINCE\b/g, '2026-01-01T00:00:00Z')
      .replace(/\$(?:ID|id)\b/g, ID)
      .replace(/\$[a-z]+\b/g, 'x')
      .replace(/[.:]+$/, '')
    const [path = '', ...search] = filled.split('?')
    return {
      method,
      path: path.replace(/(?<=\/containers\/)(?:[0-9a-f]{12,64}|ID)(?=\/|$)/, ':id'),
      search: search.length === 0 ? '' : `?${search.join('?')}`,
    }
  })
}

const HEALTH = ['/health/live', '/health/ready']

/** What is wrong with it; null where nothing is. */
function wrongWith({ method, path, search }: Named): string | null {
  const route = READS.find((one) => one.path === path)
  const actions = ACTIONS.filter((one) => one.path === path)
  const isRead = route !== undefined || HEALTH.includes(path) || actions.some((one) => one.method === 'GET')
  const isPost = actions.some((one) => one.method === 'POST')
  if (method === undefined && !isRead && !isPost) {
    const isPrefix = [...READS, ...ACTIONS].some((one) => one.path.startsWith(`${path}/`)) || path === '/health'
    return search === '' && isPrefix ? null : `${path} is no route`
  }
  if (method === 'POST' ? !isPost : method !== undefined && (!isRead || !/^(?:GET|HEAD)$/.test(method)))
    return `${method} ${path} is no route`
  if (search === '') return null
  if (route === undefined) return `${path} takes no parameters`
  const faults = parseQuery(route.query, search).faults ?? []
  return faults.length === 0
    ? null
    : `${path}${search}: ${faults.map((fault) => `${fault.path} ${fault.message}`).join()}`
}

/** Calls of the command, each on one line. */
function callsIn(text: string): string[] {
  const joined = text.replace(/\\\n\s*/g, ' ').replace(/\n {4}/g, '\n')
  return [...joined.matchAll(/(?<![\w/.=-])porthole ([a-z][a-z-]*(?![\w:])[^\n`|)]*)/g)].map(([, call]) => call ?? '')
}

function isCall(call: string): boolean {
  const command = commands.find(({ name }) => `${call} `.startsWith(`${name} `))
  const given = [...call.matchAll(/(?<=\s)--([a-z][a-z-]*)/g)].map(([, option]) => option ?? '')
  // A group of commands, as in `porthole user`.
  if (command === undefined)
    return given.length === 0 && commands.some(({ name }) => name.startsWith(`${call.trim()} `))
  return given.every((option) => option === 'help' || option in command.options)
}

describe('every document', () => {
  test.each(DOCUMENTS)('%s links to what is there', (path) => {
    const broken = linksIn(read(path)).filter((link) => !resolves(path, link))
    expect(broken).toEqual([])
  })

  test.each(DOCUMENTS)('%s names scripts and paths that exist', (path) => {
    const text = read(path)
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const commands = [...text.matchAll(/\bnpm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name]) => name ?? '')
    expect(commands.filter((name) => !(name in scripts))).toEqual([])
    const files = [
      ...[...text.matchAll(/\bscripts\/[a-z][\w-]*(?:\.[a-z]+)?/g)].map(([name]) => name),
      ...[...text.matchAll(/`((?:api|test|bench|docs)\/[\w./-]*)`/g)].map(([, name]) => name ?? ''),
    ]
    expect([...new Set(files)].filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
  })

  test.each(DOCUMENTS)('%s names source files that exist, also where it leaves out their folder', (path) => {
    const named = [...read(path).matchAll(/`((?:[\w-]+\/)*[\w.-]+\.(?:ts|mjs))`/g)].map(([, name]) => `/${name}`)
    expect(named.filter((name) => !SOURCES.some((source) => `/${source}`.endsWith(name)))).toEqual([])
  })

  test.each(DOCUMENTS)('%s names variables that are read', (path) => {
    const sources = SOURCES.filter((source) => !DOCUMENTS.includes(source))
      .map(read)
      .join('\n')
    const known = new Set<string>([...VARIABLES, ...NOT_YET, ...SLIPS, ...OF_OTHERS, ...NO_VARIABLES])
    const isKnown = (name: string) => known.has(name) || (/^(?:PORTHOLE|BENCH)_/.test(name) && sources.includes(name))
    expect(capitalsIn(read(path)).filter((name) => !isKnown(name))).toEqual([])
  })

  test('names each of the variables that are not ours, or they need not be known here', () => {
    const named = new Set(DOCUMENTS.flatMap((path) => capitalsIn(read(path))))
    expect([...NOT_YET, ...SLIPS, ...OF_OTHERS, ...NO_VARIABLES].filter((name) => !named.has(name))).toEqual([])
  })

  test.each(DOCUMENTS)('%s names routes that are there, with parameters that they take', (path) => {
    expect(
      requestsIn(read(path))
        .map(wrongWith)
        .filter((wrong) => wrong !== null),
    ).toEqual([])
  })

  test('is looked at for routes where they stand', () => {
    expect(requestsIn(read('docs/docker-socket-security.md')).length).toBeGreaterThan(20)
    const examples = [
      '`GET /api/nothing`',
      'POST /api/containers',
      "'localhost:3000/api/events?actoin=die'",
      '$B/api/stat',
    ]
    for (const text of examples) expect([text, requestsIn(text).map(wrongWith)]).toEqual([text, [expect.any(String)]])
  })

  test('is looked at for commands where they stand', () => {
    expect(callsIn(read('docs/docker-socket-security.md')).length).toBeGreaterThan(5)
    for (const call of ['token make --sub me', 'token create --subject me', 'user --name me', 'doctor'])
      expect([call, callsIn(`npx porthole ${call}`).map(isCall)]).toEqual([call, [false]])
  })

  test.each(DOCUMENTS)('%s names scopes, metrics and commands that there are', (path) => {
    const text = read(path)
    const scopes = [...text.matchAll(/\b[a-z]+:read\b/g)].map(([name]) => name)
    expect(scopes.filter((name) => !(SCOPES as readonly string[]).includes(name))).toEqual([])
    const metrics = [...text.matchAll(/\bporthole_[a-z_]+/g)].map(([name]) => name)
    expect(metrics.filter((name) => !read('api/http/resources/metrics/metrics.ts').includes(`'${name}'`))).toEqual([])
    expect(callsIn(text).filter((call) => !isCall(call))).toEqual([])
  })

  test.each(DOCUMENTS)('%s shows JSON that is JSON, and shell that a shell reads', (path) => {
    const text = read(path)
    for (const json of blocksOf(text, 'json')) expect(() => JSON.parse(json)).not.toThrow()
    for (const script of blocksOf(text, 'sh')) {
      const { status, stderr } = spawnSync('sh', ['-n'], { input: script, encoding: 'utf8' })
      expect([script, status, stderr]).toEqual([script, 0, ''])
    }
  })

  test('has a title', () => {
    for (const path of DOCUMENTS) expect([path, headings(read(path), '#').length]).toEqual([path, 1])
  })
})

describe('the engine room, as documents describe it', () => {
  test('has its deadlines where a document says that they are', () => {
    const saying = DOCUMENTS.flatMap((path) => read(path).split(/\n(?=\n|[|-])/)).filter((text) =>
      /\bdeadline/i.test(text),
    )
    const named = saying.map((text) => [...text.matchAll(/`(api\/engine\/[\w-]+\.ts)`/g)].map(([, file]) => file ?? ''))
    const homes = named.filter((files) => files.length > 0)
    expect(homes.length).toBeGreaterThan(0)
    for (const files of homes)
      expect([files, files.some((file) => /DEADLINE_MS = |deadlineMs: \d/.test(read(file)))]).toEqual([files, true])
  })

  test('makes as many reads as they count', () => {
    const words = [
      'twelve',
      'thirteen',
      'fourteen',
      'fifteen',
      'sixteen',
      'seventeen',
      'eighteen',
      'nineteen',
      'twenty',
    ]
    const counted = DOCUMENTS.flatMap((path) =>
      [...read(path).matchAll(/closed list of (\w+) reads/g)].map(([, word]) => word),
    )
    expect(counted.length).toBeGreaterThan(1)
    expect(new Set(counted)).toEqual(new Set([words[Object.keys(ENGINE_READS).length - 12]]))
  })
})

describe('every source', () => {
  test('is ASCII, but for recorded fixtures', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is what ASCII is
    expect(SOURCES.filter((path) => /[^\x00-\x7f]/.test(read(path)))).toEqual([])
  })

  test('below api/ has one subject, so it is not long', () => {
    const lengths = SOURCES.filter((path) => path.startsWith('api')).map((path) => ({ path, lines: linesOf(path) }))
    expect(lengths.filter(({ lines }) => lines > MAX_SOURCE_LINES)).toEqual([])
  })

  test('names no folder of the machine that it was written on', () => {
    // Put together here, so that this file does not find itself.
    const foreign = new RegExp(`(?:/${['home', 'Users'].join('/|/')}/)[a-z]`, 'i')
    const own = [ROOT, homedir()].filter((folder) => folder.split('/').length > 2)
    const naming = [...SOURCES, ...DOCUMENTS].filter((path) => {
      const text = read(path)
      return foreign.test(text) || own.some((folder) => text.includes(folder))
    })
    expect(naming).toEqual([])
  })
})

/** Words of a document that are written as variables are, with an underscore; each once. */
function capitalsIn(text: string): string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w-])/g)].map(([name]) => name))]
}

/** The blocks of code in one language, those within lists too. */
function blocksOf(text: string, language: string): string[] {
  const block = new RegExp(`^( *)\`\`\`${language}\\n([\\s\\S]*?)^\\1\`\`\`$`, 'gm')
  return [...text.matchAll(block)].map(([, , code]) => code ?? '')
}

function linesOf(path: string): number {
  return read(path).trimEnd().split('\n').length
}

function linksIn(text: string): string[] {
  const plain = prose(text).replace(/`[^`\n]*`/g, 'code')
  return [...plain.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
}

/** Links that lead out of the project are not followed. */
function resolves(from: string, link: string): boolean {
  if (/^(?:https?:|mailto:)/.test(link)) return true
  const [path = '', anchor] = link.split('#')
  const target = path === '' ? from : join(dirname(from), path)
  if (!existsSync(join(ROOT, target))) return false
  if (anchor === undefined) return true
  return extname(target) === '.md' && statSync(join(ROOT, target)).isFile() && anchorsOf(read(target)).has(anchor)
}

/** The anchors that a forge gives to headings: lower case, without punctuation, dashes for blanks, numbered when repeated. */
function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, title = ''] of prose(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const plain = title.toLowerCase().replace(/[^\w\- ]/g, '')
    const anchor = plain.trim().replaceAll(' ', '-')
    let unique = anchor
    for (let i = 1; anchors.has(unique); i += 1) unique = `${anchor}-${i}`
    anchors.add(unique)
  }
  return anchors
}
