import type { ErrorCode } from '../model/error.js'
import { type Bounds, BULK, DISK, LIST, LOOKUP, QUICK, type ReadLimits, STATS } from './read-limits.js'
import {
  containerIds,
  containersOnly,
  lineCount,
  moment,
  no,
  type WriteParameter,
  yes,
  yesOrNo,
} from './read-parameters.js'

/** All that is known of one read before it is made. */
export interface ReadRow {
  /** The whole path, without a version: the engine's own is spoken. `{id}` stands for the 64 digits of a container's id. */
  readonly path: string
  /** HEAD may ask for it as well as GET. */
  readonly allowsHead?: true
  /** What may be asked with it. Empty unless given. */
  readonly parameters?: Readonly<Record<string, WriteParameter>>
  /** The parameter without which the engine would answer too much. */
  readonly required?: string
  /** JSON unless given. */
  readonly answer?: 'text' | StreamRow
  readonly limits: ReadLimits
  /** What tecnativa/docker-socket-proxy calls the switch that opens it. */
  readonly proxySwitch: string
  /** What linuxserver/socket-proxy calls the one that it asks for beside that. */
  readonly linuxserverSwitch?: string
  /** What a status means here, beyond what it means for every read. */
  readonly faults?: Readonly<Record<number, ErrorCode>>
}

/** An answer that is handed on as it comes: it has no end, or is larger than what is held of one. */
export interface StreamRow {
  /** Whether one that is asked for with such parameters goes on until it is ended. */
  readonly isEndless: (parameters: ReadonlyMap<string, string>) => boolean
  /** How many endless ones may be open at once. */
  readonly most: keyof Pick<Bounds, 'maxStreams' | 'maxLogStreams'>
  /** The code of one beyond that. */
  readonly refusal: ErrorCode
}

/** For reads of one container: no container has this id. */
const NO_CONTAINER = { 404: 'container-not-found' } as const

/**
 * Every read that may leave for an engine, one row each. The guard, the transport, the faults and the totals go by this table,
 * and tests hold the socket proxies' rules against it.
 */
export const READS = table({
  ping: { path: '/_ping', allowsHead: true, answer: 'text', limits: QUICK, proxySwitch: 'PING' },
  version: { path: '/version', limits: QUICK, proxySwitch: 'VERSION' },
  info: { path: '/info', limits: LOOKUP, proxySwitch: 'INFO' },
  list: {
    path: '/containers/json',
    // Never `size`: it makes the engine walk every file of every container.
    parameters: { all: yes, filters: containerIds },
    limits: LIST,
    proxySwitch: 'CONTAINERS',
  },
  inspect: { path: '/containers/{id}/json', limits: LOOKUP, proxySwitch: 'CONTAINERS', faults: NO_CONTAINER },
  stats: {
    path: '/containers/{id}/stats',
    parameters: { stream: no, 'one-shot': yes },
    // Without it statistics never end.
    required: 'stream',
    limits: STATS,
    proxySwitch: 'CONTAINERS',
    faults: NO_CONTAINER,
  },
  events: {
    path: '/events',
    parameters: { filters: containersOnly, since: moment },
    // Without it the stream also has events of secrets, configs and nodes.
    required: 'filters',
    answer: { isEndless: () => true, most: 'maxStreams', refusal: 'engine-unavailable' },
    limits: QUICK,
    proxySwitch: 'EVENTS',
  },
  logs: {
    path: '/containers/{id}/logs',
    // Never `details`: it adds what is in the container's environment.
    parameters: {
      follow: yesOrNo,
      stdout: yesOrNo,
      stderr: yesOrNo,
      timestamps: yes,
      tail: lineCount,
      since: moment,
    },
    // Without it a log comes whole, however large it is.
    required: 'tail',
    answer: {
      isEndless: (parameters) => parameters.get('follow') === 'true',
      most: 'maxLogStreams',
      refusal: 'too-many-streams',
    },
    limits: BULK,
    proxySwitch: 'CONTAINERS',
    linuxserverSwitch: 'ALLOW_LOGS',
    // moby daemon/logger/logger.go: ErrReadLogsNotSupported.
    faults: { ...NO_CONTAINER, 501: 'log-driver-unreadable' },
  },
  top: {
    path: '/containers/{id}/top',
    // Never `ps_args`: they would be run on the engine's host. `ps` takes as long as that host is busy.
    limits: LOOKUP,
    proxySwitch: 'CONTAINERS',
    linuxserverSwitch: 'ALLOW_TOP',
    // moby daemon/top_unix.go: a conflict says that the container does not run, or is about to again.
    faults: { ...NO_CONTAINER, 409: 'container-not-running' },
  },
  changes: {
    path: '/containers/{id}/changes',
    limits: BULK,
    proxySwitch: 'CONTAINERS',
    linuxserverSwitch: 'ALLOW_CHANGE',
    faults: NO_CONTAINER,
  },
  // Never `all`, which shows the layers in between, nor `shared-size`, for which the engine walks them.
  images: { path: '/images/json', limits: BULK, proxySwitch: 'IMAGES' },
  networks: { path: '/networks', limits: LIST, proxySwitch: 'NETWORKS' },
  volumes: { path: '/volumes', limits: LIST, proxySwitch: 'VOLUMES' },
  disk: { path: '/system/df', limits: DISK, proxySwitch: 'SYSTEM' },
})

export type ReadName = keyof typeof READS

function table<const Name extends string>(rows: Readonly<Record<Name, ReadRow>>): Readonly<Record<Name, ReadRow>> {
  return rows
}
