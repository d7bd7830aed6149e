import type { InspectedContainer } from '../../model/container.js'

/** Fields of a summary that only an inspect has and that change from run to run. */
export type InspectedFields = Pick<
  InspectedContainer,
  'state' | 'health' | 'startedAt' | 'finishedAt' | 'restartCount' | 'exitCode' | 'oomKilled'
>

export function pickInspected(from: InspectedFields): InspectedFields {
  const { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled } = from
  return { state, health, startedAt, finishedAt, restartCount, exitCode, oomKilled }
}

export function sameInspected(a: InspectedFields | null, b: InspectedFields | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.state === b.state &&
    a.health === b.health &&
    a.startedAt === b.startedAt &&
    a.finishedAt === b.finishedAt &&
    a.restartCount === b.restartCount &&
    a.exitCode === b.exitCode &&
    a.oomKilled === b.oomKilled
  )
}
