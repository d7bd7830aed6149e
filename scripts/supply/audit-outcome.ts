/** What one run of `npm audit --json` left behind. */
export interface AuditRun {
  readonly stdout: string
  /** Why it ended early, if it did. */
  readonly stopped?: string
}

type Scope = 'production' | 'development'

export interface AuditOutcome {
  readonly outcome: 'passed' | 'failed' | 'not checked'
  readonly lines: readonly string[]
}

/** npm's words, in the order of their weight. */
const SEVERITIES: readonly string[] = ['critical', 'high', 'moderate', 'low', 'info']

/** What cannot wait in what ships. The rest is reported, and comes with the weekly updates. */
const FAILING: ReadonlySet<string> = new Set(['critical', 'high'])

interface Finding {
  readonly name: string
  readonly severity: string
}

/**
 * A registry that does not answer is neither a pass nor a fault of the change under test: the outcome says so. What the run over
 * everything finds beyond production is development's. It reaches no installation, so it is reported and fails nothing.
 */
export function auditOutcome(production: AuditRun, everything: AuditRun): AuditOutcome {
  const shipped = findingsOf(production)
  const all = findingsOf(everything)
  if ('silent' in shipped) return { outcome: 'not checked', lines: [`production: ${shipped.silent}`] }
  const names = new Set(shipped.findings.map(({ name }) => name))
  const lines = [...shipped.findings.map((finding) => line('production', finding))]
  const failed = shipped.findings.some(({ severity }) => FAILING.has(severity))
  if ('silent' in all) lines.push(`development: ${all.silent}`)
  else lines.push(...all.findings.filter(({ name }) => !names.has(name)).map((finding) => line('development', finding)))
  if (failed) return { outcome: 'failed', lines }
  if ('silent' in all) return { outcome: 'not checked', lines }
  return { outcome: 'passed', lines: lines.length > 0 ? lines : ['no known vulnerability, in production or beside it'] }
}

function line(scope: Scope, { name, severity }: Finding): string {
  return `${scope}: ${name}: ${severity}`
}

/** Only a complete report counts as an answer: an empty or broken one would otherwise pass for a clean one. */
function findingsOf({ stdout, stopped }: AuditRun): { findings: readonly Finding[] } | { silent: string } {
  if (stopped !== undefined) return { silent: stopped }
  let report: unknown
  try {
    report = JSON.parse(stdout)
  } catch {
    return { silent: 'npm audit printed no report' }
  }
  if (!isObject(report)) return { silent: 'npm audit printed no report' }
  const { vulnerabilities, metadata } = report
  if (!isObject(vulnerabilities) || !isObject(metadata) || !isObject(metadata['vulnerabilities'])) {
    const status = report['statusCode']
    return { silent: typeof status === 'number' ? `the registry answered ${status}` : 'the registry gave no report' }
  }
  const findings = Object.entries(vulnerabilities).map(([name, found]) => ({
    name,
    severity: isObject(found) && typeof found['severity'] === 'string' ? found['severity'] : 'critical',
  }))
  return { findings: findings.sort((a, b) => rank(a.severity) - rank(b.severity) || (a.name < b.name ? -1 : 1)) }
}

function rank(severity: string): number {
  return SEVERITIES.indexOf(severity)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
