import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { verifyPassword } from '../../api/auth/sign-in/password.js'
import { type Config, describeFaults, loadConfig, VARIABLES } from '../../api/config/config.js'
import { parseUsers } from '../../api/config/users-file.js'
import { ROUTES } from '../../api/http/routes.js'
import { type Certificate, hasOpenssl, makeCertificates } from '../support/certificates.js'
import { SECRET } from '../support/tokens.js'
import { filesBelow, ROOT, read } from './project-files.js'

const README = read('examples/README.md')

/** What a compose file says of our service, and what it declares. */
const COMPOSE = z.object({
  services: z.record(
    z.string(),
    z.object({
      environment: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      volumes: z.array(z.string()).optional(),
      secrets: z.array(z.string()).optional(),
      networks: z.union([z.array(z.string()), z.record(z.string(), z.unknown())]).optional(),
    }),
  ),
  networks: z.record(z.string(), z.unknown()).optional(),
  secrets: z.record(z.string(), z.object({ file: z.string() })).optional(),
})

const BASE = COMPOSE.parse(parse(read('docker-compose.yml'), { merge: true }))
const OVERRIDES = filesBelow('examples').filter((path) => /docker-compose\.[a-z]+\.yml$/.test(path))

/** What an environment of compose is once nothing is set around it: `${NAME:-fallback}` is the fallback. */
function substituted(value: string | number): string {
  return String(value).replace(/\$\{[A-Z_]+:?-?([^}]*)\}/g, '$1')
}

function environmentOf(override: z.infer<typeof COMPOSE>): Record<string, string> {
  const merged = { ...BASE.services['porthole']?.environment, ...override.services['porthole']?.environment }
  return Object.fromEntries(Object.entries(merged).map(([name, value]) => [name, substituted(value)]))
}

function loaded(environment: Record<string, string>, files: Readonly<Record<string, string>>): Config {
  const result = loadConfig(
    environment,
    {
      readFile: (path) => {
        const text = files[path]
        if (text === undefined) throw new Error(`ENOENT: ${path}`)
        return text
      },
      isDirectory: () => false,
      isWritableByAll: () => false,
    },
    // A little ahead: the certificates begin after this file is read.
    Date.now() + 60_000,
  )
  if (result.faults !== undefined) throw new Error(describeFaults(result.faults))
  return result.config
}

const withOpenssl = hasOpenssl ? describe : describe.skip

withOpenssl('the examples, with certificates (needs openssl)', () => {
  const made = hasOpenssl ? makeCertificates() : undefined
  let client: Certificate
  let ca: Certificate
  const files: Record<string, string> = {
    '/run/secrets/jwt-secret': SECRET,
    '/var/lib/porthole/access/users.json': read('examples/users.json'),
    '/var/lib/porthole/access/revoked.txt': '',
    '/etc/porthole/hosts.json': read('examples/hosts.json'),
  }

  beforeAll(() => {
    if (made === undefined) return
    ca = made.authority('ca')
    client = made.issue('client', 'ca', ['extendedKeyUsage=clientAuth'])
    Object.assign(files, {
      '/run/secrets/engines-ca': ca.cert,
      '/run/secrets/engines-cert': client.cert,
      '/run/secrets/engines-key': client.key,
    })
  })
  afterAll(() => made?.remove())

  test('hosts.json is a fleet of two, one of them by mutual TLS', () => {
    const { hosts } = loaded({ JWT_SECRET: SECRET, HOSTS_FILE: '/etc/porthole/hosts.json' }, files)
    expect(hosts.map(({ id, endpoint }) => [id, endpoint.kind])).toEqual([
      ['here', 'tcp'],
      ['web-1', 'tls'],
    ])
  })

  test.each(OVERRIDES)('%s makes a configuration that loads', (path) => {
    const override = COMPOSE.parse(parse(read(path)))
    const { hosts, auth } = loaded(environmentOf(override), files)
    expect(hosts.length > 1 || auth?.provider !== null).toBe(true)
  })
})

