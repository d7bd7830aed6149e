import { readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesBelow, headings, ROOT, read } from './project-files.js'

const FOLDER = join('docs', 'decisions')
const INDEX = join(FOLDER, 'README.md')
const PAGES = filesBelow(FOLDER).filter((path) => path !== INDEX)

/** 'docs/decisions/0001-a.md' -> '0001-a.md' */
function nameOf(path: string): string {
  return path.slice(dirname(path).length + 1)
}

/** Files that may name a decision. */
const NAMING = [
  ...['.github', 'api', 'bench', 'deploy', 'docs', 'scripts'].flatMap(filesBelow),
  ...readdirSync(ROOT).filter((name) => /\.(?:cjs|js|md|yml)$|^Dockerfile$/.test(name)),
]

/** Numbers or names of decisions in a text: '0001' or '0001-read-only-transport'. */
function mentions(text: string): string[] {
  const inPaths = [...text.matchAll(/\bdecisions\/(\d{4}(?:-[a-z0-9-]+)?)/g)]
  const inWords = [...text.matchAll(/\bdecisions?\s(\d{4}(?:(?:, | and )\d{4})*)/gi)]
  return [...inPaths, ...inWords].sort((a, b) => a.index - b.index).flatMap(([, found = '']) => found.split(/, | and /))
}

describe('docs/decisions/', () => {
  test('is numbered from 0001 without a hole', () => {
    expect(PAGES.length).toBeGreaterThan(5)
    const numbers = PAGES.map((path) => /^(\d{4})-[a-z0-9-]+\.md$/.exec(nameOf(path))?.[1])
    expect(numbers).toEqual(PAGES.map((_, index) => String(index + 1).padStart(4, '0')))
  })

  test.each(PAGES)('%s has its number in its title, a background, a decision and consequences', (path) => {
    const text = read(path)
    expect(headings(text, '#')).toEqual([expect.stringMatching(new RegExp(`^${nameOf(path).slice(0, 4)}: \\S`))])
    expect(headings(text, '##')).toEqual(['Background', 'Decision', 'Consequences'])
  })

  test('lists each page in its index, under its title and in order', () => {
    const listed = [...read(INDEX).matchAll(/^- \[(.+)\]\((.+)\)$/gm)].map(([, title, path]) => [title, path])
    expect(listed).toEqual(PAGES.map((path) => [headings(read(path), '#')[0], nameOf(path)]))
  })

  test('holds each page that a file of the project names', () => {
    const names = PAGES.map((path) => nameOf(path).replace('.md', ''))
    const wrong = NAMING.flatMap((path) => mentions(read(path)).map((mention) => [path, mention] as const)).filter(
      ([, mention]) => !names.some((name) => name === mention || name.slice(0, 4) === mention),
    )
    expect(wrong).toEqual([])
  })

  test('is looked for where it is named', () => {
    const text = 'see decisions/0001-a-b.md, [decision\n0002](x.md), docs/decisions/0003 and decisions 0004 and 0005'
    expect(mentions(text)).toEqual(['0001-a-b', '0002', '0003', '0004', '0005'])
  })
})
