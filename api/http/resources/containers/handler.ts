import type { View } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import type { FileChange } from '../../../model/file-change.js'
import type { HostStatus } from '../../../model/host.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { paginate, type SortValue, sortValueOf } from '../page.js'
import { presentChanges, presentContainer, presentDetail, presentList, presentProcesses } from '../present.js'
import type { OneQuery } from '../query-parts.js'
import { matchesFilter } from './container-filter.js'
import type { ChangeSortKey, ChangesQuery, ContainerSortKey, ListQuery } from './query.js'

const SORT_VALUES: Readonly<Record<ContainerSortKey, (container: Container) => SortValue>> = {
  name: ({ name }) => name,
  host: ({ hostId }) => hostId,
  image: ({ image }) => image,
  project: ({ project }) => project,
  state: ({ state }) => state,
  createdAt: ({ createdAt }) => createdAt,
  startedAt: ({ startedAt }) => startedAt,
  restartCount: ({ restartCount }) => restartCount,
}

export function listContainers(
  { view }: Sources,
  { query: { filter, page }, now, selectors, showHostPaths }: Input<ListQuery>,
) {
  const containers = view.containers(selectors).filter((one) => matchesFilter(one, filter, { now, showHostPaths }))
  const sortValue = sortValueOf(SORT_VALUES, page)
  const { items, nextCursor, total } = paginate(containers, page, sortValue, tieOf)
  const shown = items.map((container) => presentContainer(container, { now, showHostPaths }))
  return presentList({ items: shown, nextCursor, total }, hostsOf(view, filter.host))
}

export async function showContainer(
  { view }: Sources,
  { query, id, now, selectors, showHostPaths, onCall }: Input<OneQuery>,
) {
  const container = view.find(id, query.host, selectors)
  return presentDetail(container, await view.inspect(container, onCall), { now, showHostPaths })
}

export async function showProcesses({ view }: Sources, { query, id, selectors, onCall }: Input<OneQuery>) {
  const container = view.find(id, query.host, selectors)
  return presentProcesses(container, await view.top(container, onCall))
}

export async function listChanges({ view }: Sources, { query, id, selectors, onCall }: Input<ChangesQuery>) {
  const { path, kind } = query.filter
  const container = view.find(id, query.host, selectors)
  const { changes, isTruncated } = await view.changes(container, onCall)
  const fitting = changes.filter(
    (change) =>
      (kind.length === 0 || kind.includes(change.kind)) &&
      (path.length === 0 || path.some((part) => change.path.includes(part))),
  )
  const sortValue = sortValueOf(CHANGE_SORT_VALUES, query.page)
  const page = paginate(fitting, query.page, sortValue, ({ path }) => path)
  return presentChanges(container, page, isTruncated, view.hosts())
}

const CHANGE_SORT_VALUES: Readonly<Record<ChangeSortKey, (change: FileChange) => SortValue>> = {
  path: ({ path }) => path,
  kind: ({ kind }) => kind,
}

/** Orders containers of the same sort value; no two share it. */
export function tieOf({ name, hostId, id }: Container): string {
  return `${name}\n${hostId}\n${id}`
}

export function hostsOf(view: View, asked: readonly string[]): readonly HostStatus[] {
  return asked.length === 0 ? view.hosts() : view.hosts().filter(({ id }) => asked.includes(id))
}
