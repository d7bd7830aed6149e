import type { View } from '../../live/view.js'
import type { Container } from '../../model/container.js'
import { matchesFilter } from '../../model/container-filter.js'
import type { HostStatus } from '../../model/host.js'
import { paginate, type SortValue } from '../../model/page.js'
import { presentContainer, presentDetail, presentList } from '../present.js'
import type { ContainerSortKey, ListQuery, OneQuery } from '../schemas.js'
import type { Input, Sources } from './input.js'

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
  { query: { filter, page }, selectors, showHostPaths }: Input<ListQuery>,
) {
  const containers = view.containers(selectors).filter((container) => matchesFilter(container, filter, showHostPaths))
  const sortValue = SORT_VALUES[page.sort.replace(/^-/, '') as ContainerSortKey]
  const { items, nextCursor, total } = paginate(containers, page, sortValue, tieOf)
  const shown = items.map((container) => presentContainer(container, showHostPaths))
  return presentList({ items: shown, nextCursor, total }, hostsOf(view, filter.host))
}

export async function showContainer(
  { view }: Sources,
  { query, id, selectors, showHostPaths, onCall }: Input<OneQuery>,
) {
  const container = view.find(id, query.host, selectors)
  return presentDetail(container, await view.inspect(container, onCall), showHostPaths)
}

/** Orders containers of the same sort value; no two share it. */
export function tieOf({ name, hostId, id }: Container): string {
  return `${name}\n${hostId}\n${id}`
}

export function hostsOf(view: View, asked: readonly string[]): readonly HostStatus[] {
  return asked.length === 0 ? view.hosts() : view.hosts().filter(({ id }) => asked.includes(id))
}
