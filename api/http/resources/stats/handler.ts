import { type Container, isRunning } from '../../../model/container.js'
import { ApiError } from '../../../model/error.js'
import { type History, inSteps, withGaps } from '../../../model/history.js'
import type { Sample } from '../../../model/sample.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { matchesFilter } from '../containers/container-filter.js'
import { hostsOf, tieOf } from '../containers/handler.js'
import type { ListQuery } from '../containers/query.js'
import { paginate, type SortValue, sortValueOf } from '../page.js'
import { presentHistory, presentList, presentSample } from '../present.js'
import type { OneQuery } from '../query-parts.js'
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
  const sortValue = sortValueOf(SORT_VALUES, page)
  const { items, nextCursor, total } = paginate(rows, page, sortValue, ({ container }) => tieOf(container))
  const samples = items.map(({ container, sample }) => presentSample(container, sample))
  return presentList({ items: samples, nextCursor, total }, hostsOf(view, filter.host))
}

/** Rows of one answer: an hour of one a second, or a day of one each 10 s. */
const MAX_STEPS = 10_000

/** Whose statistics `listStats` shows, on whatever page. */
export function matchingContainers({ view }: Sources, { query, now, selectors, showHostPaths }: Input<ListQuery>) {
  return view
    .containers(selectors)
    .filter((container) => isRunning(container) && matchesFilter(container, query.filter, { now, showHostPaths }))
}

/** The one whose statistics `showStats` shows. */
export function oneContainer({ view }: Sources, { query, id, selectors }: Input<OneQuery>) {
  return [view.find(id, query.host, selectors)]
}

export function showHistory({ view }: Sources, { query, id, now, selectors }: Input<HistoryQuery>) {
  const container = view.find(id, query.host, selectors)
  const history = view.history(container, query.since?.(now) ?? 0)
  if (history === null || query.step === null)
    return presentHistory(container, history === null ? null : withGaps(history), null)
  if (spanOf(history) / query.step >= MAX_STEPS) {
    const faults = [{ path: 'step', message: `makes more than ${MAX_STEPS} steps: make it longer, or give since` }]
    throw new ApiError('invalid-request', 'too many steps', { faults })
  }
  return presentHistory(container, inSteps(history, query.step), query.step)
}

function spanOf({ times }: History): number {
  return (times.at(-1) ?? 0) - (times[0] ?? 0)
}

export function showStats({ view }: Sources, { query, id, selectors }: Input<OneQuery>) {
  const container = view.find(id, query.host, selectors)
  if (!isRunning(container)) throw new ApiError('container-not-running', `the container is ${container.state}`)
  return presentSample(container, view.sample(container))
}
