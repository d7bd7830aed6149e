// Known vulnerabilities of what is in the lock, as the registry lists them. Exits 0 where nothing has to be done now, 1 where
// something has, and NOT_CHECKED where the registry gave no complete report.
import { spawn } from 'node:child_process'
import { type AuditRun, auditOutcome } from './supply/audit-outcome.js'

/** EX_TEMPFAIL of sysexits.h: ask again later. scripts/checks.mjs knows it too. */
const NOT_CHECKED = 75

/** A registry that is there answers in a second or two; both scopes are asked at once. */
const AUDIT_MS = 12_000

const [production, everything] = await Promise.all([audit('--omit=dev'), audit()])
const { outcome, lines } = auditOutcome(production, everything)
for (const line of lines) console.log(`audit: ${line}`)
if (outcome === 'failed') process.exitCode = 1
if (outcome === 'not checked') process.exitCode = NOT_CHECKED

/** npm's exit code is not asked: it is 1 for findings and for faults alike. */
function audit(...options: string[]): Promise<AuditRun> {
  return new Promise((resolve) => {
    // The environment's `omit` would leave out more than is asked for here.
    const env = { ...process.env, npm_config_omit: '', npm_config_fetch_retries: '0' }
    const child = spawn('npm', ['audit', '--json', '--package-lock-only', ...options], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env,
    })
    let stdout = ''
    let late = false
    const limit = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, AUDIT_MS)
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
    })
    child.on('error', ({ message }) => {
      clearTimeout(limit)
      resolve({ stdout, stopped: message })
    })
    child.on('close', () => {
      clearTimeout(limit)
      resolve(late ? { stdout, stopped: `no answer within ${AUDIT_MS / 1000} s` } : { stdout })
    })
  })
}
