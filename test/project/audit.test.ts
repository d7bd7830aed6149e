import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { auditOutcome } from '../../scripts/supply/audit-outcome.js'

function report(findings: Record<string, string>) {
  const vulnerabilities = Object.fromEntries(
    Object.entries(findings).map(([name, severity]) => [name, { name, severity }]),
  )
  return { stdout: JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: {} } }) }
}

const CLEAN = report({})

describe('auditOutcome', () => {
  test('passes if nothing is known', () => {
    expect(auditOutcome(CLEAN, CLEAN)).toEqual({
      outcome: 'passed',
      lines: ['no known vulnerability, in production or beside it'],
    })
  })

  test.each(['high', 'critical'])('fails on a finding in production that is %s', (severity) => {
    const found = report({ zod: severity })
    expect(auditOutcome(found, found)).toEqual({ outcome: 'failed', lines: [`production: zod: ${severity}`] })
  })

  test('lists the other findings by severity, and does not fail on them', () => {
    const { outcome, lines } = auditOutcome(
      report({ b: 'low', a: 'moderate' }),
      report({ b: 'low', a: 'moderate', tool: 'high', worse: 'critical' }),
    )
    expect(outcome).toBe('passed')
    expect(lines).toEqual([
      'production: a: moderate',
      'production: b: low',
      'development: worse: critical',
      'development: tool: high',
    ])
  })

  test('counts a finding without a severity as the worst', () => {
    const found = { stdout: '{"vulnerabilities":{"odd":{}},"metadata":{"vulnerabilities":{}}}' }
    expect(auditOutcome(found, found).outcome).toBe('failed')
  })

  test.each([
    ['nothing', ''],
    ['no JSON', '<html>'],
    ['null', 'null'],
    ['a list', '[]'],
    ['an empty object', '{}'],
    ['a fault', '{"error":{"summary":"x"}}'],
    ['findings without their count', '{"vulnerabilities":{}}'],
    ['half a report', CLEAN.stdout.slice(0, -5)],
  ])('does not take %s for a clean report', (_what, stdout) => {
    expect(auditOutcome({ stdout }, CLEAN).outcome).toBe('not checked')
    expect(auditOutcome(CLEAN, { stdout }).outcome).toBe('not checked')
  })

  test("says the registry's status, and why npm was stopped", () => {
    const refused = { stdout: '{"message":"405 Method Not Allowed","statusCode":405}' }
    expect(auditOutcome(refused, CLEAN).lines).toEqual(['production: the registry answered 405'])
    const late = { stdout: CLEAN.stdout, stopped: 'no answer within 12 s' }
    expect(auditOutcome(late, CLEAN)).toEqual({
      outcome: 'not checked',
      lines: ['production: no answer within 12 s'],
    })
  })

  test('fails on what it knows, though the other half is missing', () => {
    expect(auditOutcome(report({ zod: 'high' }), { stdout: '' }).outcome).toBe('failed')
  })
})

/** An ES module, which Jest does not load: asked in a process of its own. */
function checkReport(expression: string): unknown {
  const url = pathToFileURL(join(process.cwd(), 'scripts/check-report.mjs')).href
  const source = `import * as r from ${JSON.stringify(url)}; console.log(JSON.stringify(${expression}))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' }))
}

describe('the summary of scripts/test', () => {
  test('gives a step three outcomes, of which the third is for those alone that may have it', () => {
    expect(
      checkReport(`[
        r.outcomeOf(null, 0, 'why'),
        r.outcomeOf('exit code 1', 1, 'why'),
        r.outcomeOf('exit code 75', r.NOT_CHECKED, 'why'),
        r.outcomeOf('exit code 75', r.NOT_CHECKED, undefined),
        r.outcomeOf('ended by SIGKILL', undefined, 'why'),
      ]`),
    ).toEqual(['passed', 'failed', 'not checked', 'failed', 'failed'])
  })

  test('counts what was not checked as skipped, and never as passed', () => {
    const step = (outcome: string) => JSON.stringify({ outcome })
    const tests = '{ passed: 10, failed: 0, skipped: 0 }'
    expect(
      checkReport(`[
        r.countLine([${step('passed')}], ${tests}),
        r.countLine([${step('passed')}, ${step('not checked')}], ${tests}),
        r.countLine([${step('failed')}, ${step('skipped')}, ${step('not checked')}], ${tests}),
        r.rowOf({ name: 'known vulnerabilities', outcome: 'not checked', seconds: 1 }),
      ]`),
    ).toEqual([
      '11 passed, 0 failed',
      '11 passed, 0 failed, 1 skipped',
      '10 passed, 1 failed, 2 skipped',
      'not checked    1.0 s  known vulnerabilities',
    ])
  })
})
