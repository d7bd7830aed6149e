import type { Container, ContainerState, HealthState } from '../../../model/container.js'
import { type LabelSelector, matchesSelectors } from '../../../model/label-selector.js'
import { type Problem, problemsOf } from '../../../model/problem.js'
import { containsAny } from '../contains-any.js'
import { guessesHostPath } from '../shown-labels.js'

/** Selects containers. Values of one field are alternatives, but all labels must match. An empty list matches any. */
export interface ContainerFilter {
  readonly state: readonly ContainerState[]
  readonly health: readonly HealthState[]
  readonly problem: readonly Problem[]
  readonly label: readonly LabelSelector[]
  /** A part of the name; case does not matter. */
  readonly name: readonly string[]
  /** A part of the image reference; case does not matter. */
  readonly image: readonly string[]
  readonly project: readonly string[]
  readonly host: readonly string[]
}

export interface FilterTerms {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Whether the caller may see paths on the host. A caller who may not cannot find them by guessing either. */
  readonly showHostPaths: boolean
}

export function matchesFilter(
  container: Container,
  filter: ContainerFilter,
  { now, showHostPaths }: FilterTerms,
): boolean {
  return (
    !guessesHostPath(filter.label, showHostPaths) &&
    isOneOf(filter.state, container.state) &&
    isOneOf(filter.health, container.health) &&
    isOneOf(filter.project, container.project) &&
    isOneOf(filter.host, container.hostId) &&
    containsAny(container.name, filter.name) &&
    containsAny(container.image ?? '', filter.image) &&
    matchesSelectors(container.labels, filter.label) &&
    (filter.problem.length === 0 || problemsOf(container, now).some((problem) => filter.problem.includes(problem)))
  )
}

function isOneOf<T>(allowed: readonly T[], value: T | null): boolean {
  return allowed.length === 0 || (value !== null && allowed.includes(value))
}
