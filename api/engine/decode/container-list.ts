import { z } from 'zod'
import type { ListedContainer } from '../../model/container.js'
import { scrubText } from '../../redaction/scrub.js'
import { compare, MAX_MOUNTS, MAX_NETWORKS, nameOf, sortPorts } from './container-parts.js'
import { stateOf } from './container-state.js'
import {
  containerId,
  labels,
  number,
  optionalNumber,
  optionalText,
  parse,
  scrubbedLabels,
  seconds,
  strings,
  text,
} from './shape.js'

const LIST = z.array(
  z.object({
    Id: containerId,
    Names: strings,
    Image: text,
    ImageID: text,
    Created: seconds,
    State: text,
    Status: text,
    Labels: labels,
    Ports: z
      .array(
        z.object({
          IP: optionalText,
          PrivatePort: number,
          PublicPort: optionalNumber,
          Type: text,
        }),
      )
      .nullish(),
    NetworkSettings: z.object({ Networks: z.record(text, z.unknown()).nullish() }).nullish(),
    Mounts: z.array(z.object({ Type: text.nullish(), Name: optionalText })).nullish(),
  }),
)

/** Answer of GET /containers/json. */
export function decodeContainers(value: unknown): readonly ListedContainer[] {
  return parse(LIST, value, 'the list').map((entry) => {
    const image = scrubText(entry.Image)
    const labels = scrubbedLabels(entry.Labels)
    return {
      id: entry.Id,
      name: nameOf(entry.Names, entry.Id),
      image: image.value,
      imageId: entry.ImageID,
      state: stateOf(entry.State, entry.Status.startsWith('Up')),
      status: entry.Status,
      createdAt: new Date(entry.Created * 1000).toISOString(),
      ports: sortPorts(
        (entry.Ports ?? []).map(({ IP, PrivatePort, PublicPort, Type }) => ({
          ip: IP,
          hostPort: PublicPort || null,
          containerPort: PrivatePort,
          protocol: Type,
        })),
      ),
      labels: labels.value,
      networks: Object.keys(entry.NetworkSettings?.Networks ?? {}).slice(0, MAX_NETWORKS),
      volumes: (entry.Mounts ?? [])
        .flatMap(({ Type, Name }) => (Type === 'volume' && Name !== null ? [scrubText(Name).value] : []))
        .toSorted(compare)
        .slice(0, MAX_MOUNTS),
      redactions: image.redactions + labels.redactions,
      isPartial: false,
    }
  })
}
