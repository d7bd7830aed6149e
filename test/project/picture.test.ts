import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { drawRooms } from '../../scripts/picture/draw-rooms.js'
import { parsePicture } from '../../scripts/picture/rooms.js'
import { filesBelow, headings, prose, ROOT, read } from './project-files.js'

const PICTURE = parsePicture(read('docs/architecture.json'))

/** What a room is in the tree: a folder or a file below api/, or one beside it. */
const FILES = [...filesBelow('api'), ...filesBelow('demo')].filter((path) => path.endsWith('.ts'))

/** 'api/http/app.ts' -> 'http', 'api/log.ts' -> 'log', 'demo/engine.ts' -> 'demo' */
function roomOf(path: string): string {
  const parts = path.split('/')
  return (parts[0] === 'api' ? (parts[1] ?? '') : (parts[0] ?? '')).replace(/\.ts$/, '')
}

const PATTERN = z.union([z.string().transform((one) => [one]), z.array(z.string())]).optional()
const SIDE = z.object({ path: PATTERN, pathNot: PATTERN })
const RULES = z.object({ forbidden: z.array(z.object({ name: z.string(), from: SIDE, to: SIDE })) })

type Side = z.infer<typeof SIDE>

function fits({ path, pathNot }: Side, file: string): boolean {
  const one = (patterns: readonly string[]) => patterns.some((pattern) => new RegExp(pattern).test(file))
  return (path === undefined || one(path)) && !(pathNot !== undefined && one(pathNot))
}

/** Whether one file of a room may import one of another, by every rule of dependency-cruiser that speaks of paths. */
async function readTable(): Promise<ReadonlyMap<string, readonly string[]>> {
  const loaded: unknown = await import(join(ROOT, '.dependency-cruiser.cjs'))
  const rules = RULES.parse(z.object({ default: z.unknown() }).parse(loaded).default).forbidden
  const ofPaths = rules.filter(({ to }) => to.path !== undefined)
  const table = new Map<string, Set<string>>(FILES.map((file) => [roomOf(file), new Set()]))
  for (const from of FILES) {
    const own = ofPaths.filter((rule) => fits(rule.from, from))
    for (const to of FILES) {
      if (roomOf(from) !== roomOf(to) && !own.some((rule) => fits(rule.to, to)))
        table.get(roomOf(from))?.add(roomOf(to))
    }
  }
  return new Map([...table].map(([room, imports]) => [room, [...imports].sort()]))
}

describe('docs/architecture.json', () => {
  test('has the rooms that are there, and no other', () => {
    expect(PICTURE.rooms.map(({ name }) => name).sort()).toEqual([...new Set(FILES.map(roomOf))].sort())
  })

  test("lets each import what dependency-cruiser's table lets it import", async () => {
    const table = await readTable()
    for (const { name, imports } of PICTURE.rooms) expect([name, imports]).toEqual([name, table.get(name)])
  })

  test('gives each room that others are marked by a letter of its own, and draws no two in one place', () => {
    const marks = PICTURE.rooms.flatMap(({ mark }) => mark ?? [])
    expect(new Set(marks).size).toBe(marks.length)
    const cells = [...PICTURE.rooms, ...PICTURE.outside].flatMap(({ place }) =>
      Array.from({ length: place.columns * place.rows }, (_, index) => {
        const column = place.column + (index % place.columns)
        return `${column}/${place.row + Math.floor(index / place.columns)}`
      }),
    )
    expect(new Set(cells).size).toBe(cells.length)
  })
})

describe('docs/architecture.svg', () => {
  test('is what npm run picture makes of its source', () => {
    expect(read('docs/architecture.svg')).toBe(drawRooms(PICTURE))
  })

  test('names each room, and has an arrow for each import that no mark and no flow shows', () => {
    const svg = drawRooms(PICTURE)
    for (const { name } of PICTURE.rooms) expect(svg).toContain(`>${name}</text>`)
    const marked = PICTURE.rooms.flatMap(({ name, mark }) => (mark === undefined ? [] : [name]))
    const arrows = PICTURE.rooms
      .filter(({ mark, isDrawnWithoutArrows }) => mark === undefined && !isDrawnWithoutArrows)
      .flatMap(({ name, imports }) => imports.map((to) => [name, to] as const))
      .filter(
        ([name, to]) => !marked.includes(to) && !PICTURE.flows.some((flow) => flow.from === name && flow.to === to),
      )
    const lines = new Set(arrows.map((pair) => [...pair].sort().join()))
    // One more explains them in the legend.
    expect(svg.match(/<path class="import" /g)).toHaveLength(lines.size + 1)
  })

  test('reads on dark paper too', () => {
    expect(read('docs/architecture.svg')).toContain('@media (prefers-color-scheme: dark)')
  })

  test('is refused where its source names a room that it lacks', () => {
    const [first, ...others] = PICTURE.rooms
    const wrong = { ...PICTURE, rooms: [{ ...first, imports: ['attic'] }, ...others] }
    expect(() => parsePicture(JSON.stringify(wrong))).toThrow('attic')
  })
})

describe('docs/architecture.md', () => {
  const text = read('docs/architecture.md')
  const sections = prose(text).split('\n### ').slice(1)

  test('has a heading for each room, with what it may import', () => {
    const paths = headings(text, '###').map((title) => [roomOf(title.replace(/\/$/, '')), title] as const)
    expect(paths.map(([room]) => room).sort()).toEqual(PICTURE.rooms.map(({ name }) => name).sort())
    for (const [room, title] of paths) {
      const own = sections.find((section) => section.startsWith(title))?.split('\n## ')[0] ?? ''
      const listed = /\nImports ([^.]+(?:`[^`]*`[^.]*)*)\./
        .exec(own)?.[1]
        ?.replace(/\s+\([^)]*\)/g, '')
        .split(/,\s+/)
      const imports = PICTURE.rooms.find(({ name }) => name === room)?.imports
      expect([title, listed]).toEqual([title, imports?.length === 0 ? ['nothing'] : imports])
    }
  })

  test('names what lies beside the rooms where it is', () => {
    const beside = ['Dockerfile', 'deploy', 'examples', 'docs', '.dependency-cruiser.cjs']
    const there = readdirSync(ROOT)
    expect(beside.filter((name) => !there.includes(name) || !text.includes(name))).toEqual([])
  })
})
