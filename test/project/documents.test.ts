import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, extname, join, relative } from 'node:path'
import { describeFaults, loadConfig, VARIABLES } from '../../api/config/config.js'
import { problemOf } from '../../api/http/problem.js'
import { ACTIONS, FEEDS, ROUTES, STREAMS } from '../../api/http/routes.js'
import { ApiError, ERROR_CODES } from '../../api/model/error.js'
import { SECRET } from '../support/tokens.js'

const ROOT = process.cwd()

/** Lines of a source file: what is longer has more than one subject. */
const MAX_SOURCE_LINES = 450

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

/** Every file below a folder, as paths from the root. */
function filesBelow(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return []
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .sort()
}

const DOCUMENTS = [
  ...readdirSync(ROOT).filter((name) => name.endsWith('.md')),
  ...filesBelow('docs').filter((name) => name.endsWith('.md')),
]

const SOURCES = ['api', 'test', 'scripts', 'bench']
  .flatMap(filesBelow)
  .filter((path) => !path.startsWith(join('test', 'fixtures')))

/** A document as it reads without its blocks of code. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '')
}

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

function headings(text: string, level: string): string[] {
  return prose(text)
    .split('\n')
    .filter((line) => line.startsWith(`${level} `))
    .map((line) => line.slice(level.length + 1).trim())
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
    const actions = ACTIONS.map(({ path }) => path)
    expect(listed.map(([path]) => path).filter((path) => path?.startsWith('/api/auth/'))).toEqual(actions)
  })

  test.each(READS.map(({ path, scope }) => [path, scope] as const))('has a section for %s', (path, scope) => {
    const section = text.split(`\n## GET ${path}\n`)[1]?.split('\n## ')[0] ?? ''
    expect(section).toContain(`\`${scope}\``)
  })

  test('shows examples that are JSON', () => {
    const examples = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json]) => json ?? '')
    expect(examples.length).toBeGreaterThan(4)
    for (const json of examples) expect(() => JSON.parse(json)).not.toThrow()
  })
})

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

  test('has a title', () => {
    for (const path of DOCUMENTS) expect([path, headings(read(path), '#').length]).toEqual([path, 1])
  })

  test('of a decision gives its background, the decision and its consequences', () => {
    const decisions = DOCUMENTS.filter((path) => dirname(path) === join('docs', 'decisions'))
    expect(decisions.length).toBeGreaterThan(5)
    for (const path of decisions) {
      expect(path).toMatch(/\d{4}-[a-z0-9-]+\.md$/)
      expect([path, headings(read(path), '##')]).toEqual([path, ['Background', 'Decision', 'Consequences']])
    }
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