describe('users.json', () => {
  const { users = [] } = parseUsers(read('examples/users.json'))
  const documented = [...README.matchAll(/^\| (\w+) +\| `([^`]+)` +\|/gm)].map(([, name, password]) => [name, password])

  test('has the users whose passwords are documented', async () => {
    expect(documented.map(([name]) => name)).toEqual(users.map(({ name }) => name))
    for (const [name, password = ''] of documented) {
      const user = users.find((one) => one.name === name)
      expect([name, await verifyPassword(user?.passwordHash ?? '', password)]).toEqual([name, true])
      // The scan for secrets, and a reader, see by the word that it is made up.
      expect(password).toContain('example')
    }
  })
})

describe.each(OVERRIDES)('%s', (path) => {
  const override = COMPOSE.parse(parse(read(path)))

  test('changes services that there are, with settings that there are', () => {
    const known = Object.keys(BASE.services)
    for (const [name, { environment = {} }] of Object.entries(override.services)) {
      expect(known).toContain(name)
      const settings: readonly string[] = VARIABLES
      expect(Object.keys(environment).filter((variable) => !settings.includes(variable))).toEqual([])
    }
  })

  test('declares the networks and secrets that it uses, and mounts files that are there', () => {
    const { networks = {}, secrets = {}, services } = override
    for (const service of Object.values(services)) {
      const used = Array.isArray(service.networks) ? service.networks : Object.keys(service.networks ?? {})
      expect(used.filter((name) => !(name in networks))).toEqual([])
      expect(service.secrets?.filter((name) => !(name in secrets)) ?? []).toEqual([])
      const mounted = service.volumes?.map((volume) => volume.split(':')[0] ?? '') ?? []
      expect(mounted.filter((file) => !existsSync(join(ROOT, file)))).toEqual([])
    }
    for (const { file } of Object.values(secrets)) expect(file).toMatch(/^\.\/secrets\//)
  })

  test('is called in its own words as it is named', () => {
    expect(read(path)).toContain(`docker-compose -f docker-compose.yml -f ${path} up`)
  })
})

test('prometheus.yml reads a route that is there, with a token that may read it', () => {
  const job = z.object({
    metrics_path: z.string(),
    scheme: z.literal('https'),
    authorization: z.strictObject({ credentials_file: z.string().startsWith('/') }),
    static_configs: z.array(z.object({ targets: z.array(z.string()).min(1) })).length(1),
  })
  const { scrape_configs: jobs } = z
    .object({ scrape_configs: z.array(job).length(1) })
    .parse(parse(read('examples/prometheus.yml')))
  const route = ROUTES.find(({ path }) => path === jobs[0]?.metrics_path)
  expect(route).toBeDefined()
  expect(read('examples/prometheus.yml')).toContain(`--scope ${route?.scope} `)
})

test('homepage.yaml shows fields of the answer of a route that is there, with a token that may read it', () => {
  const widget = z.object({
    url: z.url(),
    mappings: z.array(z.object({ field: z.record(z.string(), z.string()), label: z.string() })).min(1),
  })
  const tiles = z.array(z.record(z.string(), z.array(z.record(z.string(), z.object({ widget })))))
  const [group = {}] = tiles.parse(parse(read('examples/homepage.yaml')))
  const [tile] = Object.values(group).flatMap((entries) => entries.flatMap((entry) => Object.values(entry)))
  if (tile === undefined) throw new Error('no tile')
  const { pathname } = new URL(tile.widget.url)
  const route = ROUTES.find(({ path }) => path === pathname)
  expect(read('examples/homepage.yaml')).toContain(`--scope ${route?.scope} `)
  const shown = new RegExp(`\n## GET ${pathname}\n[\\s\\S]*?\`\`\`json\n([\\s\\S]*?)\`\`\``).exec(
    read('docs/api.md'),
  )?.[1]
  const answer = z.record(z.string(), z.unknown()).parse(JSON.parse(shown ?? ''))
  for (const { field } of tile.widget.mappings)
    for (const [outer, inner] of Object.entries(field))
      expect(answer[outer]).toEqual(expect.objectContaining({ [inner]: expect.any(Number) }))
})

test('examples/README.md lists each of them', () => {
  const names = filesBelow('examples').map((path) => path.slice('examples/'.length))
  expect(names.filter((name) => name !== 'README.md' && !README.includes(`(${name})`))).toEqual([])
})
