import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseDocument } from 'yaml'

const FOLDER = '.github/workflows'

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

interface Job {
  readonly uses?: string
  readonly 'timeout-minutes'?: number
  readonly permissions?: Readonly<Record<string, string>>
  readonly steps?: readonly Step[]
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>
  readonly permissions?: Readonly<Record<string, string>> | string
  readonly concurrency?: unknown
  readonly jobs: Readonly<Record<string, Job>>
}

/** What a job may write, with the reason in the file itself. */
const MAY_WRITE: Readonly<Record<string, readonly string[]>> = { 'codeql.yml analyze': ['security-events'] }

function parse<T>(path: string): { text: string; value: T } {
  const text = readFileSync(join(process.cwd(), path), 'utf8')
  const document = parseDocument(text, { uniqueKeys: true })
  expect(document.errors).toEqual([])
  return { text, value: document.toJS() as T }
}

const FILES = readdirSync(join(process.cwd(), FOLDER)).sort()

describe.each(FILES)('.github/workflows/%s', (file) => {
  const { text, value: workflow } = parse<Workflow>(`${FOLDER}/${file}`)
  const jobs = Object.entries(workflow.jobs)
  const steps = jobs.flatMap(([, job]) => job.steps ?? [])

  test('pins each action by its commit, with the version beside it', () => {
    const uses = [...steps, ...jobs.map(([, job]) => job)].flatMap((each) => each.uses ?? [])
    expect(uses.length).toBeGreaterThan(0)
    for (const action of uses) {
      expect(action).toMatch(/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/)
      const lines = text.split('\n').filter((line) => line.includes(action))
      for (const line of lines) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
    }
  })

  test('may read the sources, and nothing else unless a job says so', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' })
    for (const [name, job] of jobs) {
      const written = Object.entries(job.permissions ?? {}).filter(([, access]) => access !== 'read')
      expect([name, written]).toEqual([name, (MAY_WRITE[`${file} ${name}`] ?? []).map((scope) => [scope, 'write'])])
    }
  })

  test('bounds each job, and runs one at a time for each branch', () => {
    for (const [name, job] of jobs) expect([name, Number.isInteger(job['timeout-minutes'])]).toEqual([name, true])
    expect(workflow.concurrency).toBeDefined()
  })

  test('gives no rights to a pull request from outside', () => {
    expect(Object.keys(workflow.on)).not.toContain('pull_request_target')
    expect(Object.keys(workflow.on)).not.toContain('workflow_run')
    expect(text).not.toMatch(/\bsecrets\b/)
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')))
      expect(step.with?.['persist-credentials']).toBe(false)
    for (const step of steps.filter(({ uses }) => uses?.startsWith('actions/setup-node@')))
      expect(step.with?.['package-manager-cache']).toBe(false)
  })

  test('puts no text from outside into a shell', () => {
    const put = steps.flatMap(({ run = '' }) => [...run.matchAll(/\$\{\{\s*([^}]*?)\s*\}\}/g)].map(([, name]) => name))
    expect(put.filter((name) => name !== 'github.sha')).toEqual([])
  })

  test('calls scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(process.cwd(), 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    for (const { run = '' } of steps) {
      for (const [path] of run.matchAll(/(?:scripts|\.ci)\/[a-z-]+/g))
        expect(() => readFileSync(join(process.cwd(), path))).not.toThrow()
      for (const [, name = ''] of run.matchAll(/npm run (?:--silent )?([a-z:]+)/g)) expect(scripts).toHaveProperty(name)
    }
  })
})

test('an action has one version, wherever it is used', () => {
  const pins = new Map<string, Set<string>>()
  for (const file of FILES) {
    const text = readFileSync(join(process.cwd(), FOLDER, file), 'utf8')
    for (const [, owner = '', pin = ''] of text.matchAll(/uses: ([\w-]+\/[\w-]+)[\w./-]*@(.+)$/gm))
      pins.set(owner, (pins.get(owner) ?? new Set()).add(pin))
  }
  expect([...pins].filter(([, versions]) => versions.size > 1)).toEqual([])
})

test('the tests run on every Node that package.json allows and the image has', () => {
  const { value } = parse<{ jobs: { checks: { strategy: { matrix: { node: number[] } } } } }>(`${FOLDER}/test.yml`)
  expect(value.jobs.checks.strategy.matrix.node).toEqual([20, 22, 24])
})

describe('.github/dependabot.yml', () => {
  interface Update {
    readonly 'package-ecosystem': string
    readonly schedule: { readonly interval: string }
    readonly groups?: object
  }
  const { value } = parse<{ version: number; updates: readonly Update[] }>('.github/dependabot.yml')

  test('looks after packages, actions and images, each week and in groups', () => {
    expect(value.version).toBe(2)
    const ecosystems = value.updates.map((update) => update['package-ecosystem'])
    expect(ecosystems).toEqual(['npm', 'github-actions', 'docker', 'docker-compose'])
    for (const { schedule, groups } of value.updates)
      expect([schedule.interval, Object.keys(groups ?? {}).length > 0]).toEqual(['weekly', true])
  })
})
