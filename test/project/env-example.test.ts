import { readdirSync } from 'node:fs'
import { parseEnv } from 'node:util'
import { loadConfig, VARIABLES } from '../../api/config/config.js'
import { SECRET } from '../support/tokens.js'
import { ROOT, read } from './project-files.js'

const TEXT = read('.env.example')
const NAMES = [...TEXT.matchAll(/^#([A-Z][A-Z0-9_]*)=/gm)].map(([, name = '']) => name)

/** The file as it is read once every setting is switched on, by the same parser as `node --env-file`. */
const SETTINGS = parseEnv(TEXT.replace(/^#(?=[A-Z][A-Z0-9_]*=)/gm, ''))

const FILES = { readFile: () => '', isDirectory: () => false, isWritableByAll: () => false }

/** Those of compose alone, by their prefix. */
function isOfCompose(name: string): boolean {
  return name.startsWith('PORTHOLE_')
}

function load(environment: Readonly<Record<string, string | undefined>>) {
  return loadConfig(environment, FILES, Date.UTC(2026, 10, 24))
}

describe('.env.example', () => {
  test('has each setting once, in the order of the documents, and no other', () => {
    expect(NAMES.filter((name) => !isOfCompose(name))).toEqual([...VARIABLES])
  })

  test('has each variable of the compose files once, and no other', () => {
    const files = readdirSync(ROOT).filter((name) => /^docker-compose.*\.yml$/.test(name))
    const named = files.flatMap((path) => [...read(path).matchAll(/\$\{(PORTHOLE_[A-Z_]+)/g)].map(([, name]) => name))
    expect(NAMES.filter(isOfCompose).sort()).toEqual([...new Set(named)].sort())
  })

  test('changes nothing as it stands, and says so', () => {
    expect(parseEnv(TEXT)).toEqual({})
    expect(TEXT.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([])
  })

  test('shows the defaults: switched on, it is the configuration of an empty environment', () => {
    expect(Object.keys(SETTINGS).sort()).toEqual([...NAMES].sort())
    const settings = { ...SETTINGS, JWT_SECRET: SECRET }
    const shown = load(settings)
    expect(shown.faults).toBeUndefined()
    expect(shown).toEqual(load({ JWT_SECRET: SECRET }))
  })

  test('lacks a secret and nothing else', () => {
    expect(load(SETTINGS).faults?.map(({ variable }) => variable)).toEqual(['JWT_SECRET'])
  })

  test('leaves no value out that is the default of every start', () => {
    const empty = NAMES.filter((name) => SETTINGS[name] === '' && !isOfCompose(name))
    const defaults = [...read('docs/configuration.md').matchAll(/^\| `([A-Z_]+)` +\| `([^`]+)`/gm)]
    const silent = defaults.filter(([, name = '']) => empty.includes(name)).map(([, name]) => name)
    // These hold where JWKS_URL is set, and are a fault where it is not.
    expect(silent).toEqual(['JWKS_ALGORITHMS', 'JWKS_TOKEN_TYPE', 'JWKS_CONTAINERS_CLAIM'])
  })
})
