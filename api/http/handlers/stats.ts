import { type Container, isRunning } from '../../model/container.js'
import { matchesFilter } from '../../model/container-filter.js'
import { ApiError } from '../../model/error.js'
import { paginate, type SortValue } from '../../model/page.js'
import type { Sample } from '../../model/sample.js'
import { presentList, presentSample } from '../present.js'
import type { ListQuery, OneQuery, StatsSortKey } from '../schemas.js'
import { hostsOf, tieOf } from './containers.js'
import type { Input, Sources } from './input.js'

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

export function listStats({ view }: Sources, { query: { filter, page }, selectors, showHostPaths }: Input<ListQuery>) {
  const rows = view
    .containers(selectors)
    .filter((container) => isRunning(container) && matchesFilter(container, filter, showHostPaths))
    .map((container) => ({ container, sample: view.sample(container) }))
  const sortValue = SORT_VALUES[page.sort.replace(/^-/, '') as StatsSortKey]
  const { items, nextCursor, total } = paginate(rows, page, sortValue, ({ container }) => tieOf(container))
  const samples = items.map(({ container, sample }) => presentSample(container, sample))
  return presentList({ items: samples, nextCursor, total }, hostsOf(view, filter.host))
}

export function showStats({ view }: Sources, { query, id, selectors }: Input<OneQuery>) {
  const container = view.find(id, query.host, selectors)
  if (!isRunning(container)) throw new ApiError('container-not-running', `the container is ${container.state}`)
  return presentSample(container, view.sample(container))
}
