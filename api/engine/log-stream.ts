import type { LogLine } from '../model/log-line.js'
import { readLogLines } from './log-lines.js'
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
}

/** Lines of each chunk at once, after an empty batch. A followed log ends quietly where it is cut; one that is not, with a fault. */
export async function* readLog({
  call,
  send,
  id,
  isTty,
  follow,
  isScrubbed,
}: LogStreamParts): AsyncGenerator<readonly LogLine[], void, undefined> {
  const what = `GET /containers/${id.slice(0, 12)}/logs`
  const { signal } = call
  const stream = await openStream(what, signal, () => send(call))
  if (stream === null && follow) return
  if (stream === null) throw signal.reason
  const scrubber = new LogScrubber()
  try {
    yield []
    const lines = readLogLines(call.counting(stream), isTty)
    for await (const some of follow ? untilCut(what, lines, signal) : whole(what, lines, signal))
      yield some.map((line) => (isScrubbed ? scrubber.scrub(line) : plainLogLine(line)))
  } finally {
    stream.destroy()
  }
}
