import type { View } from '../../../live/view.js'
import type { Container } from '../../../model/container.js'
import { ApiError } from '../../../model/error.js'
import { formatLogCursor, type LogCursor, type LogStep } from '../../../model/log-line.js'
import type { FeedInput, FeedItem, Input, Sources } from '../../endpoints/input.js'
import { presentLog, presentLogLine, presentLogText } from './answer.js'
import type { LogStreamQuery, LogsQuery } from './query.js'

export async function showLog(
  { view }: Sources,
  { query, id, now, selectors, format, onCall, signal }: Input<LogsQuery>,
) {
  const { host, timestamps, since, until, ...lines } = query
  const container = view.find(id, host, selectors)
  const engineNow = now + clockSkewOf(view, container)
  const page = await view.readLog(
    container,
    { ...lines, since: since?.(engineNow) ?? null, until: until?.(engineNow) ?? null },
    onCall,
    signal,
  )
  return format === 'json' ? presentLog(container, page) : presentLogText(container, page, format, timestamps)
}

/** Ends when the container does. */
export async function* followLog(
  { view }: Sources,
  { query, id, now, selectors, lastEventId, signal, onOpen }: FeedInput<LogCursor, LogStreamQuery>,
): AsyncGenerator<readonly FeedItem[]> {
  const { host, since, lastEventId: given, ...lines } = query
  const container = view.find(id, host, selectors)
  onOpen(container.id)
  const from = lastEventId ?? given
  const wish = { ...lines, since: since?.(now + clockSkewOf(view, container)) ?? null }
  for await (const step of view.followLog(container, wish, from, signal)) yield itemsOf(step, container.hostId)
  if (!signal.aborted) throw new ApiError('container-not-running', 'the container has ended, and its log with it')
}

/** A log's times are the engine's, and so is a duration before now. */
function clockSkewOf(view: View, { hostId }: Container): number {
  return view.hosts().find(({ id }) => id === hostId)?.clockSkewMs ?? 0
}

function itemsOf(step: LogStep, hostId: string): readonly FeedItem[] {
  if (step.kind === 'gap') return [{ event: 'gap', id: null, data: { hosts: [hostId] } }]
  if (step.kind === 'cursor') return [{ event: null, id: formatLogCursor(step.cursor), data: null }]
  return step.lines.map(({ line, cursor }) => ({
    event: 'log',
    id: cursor === null ? null : formatLogCursor(cursor),
    data: presentLogLine(line),
  }))
}
