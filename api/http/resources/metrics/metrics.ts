import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { View } from '../../../live/view.js'
import type { Metrics } from '../../endpoints/input.js'

export interface MetricsParts {
  readonly view: View
  readonly streams: { readonly count: number }
  readonly audit: { readonly counts: ReadonlyMap<string, number> }
}

/**
 * The only user of prom-client; text format 0.0.4. A caller who is restricted to some containers does not get totals over all of
 * them. Values are read at each scrape; nothing is counted twice.
 */
export function createMetrics({ view, streams, audit }: MetricsParts): Metrics {
  const process = new Registry()
  const whole = new Registry()
  let isObserving = false
  gauge(process, 'porthole_host_up', 'Whether the engine answers: 1 or 0.', ['host'], (set) => {
    for (const { id, state } of view.hosts()) set({ host: id }, state === 'live' ? 1 : 0)
  })
  gauge(
    whole,
    'porthole_engine_omitted_containers',
    "Containers of the engine's list that cannot be shown, not even by their id.",
    ['host'],
    (set) => {
      for (const { id, omitted } of view.hosts()) set({ host: id }, omitted.containers)
    },
  )
  gauge(whole, 'porthole_engine_partial_containers', 'Containers that are shown in part.', ['host'], (set) => {
    for (const { id, omitted } of view.hosts()) set({ host: id }, omitted.partialContainers)
  })
  gauge(
    whole,
    'porthole_engine_list_truncated',
    "Whether the engine's list goes on beyond what is read of it: 1 or 0.",
    ['host'],
    (set) => {
      for (const { id, omitted } of view.hosts()) set({ host: id }, omitted.isListTruncated ? 1 : 0)
    },
  )
  total(
    whole,
    'porthole_engine_omitted_events_total',
    'Events of the engine that were passed over, because they are too long or unreadable.',
    ['host'],
    (add) => {
      for (const { id, omitted } of view.hosts()) add({ host: id }, omitted.events)
    },
  )
  gauge(whole, 'porthole_streams_open', 'Server-sent event streams that are open.', [], (set) => set({}, streams.count))
  gauge(
    whole,
    'porthole_sampler_watched_containers',
    'Containers that are read at the pace of a client that watches them.',
    ['host'],
    (set) => {
      for (const { host, watchedContainers } of view.engineMetrics()) set({ host }, watchedContainers)
    },
  )
  gauge(whole, 'porthole_history_bytes', 'Bytes that the samples of the window take.', ['host'], (set) => {
    for (const { host, historyBytes } of view.engineMetrics()) set({ host }, historyBytes)
  })
  total(
    whole,
    'porthole_log_redactions_total',
    'Secrets redacted in log lines on their way to a reader.',
    ['host'],
    (add) => {
      for (const { host, logRedactions } of view.engineMetrics()) add({ host }, logRedactions)
    },
  )
  total(
    whole,
    'porthole_engine_calls_total',
    'Requests to the engine, by how they ended.',
    ['host', 'call', 'result'],
    (add) => {
      for (const { host, calls } of view.engineMetrics())
        for (const { call, result, count } of calls) add({ host, call, result }, count)
    },
  )
  total(
    whole,
    'porthole_engine_call_seconds_total',
    'Seconds that requests to the engine took.',
    ['host', 'call', 'result'],
    (add) => {
      for (const { host, calls } of view.engineMetrics())
        for (const { call, result, seconds } of calls) add({ host, call, result }, seconds)
    },
  )
  total(
    whole,
    'porthole_audit_events_total',
    'Events that the audit records, by kind and action.',
    ['event'],
    (add) => {
      for (const [event, count] of audit.counts) add({ event }, count)
    },
  )
  const render = async (isWhole: boolean) => {
    // Observing the process costs a little, so it begins with the first scrape.
    if (!isObserving) collectDefaultMetrics({ register: process })
    isObserving = true
    const texts = await Promise.all((isWhole ? [process, whole] : [process]).map((registry) => registry.metrics()))
    return texts.join('\n')
  }
  const underWay = new Map<boolean, Promise<string>>()
  return {
    // Who asks while a rendering is under way is given that one.
    text: (isWhole) => {
      const shared = underWay.get(isWhole) ?? render(isWhole).finally(() => underWay.delete(isWhole))
      underWay.set(isWhole, shared)
      return shared
    },
  }
}

type Report = (labels: Record<string, string>, value: number) => void

function gauge(
  register: Registry,
  name: string,
  help: string,
  labelNames: string[],
  report: (set: Report) => void,
): void {
  new Gauge({
    name,
    help,
    labelNames,
    registers: [register],
    collect() {
      this.reset()
      report((labels, value) => this.set(labels, value))
    },
  })
}

/** A counter whose total is counted elsewhere. */
function total(
  register: Registry,
  name: string,
  help: string,
  labelNames: string[],
  report: (add: Report) => void,
): void {
  new Counter({
    name,
    help,
    labelNames,
    registers: [register],
    collect() {
      this.reset()
      report((labels, value) => this.inc(labels, value))
    },
  })
}
