// The named steps behind scripts/test. A failed step stops none of the others, so that one run shows every fault; the
// last line counts steps and tests together.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { countLine, outcomeOf, rowOf } from './check-report.mjs'
import { findEngine } from './engine-probe.mjs'
import { TIMING_FILES, unmarkedSlowLines } from './slow-tests.mjs'

/** Far above what any step takes on two cores; it is here so that a hung test cannot hold a CI machine. */
const STEP_MS = 20 * 60_000
const KILL_MS = 10_000
const CACHE = '.cache'
const TIMING = [TIMING_FILES, '--runInBand']
const REQUIRE_ENGINE = process.env.PORTHOLE_REQUIRE_ENGINE === '1'

const steps = []
const tests = { passed: 0, failed: 0, skipped: 0 }
const remarks = []

mkdirSync(CACHE, { recursive: true })
const filter = process.argv.slice(2)
if (filter.length > 0) await runSome(filter)
else await runAll()
report()

async function runSome(jestArguments) {
  if (!existsSync('dist') || !existsSync('dist-demo')) await build()
  await jest('tests', process.execPath, [workers(), ...jestArguments])
  if (tests.passed + tests.failed > 0) return
  console.error(`no test matches: ${jestArguments.join(' ')}`)
  steps.push({ name: 'some test matches', outcome: 'failed', seconds: 0 })
}

async function runAll() {
  await step('lock file', process.execPath, ['scripts/fix-lock.mjs', '--check'])
  // Biome colours each character, terminal or not.
  await script('lint and format', 'lint', [`--colors=${process.stdout.isTTY ? 'force' : 'off'}`])
  await script('types', 'types')
  await script('layers', 'layers')
  await script('unused code', 'unused')
  await script('licences', 'licences')
  await script('bill of materials', 'sbom', ['--check'])
  await script('secrets', 'secrets', ['--all'])
  await script('known vulnerabilities', 'vulnerabilities', [], 'the registry did not answer')
  await build()
  await jest('tests', process.execPath, inParallel())
  await engineTests()
  await jest('timing tests', process.execPath, TIMING)
  for (const version of (process.env.PORTHOLE_NODES ?? '').split(' ').filter(Boolean)) await onNode(version)
}

async function build() {
  await script('build', 'build')
  await script('build the demo', 'build:demo')
}

function workers() {
  return `--maxWorkers=${Math.max(2, availableParallelism() - 1)}`
}

/** Everything that needs neither an engine nor the machine for itself. */
function inParallel() {
  const apart = ['<rootDir>/test/engine-real/', '<rootDir>/test/deploy/', TIMING_FILES]
  // The command line replaces the configuration's patterns, so they stand here again.
  const ignored = ['/node_modules/', '<rootDir>/.cache/', ...apart]
  return [workers(), ...ignored.map((pattern) => `--testPathIgnorePatterns=${pattern}`)]
}

async function engineTests() {
  const engine = await findEngine(process.env)
  if ('socketPath' in engine) {
    remarks.push(`engine tests: ran against Docker ${engine.version} at unix://${engine.socketPath}`)
    const env = { PORTHOLE_TEST_ENGINE: engine.socketPath }
    await jest('engine tests', process.execPath, ['test/engine-real', '--runInBand'], env)
    await jest('deployment tests', process.execPath, ['test/deploy', '--runInBand'], env)
    return
  }
  remarks.push(`engine tests: NOT RUN: ${engine.reason}`)
  if (REQUIRE_ENGINE) console.error(`PORTHOLE_REQUIRE_ENGINE=1, but ${engine.reason}`)
  steps.push({ name: 'engine tests', outcome: REQUIRE_ENGINE ? 'failed' : 'skipped', seconds: 0 })
}

