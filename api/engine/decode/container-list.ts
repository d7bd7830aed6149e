import { z } from 'zod'
import type { ContainerList, ListedContainer } from '../../model/container.js'
import { scrubText } from '../../redaction/scrub.js'
import { CONTAINER_SCRUB_CHARACTERS, ScrubBudget } from '../../redaction/scrub-budget.js'
import { itemAnswer, type MakeReader } from '../json/answer-reader.js'
import { compare, MAX_MOUNTS, MAX_NETWORKS, nameOf, sortPorts } from './container-parts.js'
import { stateOf } from './container-state.js'
import {
  containerId,
  itemsOf,
  labels,
  MAX_VALUE,
  number,
  optionalNumber,
  optionalText,
  scrubbedLabels,
  seconds,
  strings,
  text,
} from './shape.js'
import type { StaticTexts } from './static-texts.js'

const PORT = z.object({ IP: optionalText, PrivatePort: number, PublicPort: optionalNumber, Type: text })
const MOUNT = z.object({ Type: text.nullish(), Name: optionalText })

/** Only the id has to fit: whatever else an engine or a container's author puts there hides no container. */
const ITEM = z.object({
  Id: containerId,
  Names: strings.catch([]),
  Image: text.nullish().catch(null),
  ImageID: text.nullish().catch(null),
  Created: seconds.nullish().catch(null),
  State: text.nullish().catch(null),
  Status: text.nullish().catch(null),
  Labels: labels.catch({}),
  Ports: itemsOf(PORT).catch([]),
  NetworkSettings: z
    .object({ Networks: z.record(z.string(), z.unknown()).nullish() })
    .nullish()
    .catch(null),
  Mounts: itemsOf(MOUNT).catch([]),
})

/** Answer of GET /containers/json. */
export function containersAnswer(texts: StaticTexts): MakeReader<ContainerList> {
  return itemAnswer(ITEM, {
    what: 'the list',
    decode: (value, isCut) => containerOf(value, isCut, texts),
    finish: ({ items, omitted, isTruncated }) => ({ containers: items, omitted, isTruncated }),
  })
}

function containerOf(value: unknown, isCut: boolean, texts: StaticTexts): ListedContainer | null {
  const { success, data: entry } = ITEM.safeParse(value)
  if (!success) return null
  const budget = new ScrubBudget(CONTAINER_SCRUB_CHARACTERS)
  const image = entry.Image == null ? { value: null, redactions: 0 } : scrubText(entry.Image, budget)
  const isPartial = isCut || hasMisfits(value as Raw, entry)
  const labels = texts.labels(entry.Id, () => scrubbedLabels(entry.Labels, budget))
  const status = entry.Status ?? null
  return {
    id: entry.Id,
    name: nameOf(entry.Names, entry.Id).slice(0, MAX_VALUE),
    image: image.value?.slice(0, MAX_VALUE) ?? null,
    imageId: entry.ImageID?.slice(0, MAX_VALUE) ?? null,
    state: entry.State == null ? null : stateOf(entry.State, status?.startsWith('Up') ?? false),
    status: status?.slice(0, MAX_VALUE) ?? null,
    createdAt: entry.Created == null ? null : new Date(entry.Created * 1000).toISOString(),
    ports: sortPorts(
      entry.Ports.map(({ IP, PrivatePort, PublicPort, Type }) => ({
        ip: IP,
        hostPort: PublicPort || null,
        containerPort: PrivatePort,
        protocol: Type,
      })),
    ),
    labels: labels.value,
    networks: Object.keys(entry.NetworkSettings?.Networks ?? {}).slice(0, MAX_NETWORKS),
    volumes: entry.Mounts.flatMap(({ Type, Name }) =>
      Type === 'volume' && Name !== null ? [scrubText(Name, budget).value.slice(0, MAX_VALUE)] : [],
    )
      .toSorted(compare)
      .slice(0, MAX_MOUNTS),
    redactions: image.redactions + labels.redactions,
    isPartial: isPartial || budget.isSpent,
  }
}

type Entry = z.output<typeof ITEM>
type Raw = Readonly<Record<keyof Entry, unknown>>

/** Whether some of the item was left out, because it is not of the form that engines give it. */
function hasMisfits(raw: Raw, entry: Entry): boolean {
  const isLost = (name: 'Image' | 'ImageID' | 'Created' | 'State' | 'Status') => entry[name] == null
  return (
    isLost('Image') ||
    isLost('ImageID') ||
    isLost('Created') ||
    isLost('State') ||
    isLost('Status') ||
    (entry.NetworkSettings === null && raw.NetworkSettings !== null) ||
    sizeOf(raw.Names) !== entry.Names.length ||
    sizeOf(raw.Ports) !== entry.Ports.length ||
    sizeOf(raw.Mounts) !== entry.Mounts.length ||
    sizeOf(raw.Labels) !== Object.keys(entry.Labels).length
  )
}

function sizeOf(raw: unknown): number {
  if (raw === null || raw === undefined) return 0
  return typeof raw === 'object' ? Object.keys(raw).length : 1
}
