import { ApiError } from '../../model/error.js'
import { type LogPosition, type LogStep, writeLogPosition } from '../../model/log-line.js'
import type { LogStreamQuery, LogsQuery } from '../log-schemas.js'
import { presentLog, presentLogLine, presentLogText } from '../present-log.js'
import type { FeedInput, FeedItem, Input, Sources } from './input.js'

export async function showLog({ view }: Sources, { query, id, now, selectors, format, onCall }: Input<LogsQuery>) {
  const { host, timestamps, since, until, ...lines } = query
  const container = view.find(id, host, selectors)
  const page = await view.readLog(container, { ...lines, since: since(now), until: until(now) }, onCall)
  return format === 'json' ? presentLog(container, page) : presentLogText(container, page, format, timestamps)
}

/** Ends when the container does. */
export async function* followLog(
  { view }: Sources,
  { query, id, now, selectors, lastEventId, signal, onOpen }: FeedInput<LogPosition, LogStreamQuery>,
): AsyncGenerator<readonly FeedItem[]> {
  const { host, since, lastEventId: given, ...lines } = query
  const container = view.find(id, host, selectors)
  onOpen(container.id)
  const from = lastEventId ?? given
  for await (const step of view.followLog(container, { ...lines, since: since(now) }, from, signal)) yield itemsOf(step)
  throw new ApiError('container-not-running', 'the container has ended, and its log with it')
}

function itemsOf(step: LogStep): readonly FeedItem[] {
  if (step.kind === 'gap') return [{ event: 'gap', id: null, data: {} }]
  return step.lines.map(({ line, position }) => ({
    event: 'log',
    id: position === null ? null : writeLogPosition(position),
    data: presentLogLine(line),
  }))
}
