import type { EngineObjects, HostObjects } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import type { Image, Network, Volume } from '../../../model/engine-object.js'
import { matchesSelectors } from '../../../model/label-selector.js'
import { isHostPathLabel } from '../../../redaction/host-path-labels.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { hostsOf } from '../containers/handler.js'
import { paginate, type SortValue, sortValueOf } from '../page.js'
import { observedAt, presentList } from '../present.js'
import { presentImage, presentNetwork, presentObjectList, presentSystem, presentVolume } from './answer.js'
import type { ImageSortKey, NetworkSortKey, ObjectFilter, ObjectsQuery, SystemQuery, VolumeSortKey } from './query.js'

/** One object of one host, with the containers that use it and that the caller may see. */
interface Row<T> {
  readonly host: string
  readonly object: T
  readonly users: readonly Container[]
}

/** What is the same of every kind, and what is not. */
interface Kind<T, SortKey extends string> {
  readonly kind: 'images' | 'networks' | 'volumes'
  /** Names that a filter looks in. */
  readonly names: (object: T) => readonly string[]
  /** Unique within a host. */
  readonly key: (object: T) => string
  /** What containers name it by. */
  readonly usedAs: (object: T) => string
  readonly uses: (container: Container) => readonly string[]
  readonly sortValues: Readonly<Record<SortKey, (row: Row<T>) => SortValue>>
}

const IMAGES: Kind<Image, ImageSortKey> = {
  kind: 'images',
  names: ({ tags }) => tags,
  key: ({ id }) => id,
  usedAs: ({ id }) => id,
  uses: ({ imageId }) => [imageId],
  sortValues: {
    name: ({ object }) => object.tags[0] ?? null,
    host: ({ host }) => host,
    createdAt: ({ object }) => object.createdAt,
    size: ({ object }) => object.sizeBytes,
  },
}

const NETWORKS: Kind<Network, NetworkSortKey> = {
  kind: 'networks',
  names: ({ name }) => [name],
  key: ({ id }) => id,
  usedAs: ({ name }) => name,
  uses: ({ networks }) => networks,
  sortValues: {
    name: ({ object }) => object.name,
    host: ({ host }) => host,
    driver: ({ object }) => object.driver,
    createdAt: ({ object }) => object.createdAt,
  },
}

export async function listImages(sources: Sources, input: Input<ObjectsQuery>) {
  const { showHostPaths } = input
  return list(sources, input, IMAGES, ({ host, object, users }) => presentImage(host, object, users, showHostPaths))
}

export async function listNetworks(sources: Sources, input: Input<ObjectsQuery>) {
  const { showHostPaths } = input
  return list(sources, input, NETWORKS, ({ host, object, users }) => presentNetwork(host, object, users, showHostPaths))
}

export async function listVolumes(sources: Sources, input: Input<ObjectsQuery>) {
  const { view } = sources
  const sizeOf = ({ host, object }: Row<Volume>) => view.knownDiskUse(host)?.volumeBytes.get(object.name) ?? null
  const volumes: Kind<Volume, VolumeSortKey> = {
    kind: 'volumes',
    names: ({ name }) => [name],
    key: ({ name }) => name,
    usedAs: ({ name }) => name,
    uses: (container) => container.volumes,
    sortValues: {
      name: ({ object }) => object.name,
      host: ({ host }) => host,
      driver: ({ object }) => object.driver,
      createdAt: ({ object }) => object.createdAt,
      size: sizeOf,
    },
  }
  const present = (row: Row<Volume>) => presentVolume(row.host, row.object, row.users, sizeOf(row), input.showHostPaths)
  return list(sources, input, volumes, present)
}

export async function showSystem({ view }: Sources, { query, selectors, onCall }: Input<SystemQuery>) {
  const hosts = hostsOf(view, query.host)
  const containers = view.containers(selectors)
  // What all containers take tells of those that are hidden.
  const isWhole = selectors.length === 0 && query.disk
  const disks = isWhole ? await view.objects('disk', query.host, onCall) : []
  const items = hosts.map((host) =>
    presentSystem(host, containers, disks.find(({ hostId }) => hostId === host.id) ?? null),
  )
  return { ...presentList({ items, nextCursor: null, total: items.length }, hosts), observedAt: observedAt(hosts) }
}

/** Whoever may see some containers only may see what those use, and nothing else. */
async function list<T extends EngineObjects['images' | 'networks' | 'volumes'][number], SortKey extends string>(
  { view }: Sources,
  { query: { filter, page }, selectors, showHostPaths, onCall }: Input<ObjectsQuery>,
  { kind, names, key, usedAs, uses, sortValues }: Kind<T, SortKey>,
  present: (row: Row<T>) => unknown,
) {
  const answers = (await view.objects(kind, filter.host, onCall)) as unknown as readonly HostObjects<readonly T[]>[]
  const [first] = answers
  // Where no host has anything to show, its reason is the answer.
  if (first?.fault != null && answers.every(({ value }) => value === null)) throw first.fault
  const users = usersByHost(view.containers(selectors), uses)
  // Who may not know a path on the host cannot find it out by guessing either.
  const isGuess = !showHostPaths && filter.label.some((one) => one.value !== null && isHostPathLabel(one.key))
  const rows = answers.flatMap(({ hostId, value }) => {
    const own = users.get(hostId)
    return (value ?? []).map((object) => ({ host: hostId, object, users: own?.get(usedAs(object)) ?? [] }))
  })
  const fitting = rows.filter(
    ({ object, users }) =>
      !isGuess &&
      (selectors.length === 0 || users.length > 0) &&
      fits(filter, names(object), object.labels, users.length > 0),
  )
  const sortValue = sortValueOf(sortValues, page)
  const paged = paginate(fitting, page, sortValue, ({ host, object }) => `${host}\n${key(object)}`)
  return presentObjectList({ ...paged, items: paged.items.map(present) }, answers, view.hosts())
}

/** Of each host, under what they name it by: thousands of containers and of images are not compared each with each. */
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
  const isNamed = (part: string) => names.some((one) => one.toLowerCase().includes(part.toLowerCase()))
  return (
    (inUse === null || inUse === isUsed) && (name.length === 0 || name.some(isNamed)) && matchesSelectors(labels, label)
  )
}
