import type { TimeSlice } from '../concurrency/event-loop-yield.js'
import type { LogLine } from '../model/log-line.js'
import { type RawLogLine, readLogLines } from './log-lines.js'
import { LogScrubber, plainLogLine } from './log-scrubber.js'
import type { MeasuredCall } from './measured-call.js'
import { openStream, untilCut, whole } from './opened-stream.js'

export interface LogStreamParts {
  readonly call: MeasuredCall
  readonly send: (call: MeasuredCall) => Promise<unknown>
  /** Of the container. */
  readonly id: string
  readonly isTty: boolean
  readonly follow: boolean
  readonly isScrubbed: boolean
  /** Begins a slice of the engine's work on the event loop. */
  readonly startSlice: () => TimeSlice
}

/** Lines of each chunk at once, after an empty batch. A followed log ends quietly where it is cut; one that is not, with a fault. */
export async function* readLog({
  call,
  send,
  id,
  isTty,
  follow,
  isScrubbed,
  startSlice,
}: LogStreamParts): AsyncGenerator<readonly LogLine[], void, undefined> {
  const what = `GET /containers/${id.slice(0, 12)}/logs`
  const { signal } = call
  const stream = await openStream(what, signal, () => send(call))
  if (stream === null && follow) return
  if (stream === null) throw signal.reason
  const scrubber = isScrubbed ? new LogScrubber() : null
  try {
    yield []
    const lines = readLogLines(call.counting(stream), isTty, startSlice)
    for await (const some of follow ? untilCut(what, lines, signal) : whole(what, lines, signal))
      yield await shownLines(some, scrubber, startSlice())
  } finally {
    stream.destroy()
  }
}

/** Yields between two lines, since one may take as long as a thousand. So no chunk holds the event loop longer than a slice and a line. */
async function shownLines(
  lines: readonly RawLogLine[],
  scrubber: LogScrubber | null,
  slice: TimeSlice,
): Promise<readonly LogLine[]> {
  const shown: LogLine[] = []
  for (const line of lines) {
    shown.push(scrubber === null ? plainLogLine(line) : scrubber.scrub(line))
    if (slice.isOver) await slice.next()
  }
  slice.end()
  return shown
}
