import { failure, json, notFound, pong, whole } from './answers.js'
import { hasProcesses, type SimulatedContainer } from './container.js'
import { diskBody } from './disk.js'
import type { Answer } from './faults.js'
import { imageBody } from './images.js'
import { API_VERSION, ENGINE_NAME, infoBody, MIN_API_VERSION, versionBody } from './info.js'
import { changesBody, inspectBody } from './inspect.js'
import { list } from './list-route.js'
import { topBody } from './logs.js'
import { networkBody } from './networks.js'
import { readFilters } from './query.js'
import type { Simulator } from './simulator.js'
import { events, logs, stats } from './stream-routes.js'
import { volumeBody } from './volumes.js'

export type Endpoint =
  | 'ping'
  | 'version'
  | 'info'
  | 'list'
  | 'inspect'
  | 'stats'
  | 'events'
  | 'logs'
  | 'top'
  | 'images'
  | 'networks'
  | 'volumes'
  | 'disk'
  | 'changes'

export interface Route {
  readonly endpoint: Endpoint
  readonly answer: (simulator: Simulator) => Answer
}

/** The route of a request, or the engine's answer to an invalid one. */
export function routeOf(method: string, target: string): Route | Answer {
  const [, version, path = '', search = ''] = /^(?:\/v(\d+\.\d+))?(\/[^?]*)(?:\?(.*))?$/s.exec(target) ?? []
  if (method !== 'GET' && method !== 'HEAD') {
    // A real engine answers OPTIONS on any path, so a client can distinguish it from a proxy without writing.
    return method === 'OPTIONS' ? whole(200, '', 'text/plain') : failure(405, 'simulated engine: read only')
  }
  if (version !== undefined) {
    const refusal = versionRefusal(version)
    if (refusal !== null) return refusal
  }
  const query = new URLSearchParams(search)
  if (path === '/_ping') return { endpoint: 'ping', answer: () => pong() }
  if (method === 'HEAD') return notFound()
  if (path === '/version') return { endpoint: 'version', answer: () => json(200, versionBody()) }
  if (path === '/info') return { endpoint: 'info', answer: info }
  if (path === '/events') return { endpoint: 'events', answer: (simulator) => events(simulator, query) }
  if (path === '/containers/json') return { endpoint: 'list', answer: (simulator) => list(simulator, query) }
  if (path === '/images/json') {
    return {
      endpoint: 'images',
      answer: ({ state }) => unfiltered(query, () => state.objectStore.images().map((one) => imageBody(one))),
    }
  }
  if (path === '/volumes') return { endpoint: 'volumes', answer: (simulator) => volumes(simulator, query) }
  if (path === '/system/df') return { endpoint: 'disk', answer: disk }
  if (path === '/networks') {
    return {
      endpoint: 'networks',
      answer: ({ state }) => unfiltered(query, () => state.objectStore.networks().map(networkBody)),
    }
  }
  const [, rawReference = '', verb = ''] = /^\/containers\/([^/]+)\/(json|stats|logs|top|changes)$/.exec(path) ?? []
  const reference = unescaped(rawReference)
  if (reference === '') return notFound()
  const found = (answer: (simulator: Simulator, container: SimulatedContainer) => Answer) => (simulator: Simulator) =>
    withContainer(simulator, reference, answer)
  if (verb === 'json') return { endpoint: 'inspect', answer: found(inspect) }
  if (verb === 'stats') return { endpoint: 'stats', answer: found((simulator, one) => stats(simulator, one, query)) }
  if (verb === 'logs') return { endpoint: 'logs', answer: found((simulator, one) => logs(simulator, one, query)) }
  if (verb === 'changes') return { endpoint: 'changes', answer: found((_scene, one) => json(200, changesBody(one))) }
  return { endpoint: 'top', answer: found(top) }
}

function unescaped(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return ''
  }
}

function versionRefusal(version: string): Answer | null {
  const minor = (text: string) => Number(text.split('.')[1])
  const isNew = !version.startsWith('1.') || minor(version) > minor(API_VERSION)
  if (isNew) {
    return failure(400, `client version ${version} is too new. Maximum supported API version is ${API_VERSION}`)
  }
  if (minor(version) >= minor(MIN_API_VERSION)) return null
  return failure(400, `client version ${version} is too old. Minimum supported API version is ${MIN_API_VERSION}`)
}

function withContainer(
  simulator: Simulator,
  reference: string,
  answer: (simulator: Simulator, container: SimulatedContainer) => Answer,
): Answer {
  const found = simulator.state.find(reference)
  if (found === 'none') return failure(404, `No such container: ${reference}`)
  if (found === 'ambiguous') return failure(500, `Multiple IDs found with provided prefix: ${reference}`)
  return answer(simulator, found)
}

function info({ state, machine, now }: Simulator): Answer {
  const all = state.all()
  const running = all.filter((one) => one.state === 'running' || one.state === 'restarting').length
  const paused = all.filter((one) => one.state === 'paused').length
  const census = {
    running,
    paused,
    stopped: all.length - running - paused,
    images: state.objectStore.images().length,
    eventListeners: state.events.listeners,
  }
  return json(200, infoBody(machine, census, now()))
}

function volumes({ state }: Simulator, query: URLSearchParams): Answer {
  return unfiltered(query, () => ({ Volumes: state.objectStore.volumes().map(volumeBody), Warnings: null }))
}

/** A second concurrent caller is refused (moby 20.10, daemon/disk_usage.go). */
function disk({ state, diskDelayMs, diskWalk, now }: Simulator): Answer {
  if (diskWalk.busy) return failure(500, 'a disk usage operation is already running')
  const release = () => {
    diskWalk.busy = false
  }
  diskWalk.busy = true
  return {
    kind: 'later',
    ms: diskDelayMs,
    compute: () => {
      release()
      return json(200, diskBody(state, now()))
    },
    abandoned: release,
  }
}

/** These lists have no filters here. A requested filter is refused rather than ignored. */
function unfiltered(query: URLSearchParams, body: () => unknown): Answer {
  const read = readFilters(query.get('filters'), [])
  return 'refusal' in read ? read.refusal : json(200, body())
}

function inspect({ machine, now }: Simulator, container: SimulatedContainer): Answer {
  return json(200, inspectBody(container, machine.cgroup, ENGINE_NAME, now()))
}

function top({ state, now }: Simulator, container: SimulatedContainer): Answer {
  if (container.state === 'restarting') {
    return failure(409, `Container ${container.id} is restarting, wait until the container is running`)
  }
  if (!hasProcesses(container)) return failure(409, `Container ${container.id} is not running`)
  state.emitTop(container)
  return json(200, topBody(container, now()))
}
