import type { Readable } from 'node:stream'
import type { EventStep } from '../model/container-event.js'
import type { EventDecoder } from './decode/event.js'
import { readLines } from './lines.js'
import type { MeasuredCall } from './measured-call.js'
import { openStream, untilCut } from './opened-stream.js'

const WHAT = 'GET /events'

export interface EventStreamParts {
  readonly call: MeasuredCall
  readonly send: (call: MeasuredCall) => Promise<unknown>
  readonly decoder: EventDecoder
  readonly onOpen: (engineNow: number | null) => void
}

/** Ends quietly by its signal, and where the open stream ends or is cut. */
export async function* readEvents({
  call,
  send,
  decoder,
  onOpen,
}: EventStreamParts): AsyncGenerator<EventStep, void, undefined> {
  const { signal } = call
  const stream = await openStream(WHAT, signal, () => send(call))
  if (stream === null) return
  try {
    onOpen(clockOf(stream))
    for await (const line of untilCut(WHAT, readLines(call.counting(stream)), signal)) {
      const event = decoder.decode(line)
      if (event !== null) yield { kind: 'event', event }
    }
  } finally {
    stream.destroy()
  }
}

/** What the engine's clock showed when it began to answer (RFC 9110, section 6.6.1), in whole seconds. */
function clockOf(stream: Readable): number | null {
  const { date } = (stream as { readonly headers?: { readonly date?: string } }).headers ?? {}
  const at = Date.parse(date ?? '')
  return Number.isNaN(at) ? null : at
}
