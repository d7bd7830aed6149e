import type { View } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import { ApiError } from '../../../model/error.js'
import { formatLogCursor, type LogCursor, type LogStep } from '../../../model/log-line.js'
import type { FeedItem } from '../../endpoints/feed.js'
import type { FeedInput, Input, Sources } from '../../endpoints/input.js'
import { type LOG_FEED, logContent, logLineContent, logText } from './answer.js'
import type { LogStreamQuery, LogsQuery } from './query.js'

export async function showLog({ view }: Sources, input: Input<LogsQuery, Container>) {
  const { query, container, now, format, recordCall, party, signal } = input
  const { host: _host, timestamps, since, until, ...lines } = query
  const engineNow = now + clockSkewOf(view, container)
  const asked = { ...lines, since: since?.(engineNow) ?? null, until: until?.(engineNow) ?? null }
  const page = await view.readLog(container, asked, { party, signal: signal() }, recordCall)
  const content = format === 'json' ? logContent(container, page) : logText(page, format, timestamps)
  return { content, redactions: page.redactions }
}

/** Ends with the container. */
export async function* followLog(
  { view }: Sources,
  input: FeedInput<LogStreamQuery, LogCursor, Container>,
): AsyncGenerator<readonly FeedItem<typeof LOG_FEED>[]> {
  const { query, container, now, lastEventId, party, signal } = input
  const { host: _host, since, lastEventId: given, ...lines } = query
  const asked = { ...lines, since: since?.(now + clockSkewOf(view, container)) ?? null }
  for await (const step of view.followLog(container, asked, lastEventId ?? given, { party, signal: signal() }))
    yield itemsOf(step, container.hostId)
  if (!signal().aborted) throw new ApiError('container-not-running', 'the container has ended, and its log with it')
}

/** Times in a log are on the engine's clock, so durations before now are too. */
function clockSkewOf(view: View, { hostId }: Container): number {
  return view.hosts().find(({ id }) => id === hostId)?.clockSkewMs ?? 0
}

function itemsOf(step: LogStep, hostId: string): readonly FeedItem<typeof LOG_FEED>[] {
  if (step.kind === 'gap') return [{ event: 'gap', id: null, data: { hosts: [hostId] } }]
  if (step.kind === 'cursor') return [{ event: null, id: formatLogCursor(step.cursor), data: null }]
  return step.lines.map(({ line, cursor }) => ({
    event: 'log',
    id: cursor === null ? null : formatLogCursor(cursor),
    data: logLineContent(line),
  }))
}
