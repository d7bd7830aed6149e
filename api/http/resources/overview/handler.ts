import type { Input, Sources } from '../../endpoints/input.js'
import { observedAt, presentHost, presentList } from '../present.js'
import { summarize } from './summary.js'

export function showSummary({ view }: Sources, { now, selectors }: Input<unknown>) {
  const hosts = view.hosts()
  const summary = summarize(hosts, view.containers(selectors), (container) => view.sample(container), now)
  return {
    observedAt: observedAt(hosts),
    hosts: summary.hosts,
    containers: summary.containers,
    health: summary.health,
    cpu: {
      percent: summary.cpu.percent === null ? null : Math.round(summary.cpu.percent * 1000) / 1000,
      cores: summary.cpu.cores,
    },
    memory: summary.memory,
    problems: summary.problems,
  }
}

export function listHosts({ view }: Sources, { selectors }: Input<unknown>) {
  const hosts = view.hosts()
  const containers = view.containers(selectors)
  const items = hosts.map((host) => presentHost(host, containers))
  return presentList({ items, nextCursor: null, total: items.length }, hosts)
}
