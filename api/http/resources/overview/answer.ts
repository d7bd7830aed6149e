import { z } from 'zod'
import type { Container } from '../../../model/container.js'
import { HOST_STATES, type HostStatus, type Omissions } from '../../../model/host.js'
import type { ContentOf } from '../../endpoints/answer.js'
import {
  engineFault,
  faultOf,
  flag,
  integer,
  optionalInteger,
  optionalNumber,
  optionalText,
  optionalTime,
  round,
  text,
  textByName,
  timeOf,
} from '../answer-parts.js'
import { listOf, observedAt } from '../list.js'
import type { Summary } from './summary.js'

export const SUMMARY = z.strictObject({
  observedAt: optionalTime,
  hosts: z.strictObject({ total: integer, live: integer, stale: integer, connecting: integer }),
  containers: z.strictObject({
    total: integer,
    running: integer,
    paused: integer,
    restarting: integer,
    created: integer,
    exited: integer,
    removing: integer,
    dead: integer,
  }),
  health: z.strictObject({ healthy: integer, unhealthy: integer, starting: integer, none: integer }),
  cpu: z.strictObject({ percent: optionalNumber, cores: optionalInteger }),
  memory: z.strictObject({ usedBytes: optionalInteger, totalBytes: optionalInteger }),
  problems: z.strictObject({
    total: integer,
    crashloop: integer,
    unhealthy: integer,
    restarting: integer,
    oomKilled: integer,
    exitedNonzero: integer,
    dead: integer,
    hostsDown: integer,
  }),
})

export function summaryContent(summary: Summary, hosts: readonly HostStatus[]): ContentOf<typeof SUMMARY> {
  return {
    observedAt: observedAt(hosts),
    hosts: summary.hosts,
    containers: summary.containers,
    health: summary.health,
    cpu: { percent: round(summary.cpu.percent), cores: summary.cpu.cores },
    memory: summary.memory,
    problems: summary.problems,
  }
}

const OMITTED = z.strictObject({
  containers: integer,
  partialContainers: integer,
  events: integer,
  listTruncated: flag,
})

export const hostFields = {
  id: text,
  labels: textByName,
  state: z.enum(HOST_STATES),
  observedAt: optionalTime,
  fault: engineFault,
  name: optionalText,
  version: optionalText,
  apiVersion: optionalText,
  operatingSystem: optionalText,
  os: optionalText,
  architecture: optionalText,
  kernelVersion: optionalText,
  cgroupVersion: optionalText,
  cgroupDriver: optionalText,
  storageDriver: optionalText,
  rootless: flag.nullable(),
  cpus: optionalInteger,
  memoryBytes: optionalInteger,
  containers: z.strictObject({ total: integer, running: integer, paused: integer, exited: integer }),
  omitted: OMITTED.nullable(),
}

const HOST = z.strictObject(hostFields)
export const HOST_LIST = listOf(HOST)

/** Whose answer it is. */
export interface HostTerms {
  /** The containers that the caller may see. */
  readonly containers: readonly Container[]
  /** Whether these are all containers. Numbers that count hidden ones are for callers who see them all. */
  readonly isWhole: boolean
}

export function hostContent(host: HostStatus, { containers, isWhole }: HostTerms): ContentOf<typeof HOST> {
  const own = containers.filter(({ hostId }) => hostId === host.id)
  const inState = (state: Container['state']) => own.filter((container) => container.state === state).length
  return {
    id: host.id,
    labels: host.labels,
    state: host.state,
    observedAt: timeOf(host.observedAt),
    fault: faultOf(host.fault),
    name: host.info?.name ?? null,
    version: host.version?.version ?? null,
    apiVersion: host.version?.apiVersion ?? null,
    operatingSystem: host.info?.operatingSystem ?? null,
    os: host.version?.os ?? null,
    architecture: host.version?.architecture ?? null,
    kernelVersion: host.version?.kernelVersion ?? null,
    cgroupVersion: host.info?.cgroupVersion ?? null,
    cgroupDriver: host.info?.cgroupDriver ?? null,
    storageDriver: host.info?.storageDriver ?? null,
    rootless: host.info?.rootless ?? null,
    cpus: host.info?.cpus ?? null,
    memoryBytes: host.info?.memoryBytes ?? null,
    containers: {
      total: own.length,
      running: inState('running'),
      paused: inState('paused'),
      exited: inState('exited'),
    },
    omitted: isWhole ? omittedContent(host.omitted) : null,
  }
}

function omittedContent({ containers, partialContainers, events, isListTruncated }: Omissions) {
  return { containers, partialContainers, events, listTruncated: isListTruncated }
}
