import { type Container, isRunning } from '../../../model/container.js'
import { ApiError } from '../../../model/error.js'
import { type History, inSteps, withGaps } from '../../../model/history.js'
import type { Sample } from '../../../model/sample.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { matchesFilter } from '../containers/container-filter.js'
import type { ListQuery } from '../containers/query.js'
import { hostsOf, listContent, tieOf } from '../list.js'
import { paginate, type SortValue, sortValueOf } from '../page.js'
import type { OneQuery } from '../query-parts.js'
import { statsContent } from './answer.js'
import { historyContent } from './history-answer.js'
import type { HistoryQuery, StatsSortKey } from './query.js'

interface Row {
  readonly container: Container
  readonly sample: Sample | null
}

const SORT_VALUES: Readonly<Record<StatsSortKey, (row: Row) => SortValue>> = {
  name: ({ container }) => container.name,
  host: ({ container }) => container.hostId,
  cpu: ({ sample }) => sample?.cpuPercent ?? null,
  memory: ({ sample }) => sample?.reading.memoryUsedBytes ?? null,
}

export function listStats(sources: Sources, input: Input<ListQuery>) {
  const { view } = sources
  const { filter, page } = input.query
  const rows = matchingContainers(sources, input).map((container) => ({ container, sample: view.sample(container) }))
  const { items, ...rest } = paginate(rows, page, sortValueOf(SORT_VALUES, page), (row) => tieOf(row.container))
  const shown = items.map(({ container, sample }) => statsContent(container, sample))
  return { content: listContent({ items: shown, ...rest }, hostsOf(view, filter.host)), redactions: 0 }
}

/** The containers whose statistics `listStats` shows, on all pages. */
export function matchingContainers({ view }: Sources, input: Input<ListQuery>) {
  const { query, selectors } = input
  return view
    .containers(selectors)
    .filter((container) => isRunning(container) && matchesFilter(container, query.filter, input))
}

export function showStats({ view }: Sources, { container }: Input<OneQuery, Container>) {
  // One whose state is unknown has no sample, but may well run.
  if (container.state !== null && !isRunning(container))
    throw new ApiError('container-not-running', `the container is ${container.state}`)
  return { content: statsContent(container, view.sample(container)), redactions: 0 }
}

/** The container whose statistics `showStats` shows. */
export function oneContainer(_sources: Sources, { container }: Input<OneQuery, Container>) {
  return [container]
}

export function showHistory({ view }: Sources, { query, container, now }: Input<HistoryQuery, Container>) {
  const history = view.history(container, query.since?.(now) ?? 0)
  const rows = history === null ? null : rowsOf(history, query.step)
  const stepMs = history === null ? null : query.step
  return { content: historyContent(container, rows, stepMs), redactions: 0 }
}

/** Rows of one answer: an hour of one a second, or a day of one each 10 s. */
const MAX_STEPS = 10_000

function rowsOf(history: History, stepMs: number | null): History {
  if (stepMs === null) return withGaps(history)
  if (spanOf(history) / stepMs < MAX_STEPS) return inSteps(history, stepMs)
  const faults = [{ path: 'step', message: `makes more than ${MAX_STEPS} steps: make it longer, or give since` }]
  throw new ApiError('invalid-request', 'too many steps', { faults })
}

function spanOf({ times }: History): number {
  return (times.at(-1) ?? 0) - (times[0] ?? 0)
}
