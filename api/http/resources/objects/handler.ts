import type { Image, Network, Volume } from '../../../model/engine-object.js'
import type { Input, Sources } from '../../endpoints/input.js'
import { hostsOf, listContent, onePage } from '../list.js'
import { imageAnswer, networkAnswer, type Row, volumeAnswer } from './answer.js'
import { type Kind, listObjects } from './object-list.js'
import type { ImageSortKey, NetworkSortKey, ObjectsQuery, SystemQuery, VolumeSortKey } from './query.js'
import { systemContent } from './system-answer.js'

const IMAGES: Kind<Image, ImageSortKey> = {
  names: ({ tags }) => tags,
  key: ({ id }) => id,
  usedAs: ({ id }) => id,
  uses: ({ imageId }) => (imageId === null ? [] : [imageId]),
  sortValues: {
    name: ({ object }) => object.tags[0] ?? null,
    host: ({ host }) => host,
    createdAt: ({ object }) => object.createdAt,
    size: ({ object }) => object.sizeBytes,
  },
}

export async function listImages({ view }: Sources, input: Input<ObjectsQuery>) {
  const hosts = await view.objects('images', input.query.filter.host, input.recordCall)
  return listObjects(view, input, hosts, IMAGES, (row) => imageAnswer(row, input.showHostPaths))
}

const NETWORKS: Kind<Network, NetworkSortKey> = {
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

export async function listNetworks({ view }: Sources, input: Input<ObjectsQuery>) {
  const hosts = await view.objects('networks', input.query.filter.host, input.recordCall)
  return listObjects(view, input, hosts, NETWORKS, (row) => networkAnswer(row, input.showHostPaths))
}

/** `sizeOf`: bytes at the last measurement. */
function volumesBy(sizeOf: (row: Row<Volume>) => number | null): Kind<Volume, VolumeSortKey> {
  return {
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
}

export async function listVolumes({ view }: Sources, input: Input<ObjectsQuery>) {
  const hosts = await view.objects('volumes', input.query.filter.host, input.recordCall)
  const sizeOf = ({ host, object }: Row<Volume>) => view.knownDiskUse(host)?.volumeBytes.get(object.name) ?? null
  const show = (row: Row<Volume>) => volumeAnswer(row, sizeOf(row), input.showHostPaths)
  return listObjects(view, input, hosts, volumesBy(sizeOf), show)
}

export async function showSystem({ view }: Sources, { query, selectors, recordCall }: Input<SystemQuery>) {
  const hosts = hostsOf(view, query.host)
  const terms = { containers: view.containers(selectors), isWhole: selectors.length === 0 }
  // The disk use includes hidden containers, so only callers who see all of them get it.
  const disks = terms.isWhole && query.disk ? await view.objects('disk', query.host, recordCall) : []
  const items = hosts.map((host) => systemContent(host, terms, disks.find(({ hostId }) => hostId === host.id) ?? null))
  return { content: listContent(onePage(items), hosts), redactions: 0 }
}
