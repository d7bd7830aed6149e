import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOMS = ['auth', 'audit', 'live', 'http']

/** Every import or export from config/, as it is written. */
function importsOfConfig(room: string): readonly string[] {
  const folder = join('api', room)
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  return files.flatMap((name) => {
    const text = readFileSync(join(folder, name), 'utf8')
    return [...text.matchAll(/^(?:import|export)\b[^'"]*['"][./]+\/config\/[^'"]+['"]/gm)].map(([found]) => found)
  })
}

describe('settings are typed once, in config/', () => {
  test('and some room takes its types from there', () => {
    expect(ROOMS.flatMap(importsOfConfig).length).toBeGreaterThan(5)
  })

  test.each(ROOMS)('and %s/ takes types alone: the values come from service.ts', (room) => {
    expect(importsOfConfig(room).filter((statement) => !statement.startsWith('import type '))).toEqual([])
  })

  test.each(ROOMS)('and %s/ loads nothing of it at run time', (room) => {
    const folder = join('api', room)
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
    const dynamic = files.filter((name) =>
      /import\(['"][^'"]*\/config\//.test(readFileSync(join(folder, name), 'utf8')),
    )
    expect(dynamic).toEqual([])
  })
})
