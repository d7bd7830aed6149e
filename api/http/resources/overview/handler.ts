import type { Input, Sources } from '../../endpoints/input.js'
import { listContent, onePage } from '../list.js'
import { hostContent, summaryContent } from './answer.js'
import { summarize } from './summary.js'

export function showSummary({ view }: Sources, { now, selectors }: Input<unknown>) {
  const hosts = view.hosts()
  const summary = summarize(hosts, view.containers(selectors), (container) => view.sample(container), now)
  return { content: summaryContent(summary, hosts), redactions: 0 }
}

export function listHosts({ view }: Sources, { selectors }: Input<unknown>) {
  const hosts = view.hosts()
  const terms = { containers: view.containers(selectors), isWhole: selectors.length === 0 }
  const items = hosts.map((host) => hostContent(host, terms))
  return { content: listContent(onePage(items), hosts), redactions: 0 }
}
