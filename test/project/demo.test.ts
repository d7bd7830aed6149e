import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DemoModule } from '../../api/cli/serve-demo.js'
import { SimulatedEngine } from '../../demo/engine.js'

function sourcesOf(project: string): readonly string[] {
  const tsc = join('node_modules', 'typescript', 'bin', 'tsc')
  const listed = execFileSync(process.execPath, [tsc, '-p', project, '--listFilesOnly'], { encoding: 'utf8' })
  const root = `${process.cwd()}/`
  return listed
    .split('\n')
    .filter((path) => path.startsWith(root) && !path.includes('/node_modules/'))
    .map((path) => path.slice(root.length))
}

describe('the simulated engine', () => {
  test('is what serve --demo loads', () => {
    const demo: DemoModule = { SimulatedEngine }
    expect(demo.SimulatedEngine).toBe(SimulatedEngine)
  })

  test('is absent from the production build, and takes nothing of it', () => {
    const api = sourcesOf('tsconfig.build.json')
    expect(api).toContain('api/main.ts')
    expect(api.filter((path) => !path.startsWith('api/'))).toEqual([])
    const demo = sourcesOf('tsconfig.demo.json')
    expect(demo).toContain('demo/engine.ts')
    expect(demo.filter((path) => !path.startsWith('demo/'))).toEqual([])
  })

  test('is absent from the image', () => {
    const sent = readFileSync('.dockerignore', 'utf8').split('\n').filter(Boolean)
    expect(sent[0]).toBe('*')
    expect(sent.filter((line) => /demo/.test(line))).toEqual([])
    const dockerfile = readFileSync('Dockerfile', 'utf8')
    expect(dockerfile).not.toContain('demo')
    expect(dockerfile).toContain('COPY --from=build /app/dist ./dist')
  })
})
