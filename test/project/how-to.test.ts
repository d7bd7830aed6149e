import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { filesBelow, headings, prose, ROOT, read } from './project-files.js'

const FOLDER = join('docs', 'how-to')
const PAGES = filesBelow(FOLDER)

/** Steps and paragraphs: what each names belongs together. */
function partsOf(text: string): string[] {
  return prose(text).split(/\n\n|\n(?=\d+\. )/)
}

function ticked(text: string): string[] {
  return [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word.replace(/\s+/g, ' '))
}

/** A file or a folder of ours: it has a slash or an ending, and nothing that a path has not. */
function isPath(word: string): boolean {
  return /^\.?[\w-]+(?:\/[\w.-]*)+$|^[.\w-]+\.(?:md|yml|ts|json|example)$/.test(word)
}

/** A name in the code: camel case, or capitals of a constant. */
function isName(word: string): boolean {
  return /^(?:[a-z]+(?:[A-Z][a-z]+)+|[A-Z][A-Z_]{3,}|[A-Z][a-z]+(?:[A-Z][a-z]+)*)$/.test(word)
}

describe('docs/how-to/', () => {
  test('has a page for each thing that is added often', () => {
    expect(PAGES.map((path) => basename(path, '.md'))).toEqual([
      'add-a-host',
      'add-a-route',
      'add-a-setting',
      'add-an-engine-read',
      'add-an-error-code',
    ])
  })

  test.each(PAGES)('%s has numbered steps, and a command that shows that it worked', (path) => {
    const text = read(path)
    expect(headings(text, '#')).toEqual([expect.stringMatching(/^How to add an? [a-z ]+$/)])
    const numbers = [...prose(text).matchAll(/^(\d+)\. \*\*[A-Z]/gm)].map(([, number]) => Number(number))
    expect(numbers.length).toBeGreaterThan(4)
    expect(numbers).toEqual(numbers.map((_, index) => index + 1))
    expect(text).toMatch(/^```sh$/m)
  })

  test.each(PAGES)('%s names paths that are there', (path) => {
    const paths = ticked(prose(read(path))).filter(isPath)
    expect(paths.length).toBeGreaterThan(3)
    expect(paths.filter((named) => !existsSync(join(ROOT, named)))).toEqual([])
  })

  test.each(PAGES)('%s names what is in the file that it names beside it', (path) => {
    const lost = partsOf(read(path)).flatMap((part) => {
      const words = ticked(part)
      const files = words.filter((word) => isPath(word) && statSync(join(ROOT, word)).isFile())
      const texts = files.map(read)
      return files.length === 0
        ? []
        : words.filter((word) => isName(word) && !texts.some((text) => text.includes(word)))
    })
    expect(lost).toEqual([])
  })

  test('is looked at for paths and names where they stand', () => {
    const paths = ['api/http/routes.ts', 'demo/', 'docs/api.md', 'CHANGELOG.md', '.env.example', 'test/fixtures/']
    for (const word of paths) expect([word, isPath(word)]).toEqual([word, true])
    for (const word of ['GET /api/hosts', 'host=web-1', 'hosts[1].tls.ca', 'gap', 'Status:'])
      expect([word, isPath(word), isName(word)]).toEqual([word, false, false])
    for (const word of ['VARIABLES', 'ERROR_CODES', 'loadConfig', 'View', 'EngineObjects'])
      expect([word, isName(word)]).toEqual([word, true])
  })

  test('is where docs/architecture.md sends who adds something', () => {
    const text = read('docs/architecture.md')
    expect(PAGES.filter((path) => !text.includes(`(how-to/${basename(path)})`))).toEqual([])
  })
})
