import type { Readable } from 'node:stream'
import type { LoopShare } from '../concurrency/event-loop-yield.js'
import type { EventStep } from '../model/container-event.js'
import { EVENT_SHAPE, type EventDecoder } from './decode/event.js'
import { JsonLines } from './json/json-lines.js'
import { bufferOf } from './line-buffer.js'
import type { MeasuredCall } from './measured-call.js'
import { openStream, untilCut } from './opened-stream.js'

const WHAT = 'GET /events'

/** Bytes that are worked on before the clock is looked at. */
const PIECE_BYTES = 1024

/** Bytes of a chunk that are worked on as they come. More waits for its party's turn. */
const AT_ONCE_BYTES = 8 * PIECE_BYTES

export interface EventStreamParts {
  readonly call: MeasuredCall
  readonly send: (call: MeasuredCall) => Promise<unknown>
  readonly decoder: EventDecoder
  readonly loopShare: LoopShare
  readonly party: string
  readonly onOpen: (engineNow: number | null) => void
}

/** Ends quietly by its signal, and where the open stream ends or is cut. */
export async function* readEvents(parts: EventStreamParts): AsyncGenerator<EventStep, void, undefined> {
  const { call, send, onOpen } = parts
  const { signal } = call
  const stream = await openStream(WHAT, signal, () => send(call))
  if (stream === null) return
  try {
    onOpen(clockOf(stream))
    yield* untilCut(WHAT, stepsOf(call.counting(stream), parts), signal)
  } finally {
    stream.destroy()
  }
}

/** A slice at a time, the work of those that follow the events included. So an engine that sends more than it may is read slowly. */
async function* stepsOf(
  chunks: AsyncIterable<Uint8Array>,
  { decoder, loopShare, party }: EventStreamParts,
): AsyncGenerator<EventStep, void, undefined> {
  let steps: EventStep[] = []
  const lines = new JsonLines(EVENT_SHAPE, (line) => {
    const step = decoder.decode(line)
    if (step !== null) steps.push(step)
  })
  for await (const chunk of chunks) {
    if (chunk.length > AT_ONCE_BYTES || loopShare.delayOf(party) > 0) await loopShare.turn(party)
    const slice = loopShare.slice(party)
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
      lines.push(bufferOf(chunk).subarray(at, at + PIECE_BYTES))
      for (const step of steps) yield step
      steps = []
      if (slice.isOver) await slice.next()
    }
    slice.end()
  }
  lines.end()
  yield* steps
}

/** What the engine's clock showed when it began to answer (RFC 9110, section 6.6.1), in whole seconds. */
function clockOf(stream: Readable): number | null {
  const { date } = (stream as { readonly headers?: { readonly date?: string } }).headers ?? {}
  const at = Date.parse(date ?? '')
  return Number.isNaN(at) ? null : at
}
