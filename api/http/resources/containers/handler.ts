import type { Container } from '../../../model/container.js'
import type { FileChange } from '../../../model/file-change.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { hostsOf, listAnswer, tieOf } from '../list.js'
import { paginate, type SortValue, sortValueOf } from '../page.js'
import type { OneQuery } from '../query-parts.js'
import { containerAnswer } from './answer.js'
import { changesAnswer } from './changes-answer.js'
import { matchesFilter } from './container-filter.js'
import { detailAnswer } from './detail-answer.js'
import type { ChangeSortKey, ChangesQuery, ContainerSortKey, ListQuery } from './query.js'
import { topAnswer } from './top-answer.js'

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

export function listContainers({ view }: Sources, input: Input<ListQuery>) {
  const { filter, page } = input.query
  const containers = view.containers(input.selectors).filter((one) => matchesFilter(one, filter, input))
  const { items, ...rest } = paginate(containers, page, sortValueOf(SORT_VALUES, page), tieOf)
  const shown = items.map((container) => containerAnswer(container, input))
  return listAnswer({ items: shown, ...rest }, hostsOf(view, filter.host))
}

export async function showContainer({ view }: Sources, input: Input<OneQuery, Container>) {
  const { container, recordCall } = input
  return detailAnswer(container, await view.inspect(container, recordCall), input)
}

export async function showProcesses({ view }: Sources, { container, recordCall }: Input<OneQuery, Container>) {
  return topAnswer(container, await view.top(container, recordCall))
}

const CHANGE_SORT_VALUES: Readonly<Record<ChangeSortKey, (change: FileChange) => SortValue>> = {
  path: ({ path }) => path,
  kind: ({ kind }) => kind,
}

export async function listChanges(
  { view }: Sources,
  { query: { filter, page }, container, recordCall }: Input<ChangesQuery, Container>,
) {
  const { changes, isTruncated } = await view.changes(container, recordCall)
  const fitting = changes.filter((change) => fits(change, filter))
  const shown = paginate(fitting, page, sortValueOf(CHANGE_SORT_VALUES, page), ({ path }) => path)
  return changesAnswer(container, shown, isTruncated, hostsOf(view, [container.hostId]))
}

function fits(change: FileChange, { path, kind }: ChangesQuery['filter']): boolean {
  const isKind = kind.length === 0 || kind.includes(change.kind)
  return isKind && (path.length === 0 || path.some((part) => change.path.includes(part)))
}
