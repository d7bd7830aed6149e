import { failure, JSON_TYPE, whole } from './answers.js'
import { hasProcesses, type SimulatedContainer } from './container.js'
import { EVENT_FILTERS, eventMatches } from './events.js'
import { type Answer, after, every } from './faults.js'
import { ENGINE_HEADERS } from './info.js'
import type { LogLine } from './journal.js'
import { LOG_START, type LogPart, type LogPosition, logBytes, logLines, logParts } from './logs.js'
import { isTrue, readFilters, readNanos } from './query.js'
import type { Simulator } from './simulator.js'
import { statsText } from './stats.js'

/** The period of the collector: precpu_stats are this old. */
const STATS_ROUND_MS = 1000
/** Keeps a stats stream from spinning if a test sets no delay. */
const MIN_STATS_PERIOD_MS = 20
const LOG_FOLLOW_MS = 200

/** GET /containers/{id}/stats: one reading, or one after another. */
export function stats(simulator: Simulator, container: SimulatedContainer, query: URLSearchParams): Answer {
  const { machine, now, statsDelayMs } = simulator
  const streams = query.get('stream') === null || isTrue(query.get('stream'))
  if (streams) return statsStream(simulator, container)
  if (!hasProcesses(container)) return whole(200, statsText(container, machine, now(), null), JSON_TYPE)
  const oneShot = isTrue(query.get('one-shot'))
  return {
    kind: 'later',
    ms: statsDelayMs,
    compute: () => {
      const at = now()
      return whole(200, statsText(container, machine, at, oneShot ? null : at - STATS_ROUND_MS), JSON_TYPE)
    },
  }
}

function statsStream({ state, machine, now, statsDelayMs }: Simulator, container: SimulatedContainer): Answer {
  return {
    kind: 'stream',
    headers: ENGINE_HEADERS,
    run: (sink) => {
      let previousAt: number | null = null
      every(Math.max(statsDelayMs, MIN_STATS_PERIOD_MS), sink.signal, () => {
        if (state.find(container.id) !== container) return sink.end()
        const at = now()
        sink.write(statsText(container, machine, at, previousAt))
        previousAt = at
      })
    },
  }
}

/** GET /events. */
export function events({ state, now }: Simulator, query: URLSearchParams): Answer {
  const read = readFilters(query.get('filters'), EVENT_FILTERS)
  if ('refusal' in read) return read.refusal
  const { filters } = read
  const since = readNanos(query.get('since'))
  const until = readNanos(query.get('until'))
  return {
    kind: 'stream',
    headers: { ...ENGINE_HEADERS, 'Content-Type': JSON_TYPE },
    run: (sink) => {
      const past = since === null ? [] : state.events.replay(since, until)
      for (const event of past) if (eventMatches(event, filters)) sink.write(`${event.line}\n`)
      const leftMs = until === null ? null : Number(until / 1_000_000n) - now()
      if (leftMs !== null && leftMs <= 0) return sink.end()
      const leave = state.events.listen((event) => {
        if (eventMatches(event, filters)) sink.write(`${event.line}\n`)
      })
      sink.signal.addEventListener('abort', leave, { once: true })
      if (leftMs !== null) after(leftMs, sink.signal, () => sink.end())
    },
  }
}

/** GET /containers/{id}/logs. */
export function logs({ state, now }: Simulator, container: SimulatedContainer, query: URLSearchParams): Answer {
  const wanted = (['stdout', 'stderr'] as const).filter((stream) => isTrue(query.get(stream)))
  if (wanted.length === 0) return failure(400, 'Bad parameters: you must choose at least one stream')
  if (container.spec.logDriver === 'none') return failure(501, 'configured logging driver does not support reading')
  const timestamps = isTrue(query.get('timestamps'))
  const since = readNanos(query.get('since')) ?? 0n
  const until = query.get('until') === '0' ? null : readNanos(query.get('until'))
  const tail = query.get('tail') ?? 'all'
  return {
    kind: 'stream',
    headers: ENGINE_HEADERS,
    run: (sink) => {
      const written = () => state.journal.linesOf(container.id)
      const isBeyond = (part: LogPart) => until !== null && part.nanos > until
      const write = (parts: readonly LogPart[]) => {
        for (const part of parts) {
          if (part.nanos < since || !wanted.includes(part.stream)) continue
          sink.write(logBytes(container, part, timestamps))
        }
      }
      let readTo: LogPosition = { dueMs: now(), writtenNanos: written().at(-1)?.nanos ?? -1n }
      write(tailOf(container, written(), tail, readTo.dueMs).filter((part) => !isBeyond(part)))
      if (!isTrue(query.get('follow')) || !hasProcesses(container)) return sink.end()
      // A stream follows one run and ends with its process, however soon the next run starts.
      const { pid } = container
      const readOn = () => {
        const parts = logLines(container, written(), readTo, now()).flatMap(logParts)
        readTo = { dueMs: now(), writtenNanos: written().at(-1)?.nanos ?? -1n }
        // A followed stream ends only at a line after `until` (moby daemon/logger/loggerutils, followLogs).
        const end = parts.findIndex(isBeyond)
        write(end === -1 ? parts : parts.slice(0, end))
        if (end !== -1 || container.pid !== pid) sink.end()
      }
      every(LOG_FOLLOW_MS, sink.signal, readOn)
      sink.signal.addEventListener('abort', state.journal.follow(container.id, readOn), { once: true })
    },
  }
}

/** The engine takes the tail of its file first, where each part is a line, and then filters by time and stream. */
function tailOf(
  container: SimulatedContainer,
  written: readonly LogLine[],
  tail: string,
  at: number,
): readonly LogPart[] {
  if (!/^\d+$/.test(tail)) return logLines(container, written, LOG_START, at).flatMap(logParts)
  const count = Number(tail)
  const parts = logLines(container, written, LOG_START, at, count).flatMap(logParts)
  return parts.slice(Math.max(0, parts.length - count))
}
