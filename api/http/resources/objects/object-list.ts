import type { HostObjects, View } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import { matchesSelectors } from '../../../model/label-selector.js'
import type { Answer } from '../../endpoints/answer.js'
import type { ReadRequest } from '../../endpoints/input.js'
import { containsAny } from '../contains-any.js'
import { type PageRequest, paginate, type SortValue, sortValueOf } from '../page.js'
import { guessesHostPath } from '../shown-labels.js'
import { objectListAnswer, type Row } from './answer.js'
import type { ObjectFilter } from './query.js'

/** The differences between images, networks and volumes. */
export interface Kind<T, SortKey extends string> {
  /** The names that a filter searches. */
  readonly names: (object: T) => readonly string[]
  /** The object's id, unique within a host. */
  readonly key: (object: T) => string
  /** The name by which containers refer to the object. */
  readonly usedAs: (object: T) => string
  readonly uses: (container: Container) => readonly string[]
  readonly sortValues: Readonly<Record<SortKey, (row: Row<T>) => SortValue>>
}

interface Asked extends ReadRequest {
  readonly query: { readonly filter: ObjectFilter; readonly page: PageRequest }
}

/**
 * One page of the engines' objects. A caller who is restricted to some containers sees only the objects that those use. Throws
 * the fault of the first host if no host has an answer.
 */
export function listObjects<T extends { readonly labels: ReadonlyMap<string, string> }, SortKey extends string, Item>(
  view: View,
  input: Asked,
  hosts: readonly HostObjects<readonly T[]>[],
  kind: Kind<T, SortKey>,
  show: (row: Row<T>) => Answer<Item>,
) {
  const [first] = hosts
  if (first?.fault != null && hosts.every(({ value }) => value === null)) throw first.fault
  const { page } = input.query
  const rows = rowsOf(hosts, view.containers(input.selectors), kind).filter((row) => isShown(row, kind, input))
  const tieOf = ({ host, object }: Row<T>) => `${host}\n${kind.key(object)}`
  const { items, ...rest } = paginate(rows, page, sortValueOf(kind.sortValues, page), tieOf)
  return objectListAnswer({ items: items.map(show), ...rest }, hosts, view.hosts())
}

function rowsOf<T>(
  hosts: readonly HostObjects<readonly T[]>[],
  containers: readonly Container[],
  { usedAs, uses }: Pick<Kind<T, never>, 'usedAs' | 'uses'>,
): readonly Row<T>[] {
  const users = usersByHost(containers, uses)
  return hosts.flatMap(({ hostId, value }) => {
    const own = users.get(hostId)
    return (value ?? []).map((object) => ({ host: hostId, object, users: own?.get(usedAs(object)) ?? [] }))
  })
}

function isShown<T extends { readonly labels: ReadonlyMap<string, string> }>(
  { object, users }: Row<T>,
  { names }: Pick<Kind<T, never>, 'names'>,
  { query: { filter }, selectors, showHostPaths }: Asked,
): boolean {
  const isVisible = selectors.length === 0 || users.length > 0
  return (
    !guessesHostPath(filter.label, showHostPaths) &&
    isVisible &&
    fits(filter, names(object), object.labels, users.length > 0)
  )
}

/** The containers of each host by the name of the object: an index, because there may be thousands of both. */
function usersByHost(
  containers: readonly Container[],
  uses: (container: Container) => readonly string[],
): ReadonlyMap<string, ReadonlyMap<string, readonly Container[]>> {
  const hosts = new Map<string, Map<string, Container[]>>()
  for (const container of containers) {
    const own = hosts.get(container.hostId) ?? new Map<string, Container[]>()
    hosts.set(container.hostId, own)
    for (const name of new Set(uses(container))) {
      const users = own.get(name)
      if (users === undefined) own.set(name, [container])
      else users.push(container)
    }
  }
  return hosts
}

function fits(
  { name, label, inUse }: ObjectFilter,
  names: readonly string[],
  labels: ReadonlyMap<string, string>,
  isUsed: boolean,
): boolean {
  return (
    (inUse === null || inUse === isUsed) &&
    (name.length === 0 || names.some((one) => containsAny(one, name))) &&
    matchesSelectors(labels, label)
  )
}
