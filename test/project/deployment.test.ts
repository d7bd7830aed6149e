import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { VARIABLES } from '../../api/config/config.js'

const COMPOSE_FILES = readdirSync('.').filter((name) => /^docker-compose.*\.yml$/.test(name))

function read(path: string): string {
  return readFileSync(path, 'utf8')
}

const compose = COMPOSE_FILES.map(read).join('\n')
const dockerfile = read('Dockerfile')
const { version } = JSON.parse(read('package.json')) as { version: string }

/** What the compose files leave out, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  NODE_ENV: 'the image sets it',
  HOST: 'the image sets it',
  PORT: 'the image sets it',
  AUTH_ENABLED: 'it is on',
  JWT_SECRET: 'secrets are files',
  DOCKER_PORT: 'DOCKER_HOST has it',
}

/** Settings that docs/production-deployment.md says to add if they are wanted. */
const FOR_AN_OVERRIDE = /^(?:JWKS_|HOSTS_FILE$|JWT_(?:ALGORITHM|SECRET_PREVIOUS|PRIVATE|PUBLIC))/

describe('the compose files', () => {
  test('hand on every setting, but for those that have a reason not to be there', () => {
    const named = new Set([...compose.matchAll(/^ {6}([A-Z][A-Z0-9_]+):/gm)].map(([, name]) => name))
    const missing = VARIABLES.filter((name) => !named.has(name) && !(name in LEFT_OUT) && !FOR_AN_OVERRIDE.test(name))
    expect(missing).toEqual([])
    expect(Object.keys(LEFT_OUT).filter((name) => named.has(name))).toEqual([])
  })

  test('name each image by its exact version', () => {
    const images = [...compose.matchAll(/^ +image: (\S+)$/gm)].map(([, image]) => image ?? '')
    expect(images.length).toBeGreaterThan(4)
    for (const image of images) expect(image).toMatch(/^[a-z/-]+:v?\d+\.\d+\.\d+(?:-[a-z]+)?$/)
  })

  test('run this version', () => {
    const own = [...compose.matchAll(/image: porthole:(\S+)/g)].map(([, tag]) => tag)
    expect(new Set(own)).toEqual(new Set([version]))
  })

  test('mount files that are there', () => {
    const files = [...compose.matchAll(/- (\.\/[^:]+):/g)].map(([, file]) => file ?? '')
    expect(files.length).toBeGreaterThan(2)
    expect(files.filter((file) => !existsSync(file))).toEqual([])
  })

  test('have their variables and overrides explained', () => {
    const text = read('docs/production-deployment.md')
    const variables = [...compose.matchAll(/\$\{([A-Z_]+)/g)].map(([, name]) => name ?? '')
    const known: readonly string[] = VARIABLES
    const own = [...new Set(variables)].filter((name) => !known.includes(name))
    expect(own.filter((name) => !text.includes(`\`${name}\``))).toEqual([])
    expect(COMPOSE_FILES.filter((name) => !text.includes(name))).toEqual([])
  })
})

describe('the Dockerfile', () => {
  test('is built on one image, by its exact version', () => {
    const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image]) => image ?? '')
    const outside = new Set(bases.filter((image) => image !== 'dependencies'))
    expect(outside.size).toBe(1)
    expect([...outside][0]).toMatch(/^node:\d+\.\d+\.\d+-bookworm-slim$/)
    expect(dockerfile).toContain(`org.opencontainers.image.base.name="${[...outside][0]}"`)
  })

  test('asks no registry for its own syntax, so that every builder can build it', () => {
    expect(dockerfile).not.toMatch(/^# *syntax/im)
    expect(dockerfile).not.toMatch(/--mount|<<|--link|--chmod/)
  })

  test('says which version it makes', () => {
    expect(dockerfile).toContain(`org.opencontainers.image.version="${version}"`)
  })

  test('is handed nothing but what it copies', () => {
    const [first, ...rest] = read('.dockerignore').trim().split('\n')
    expect(first).toBe('*')
    for (const line of rest) {
      expect(line).toMatch(/^![a-z.-]+$/)
      expect(dockerfile).toContain(line.slice(1))
    }
  })
})
