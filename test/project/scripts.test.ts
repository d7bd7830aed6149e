import { execFileSync } from 'node:child_process'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { filesBelow, ROOT, read } from './project-files.js'

const { scripts } = z.object({ scripts: z.record(z.string(), z.string()) }).parse(JSON.parse(read('package.json')))

/** What scripts/slow-tests.mjs makes of an expression; Jest reads no ES modules. */
function slowTests(expression: string): unknown {
  const url = pathToFileURL(join(ROOT, 'scripts/slow-tests.mjs')).href
  const code = `import * as slow from ${JSON.stringify(url)}; console.log(JSON.stringify(${expression}))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }))
}

describe('the scripts of package.json', () => {
  test.each(['dev', 'lint', 'types', 'layers', 'unused', 'test:fast', 'test:watch'])('have %s', (name) => {
    expect(scripts).toHaveProperty([name])
  })

  test('are what scripts/checks.mjs runs, so that no command is written down twice', () => {
    const steps = [...read('scripts/checks.mjs').matchAll(/await script\('[^']+', '([a-z:]+)'/g)].map(
      ([, name]) => name,
    )
    expect(new Set(steps)).toEqual(
      new Set([
        'lint',
        'types',
        'layers',
        'unused',
        'licences',
        'sbom',
        'secrets',
        'vulnerabilities',
        'build',
        'build:demo',
      ]),
    )
    expect(steps.filter((name = '') => !(name in scripts))).toEqual([])
    expect(read('scripts/checks.mjs')).not.toMatch(/node_modules\/\.bin|\b(?:biome|tsc|depcruise|knip|tsx)'/)
  })

  test('are what the hook runs, but for files that are staged', () => {
    const hook = read('.githooks/pre-commit')
    const called = [...hook.matchAll(/npm run --silent ([a-z:]+)/g)].map(([, name]) => name ?? '')
    expect(called).toEqual(['secrets', 'types'])
    expect(hook.match(/node_modules\/\.bin\/\w+/g)).toEqual(['node_modules/.bin/biome'])
  })

  test('each have a row in CONTRIBUTING.md, or are npm words', () => {
    const words = ['start', 'test']
    const text = read('CONTRIBUTING.md')
    const missing = Object.keys(scripts).filter((name) => !words.includes(name) && !text.includes(`\`npm run ${name}`))
    expect(missing).toEqual([])
  })
})

describe('npm run test:fast', () => {
  const config = 'jest.fast.config.js'
  const folders = z.array(z.string()).parse(slowTests('slow.SLOW_FOLDERS'))
  const tests = filesBelow('test').filter((path) => path.endsWith('.test.ts'))
  const timing = /\.timing\.test\.ts$/
  const marked = tests.filter((path) => read(path).startsWith('/** @slow: ') || timing.test(path))

  test('leaves out the folders that are slow and the files that say so, and nothing else', () => {
    const jest = join(ROOT, 'node_modules/jest/bin/jest.js')
    const listed = execFileSync(process.execPath, [jest, '--config', config, '--listTests'], { encoding: 'utf8' })
    const paths = listed
      .trim()
      .split('\n')
      .map((path) => relative(ROOT, path))
    const expected = tests.filter(
      (path) => !marked.includes(path) && !folders.some((one) => path.startsWith(`${one}/`)),
    )
    expect(paths.sort()).toEqual(expected)
    for (const folder of folders) expect([folder, filesBelow(folder).length > 0]).toEqual([folder, true])
  })

  test('needs no build', () => {
    const ofFolders = tests.filter((path) => folders.some((folder) => path.startsWith(`${folder}/`)))
    const building = tests.filter((path) => /['"`/]dist\/|support\/process\.js/.test(read(path)))
    expect(building.filter((path) => !ofFolders.includes(path) && !marked.includes(path))).toEqual([])
  })
})

describe('scripts/slow-tests.mjs', () => {
  test.each([
    ['/** @slow: it waits */\nimport', true],
    ['/**\n * @slow: it waits for real seconds,\n * and long ones\n */\nimport', true],
    ['/** @slow */\nimport', false],
    ["import a from 'a'\n/** @slow: it waits */", false],
    ['// @slow: it waits\n', false],
  ])('reads the mark of %j as %j', (text, isMarked) => {
    expect(slowTests(`slow.isMarkedSlow(${JSON.stringify(text)})`)).toBe(isMarked)
  })

  test('names a file that took long, unless it is marked or in a folder that is', () => {
    const took = (path: string, milliseconds: number) => ({
      name: join(ROOT, path),
      startTime: 0,
      endTime: milliseconds,
    })
    const results = [
      took('test/model/page.test.ts', 5_100),
      took('test/model/sample.test.ts', 4_900),
      took('test/service/process.test.ts', 60_000),
      took('test/project/secret-scan.test.ts', 60_000),
      took('test/http/stop.timing.test.ts', 60_000),
    ]
    const lines = slowTests(`slow.unmarkedSlowLines(${JSON.stringify(results)}, ${JSON.stringify(ROOT)})`)
    expect(lines).toEqual(['test/model/page.test.ts took 5.1 s: mark it @slow, or mend it'])
  })
})
