import { json } from './answers.js'
import { hasProcesses, type SimulatedContainer } from './container.js'
import type { Filters } from './events.js'
import type { Answer } from './faults.js'
import { listEntry } from './list-entry.js'
import { isTrue, readFilters } from './query.js'
import type { Simulator } from './simulator.js'

const LIST_FILTERS: readonly string[] = ['id', 'name', 'status', 'label', 'health']

/** GET /containers/json. */
export function list({ state, now }: Simulator, query: URLSearchParams): Answer {
  const read = readFilters(query.get('filters'), LIST_FILTERS)
  if ('refusal' in read) return read.refusal
  const { filters } = read
  const limit = Number(query.get('limit') ?? 0)
  // A limit includes stopped containers, and so does a filter by state (moby daemon/list.go).
  const all = isTrue(query.get('all')) || limit > 0 || filters.has('status')
  const at = now()
  const chosen = state
    .all()
    .filter((one) => (all || hasProcesses(one) || one.state === 'restarting') && listMatches(one, filters))
  return json(
    200,
    (limit > 0 ? chosen.slice(0, limit) : chosen).map((one) => listEntry(one, at)),
  )
}

function listMatches(container: SimulatedContainer, filters: Filters): boolean {
  const has = (name: string, value: string): boolean => {
    switch (name) {
      case 'id':
        return container.id.startsWith(value)
      case 'name':
        return container.name.includes(value.replace(/^\//, ''))
      case 'status':
        return container.state === value
      case 'health':
        return container.health === value
      default: {
        const [label = '', wanted] = value.split(/=(.*)/s)
        const given = container.spec.labels[label]
        return given !== undefined && (wanted === undefined || given === wanted)
      }
    }
  }
  return [...filters].every(([name, values]) => values.some((value) => has(name, value)))
}