/** The registry has Node's own binaries as packages; each stays in .cache, for the next run. */
async function onNode(version) {
  const name = `tests on Node ${version}`
  if (!/^\d+$/.test(version)) {
    console.error(`PORTHOLE_NODES takes major versions such as "22 24", not: ${version}`)
    steps.push({ name, outcome: 'failed', seconds: 0 })
    return
  }
  const prefix = join(CACHE, `node${version}`)
  const distribution = `node-${process.platform}-${process.arch}`
  const node = resolve(prefix, 'node_modules', distribution, 'bin', 'node')
  if (!existsSync(node)) {
    mkdirSync(prefix, { recursive: true })
    const install = ['i', '--ignore-scripts', '--no-save', '--no-fund', '--no-audit', '--prefix', prefix]
    if (!(await step(`fetch Node ${version}`, 'npm', [...install, `${distribution}@${version}`]))) return
  }
  const env = { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` }
  await jest(name, node, inParallel(), env)
  await jest(`timing ${name}`, node, TIMING, env)
}

async function jest(name, node, jestArguments, env = {}) {
  const file = join(CACHE, `jest-${name.toLowerCase().replaceAll(' ', '-')}.json`)
  // A run that dies early must not be counted by the last one's results.
  rmSync(file, { force: true })
  const options = ['--ci', '--json', `--outputFile=${file}`]
  await step(name, node, ['node_modules/jest/bin/jest.js', ...options, ...jestArguments], env)
  if (!existsSync(file)) return
  const results = JSON.parse(readFileSync(file, 'utf8'))
  tests.passed += results.numPassedTests
  // A file that does not even load has no tests to count.
  tests.failed += results.numFailedTests + results.numRuntimeErrorTestSuites
  tests.skipped += results.numPendingTests + results.numTodoTests
  remarks.push(...unmarkedSlowLines(results.testResults, process.cwd()))
}

/** A step that a person runs by itself as well: one of the scripts of package.json. */
function script(name, npmScript, scriptArguments = [], unchecked = undefined) {
  return step(name, 'npm', ['run', '--silent', npmScript, '--', ...scriptArguments], {}, unchecked)
}

/** `unchecked` says why a step may end without having checked anything; a step without it passes or fails. */
async function step(name, command, commandArguments, env = {}, unchecked = undefined) {
  console.log(`\n==> ${name}`)
  const started = performance.now()
  const { fault, code } = await run(command, commandArguments, env)
  const seconds = (performance.now() - started) / 1000
  const outcome = outcomeOf(fault, code, unchecked)
  const said = {
    passed: `ok: ${name}`,
    failed: `FAILED: ${name}: ${fault}`,
    'not checked': `${name}: not checked: ${unchecked}`,
  }
  console.log(`${said[outcome]} (${seconds.toFixed(1)} s)`)
  if (outcome === 'not checked') remarks.push(said[outcome])
  steps.push({ name, outcome, seconds })
  return outcome === 'passed'
}

function run(command, commandArguments, env) {
  return new Promise((resolve) => {
    const child = spawn(command, commandArguments, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    })
    let late = false
    const limit = setTimeout(() => {
      late = true
      child.kill('SIGTERM')
      setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref()
    }, STEP_MS)
    child.on('error', (error) => {
      clearTimeout(limit)
      resolve({ fault: error.message })
    })
    child.on('exit', (code, signal) => {
      clearTimeout(limit)
      if (late) resolve({ fault: `stopped after ${STEP_MS / 60_000} minutes` })
      else if (code === 0) resolve({ fault: null, code })
      else resolve({ fault: signal ? `ended by ${signal}` : `exit code ${code}`, code })
    })
  })
}

function report() {
  console.log('\n==> summary')
  for (const each of steps) console.log(rowOf(each))
  console.log(`tests: ${tests.passed} passed, ${tests.failed} failed, ${tests.skipped} skipped; the rest are steps`)
  for (const remark of remarks) console.log(remark)
  console.log(countLine(steps, tests))
  process.exitCode = tests.failed > 0 || steps.some(({ outcome }) => outcome === 'failed') ? 1 : 0
}
