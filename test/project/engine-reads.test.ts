import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { READS } from '../../api/engine/reads.js'

const HOW_TO = 'docs/how-to/add-an-engine-read.md'
const text = readFileSync(HOW_TO, 'utf8')

/** The rows of its table of code: which file, and for which reads. */
const FILES = [...text.matchAll(/^\| `([^`]+)` *\|.*\| ([a-z][a-z ]+?) *\|$/gm)].map(([, file = '', when = '']) => ({
  file,
  when,
}))

function filesFor(...whens: readonly string[]): string[] {
  // Folders hold one file for each thing, and name it by what it is.
  return FILES.flatMap(({ file, when }) => (whens.includes(when) && !file.endsWith('/') ? [file] : [])).sort()
}

/** Code without its comments. */
function codeOf(path: string): string {
  return readFileSync(path, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
}

/** Files of the engine and live rooms that name a read in their code: as a text, as a member, or by calling it. json/ knows no reads. */
function filesNaming(names: readonly string[], rooms: readonly string[]): string[] {
  const naming = new RegExp(`'(?:${names.join('|')})'|(?<![#\\w])(?:${names.join('|')})(?:\\(|: )`)
  return rooms
    .flatMap((room) => readdirSync(room, { recursive: true, encoding: 'utf8' }).map((name) => `${room}/${name}`))
    .filter((path) => path.endsWith('.ts') && !/^api\/engine\/(?:decode|json)\//.test(path))
    .filter((path) => naming.test(codeOf(path)))
    .sort()
}

describe('how to add an engine read', () => {
  test('names files that exist', () => {
    const paths = [...text.matchAll(/`((?:api|demo|deploy|docs|test)\/[\w./-]+|docker-compose[\w.-]+)`/g)]
    expect(paths.length).toBeGreaterThan(15)
    expect(paths.map(([, path = '']) => path).filter((path) => !existsSync(path))).toEqual([])
  })

  test.each(Object.keys(READS))('names every file of the engine room that names %s', (name) => {
    const allowed = new Set(filesFor('every read'))
    expect(allowed.size).toBe(3)
    expect(filesNaming([name], ['api/engine']).filter((path) => !allowed.has(path))).toEqual([])
  })

  test('names every file that a read of a container takes', () => {
    const files = filesFor('every read', 'what a route asks', 'what a route asks of a container')
    expect(filesNaming(['changes'], ['api/engine', 'api/live'])).toEqual(files)
  })

  test.each([[['images']], [['volumes']], [['disk', 'diskUse']]])('names every file that %j take', (names) => {
    expect(filesNaming(names, ['api/engine', 'api/live'])).toEqual(filesFor('every read', 'what a route asks'))
  })
})
