import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The rooms above config/ that may take the types of its settings. */
const ROOMS = ['audit', 'auth', 'engine', 'http', 'live', 'store']

/** An import or export whose module stands in config/. The first group is `type` where nothing but types is taken. */
const FROM_CONFIG = /^(?:import|export) (type )?[^'"]*['"](?:\.\.?\/)+config\/[^'"]*['"]/gm

function importsOfConfig(source: string): { readonly statement: string; readonly isTypeOnly: boolean }[] {
  return [...source.matchAll(FROM_CONFIG)].map(([statement, type]) => ({ statement, isTypeOnly: type !== undefined }))
}

describe('a room above config/', () => {
  const imports = ROOMS.flatMap((room) =>
    readdirSync(join('api', room), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => importsOfConfig(readFileSync(join('api', room, name), 'utf8'))),
  )

  test('takes the types of its settings, and no value', () => {
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter(({ isTypeOnly }) => !isTypeOnly)).toEqual([])
  })

  test.each([
    ["import { loadConfig } from '../config/config.js'", false],
    ["import { type Config, loadConfig } from '../../config/config.js'", false],
    ["import {\n  loadConfig,\n} from '../config/config.js'", false],
    ["import '../config/config.js'", false],
    ["export { loadConfig } from '../config/config.js'", false],
    ["import type { Config } from '../config/config.js'", true],
  ])('would be found out: %j', (source, isTypeOnly) => {
    expect(importsOfConfig(source).map((found) => found.isTypeOnly)).toEqual([isTypeOnly])
  })
})
