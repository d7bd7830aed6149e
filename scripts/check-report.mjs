// How scripts/checks.mjs says what came of a step, and how it counts.

/** EX_TEMPFAIL of sysexits.h: a check that could not be made, through no fault of the sources. */
export const NOT_CHECKED = 75

export function outcomeOf(fault, code, unchecked) {
  if (!fault) return 'passed'
  return unchecked !== undefined && code === NOT_CHECKED ? 'not checked' : 'failed'
}

/** A row of the summary. */
export function rowOf({ name, outcome, seconds }) {
  return `${outcome.padEnd(11)} ${seconds.toFixed(1).padStart(6)} s  ${name}`
}

/** The last line: steps and tests together. What was not checked counts as skipped, and never as passed. */
export function countLine(steps, tests) {
  const count = (outcome) => steps.filter((step) => step.outcome === outcome).length
  const skipped = count('skipped') + count('not checked') + tests.skipped
  const counted = `${count('passed') + tests.passed} passed, ${count('failed') + tests.failed} failed`
  return skipped > 0 ? `${counted}, ${skipped} skipped` : counted
}
