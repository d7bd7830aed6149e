import type { ServerResponse } from 'node:http'

/** A fault of an engine, or of the proxy before it, as a client sees it. */
export type Fault =
  /** Accepts the request and never answers. */
  | { readonly kind: 'hang' }
  /** Breaks the connection after that many bytes of the body, before its content-length or its last chunk. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  | { readonly kind: 'garbage' }
  | {
      readonly kind: 'status'
      readonly status: number
      readonly body?: string
      readonly contentType?: string
      readonly headers?: Readonly<Record<string, string>>
    }
  /** One byte at a time. */
  | { readonly kind: 'drip'; readonly everyMs: number }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly value: unknown }
  /** That many bytes of one line that never ends. */
  | { readonly kind: 'flood'; readonly bytes: number }
  /** Headers at once, then nothing. */
  | { readonly kind: 'stall' }

/** The output of a streaming answer. `signal` aborts when the client has gone or the answer is over, and ends every timer. */
export interface Sink {
  readonly signal: AbortSignal
  write(chunk: string | Uint8Array): void
  end(): void
}

export type Answer =
  | {
      readonly kind: 'whole'
      readonly status: number
      readonly contentType: string
      readonly body: string
      readonly headers: Readonly<Record<string, string>>
    }
  | {
      readonly kind: 'stream'
      readonly headers: Readonly<Record<string, string>>
      readonly run: (sink: Sink) => void
    }
  /** The engine waits, then computes the answer. `abandoned` runs if the client has gone before. */
  | { readonly kind: 'later'; readonly ms: number; readonly compute: () => Answer; readonly abandoned?: () => void }

const JSON_TYPE = 'application/json'
const FLOOD_CHUNK_BYTES = 65_536
/** Bytes from which on Go's net/http sends no content-length. */
const CHUNKED_FROM_BYTES = 2048
/** Unread bytes after which a stream is closed, so that a forgotten stream costs no memory. */
const MAX_UNREAD_BYTES = 8 * 2 ** 20
/** A NUL, bytes that are invalid in UTF-8, and unbalanced brackets: neither text nor JSON nor HTML. */
const GARBAGE = Buffer.from([0x00, 0xff, 0xfe, 0x3c, 0x2f, 0x7b, 0x5d, 0xc3, 0x28, 0x0a])

/** Runs `task` after a delay unless the signal aborts first. */
export function after(ms: number, signal: AbortSignal, task: () => void): void {
  if (signal.aborted) return
  const timer = setTimeout(task, ms)
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
}

/** Runs `task` repeatedly until the signal aborts. */
export function every(ms: number, signal: AbortSignal, task: () => void): void {
  if (signal.aborted) return
  const timer = setInterval(task, ms)
  signal.addEventListener('abort', () => clearInterval(timer), { once: true })
}

/** Answers like a healthy engine, or as the fault says. `compute` does not run if the fault needs no answer. */
export function reply(response: ServerResponse, compute: () => Answer, fault: Fault | null): void {
  const gone = closing(response)
  if (fault === null) send(response, compute(), gone)
  else misbehave(response, compute, fault, gone)
}

function misbehave(response: ServerResponse, compute: () => Answer, fault: Fault, gone: AbortSignal): void {
  switch (fault.kind) {
    case 'hang':
      break
    case 'delay':
      after(fault.ms, gone, () => send(response, compute(), gone))
      break
    case 'cut':
      sendCut(response, compute(), fault.afterBytes, gone)
      break
    case 'drip':
      sendDrip(response, compute(), fault.everyMs, gone)
      break
    case 'garbage':
      sendWhole(response, 200, JSON_TYPE, {}, GARBAGE)
      break
    case 'status': {
      const body = fault.body ?? '{"message":"simulated fault"}\n'
      sendWhole(response, fault.status, fault.contentType ?? JSON_TYPE, fault.headers ?? {}, body)
      break
    }
    case 'empty':
      sendWhole(response, 200, JSON_TYPE, {}, '')
      break
    case 'json':
      sendWhole(response, 200, JSON_TYPE, {}, `${JSON.stringify(fault.value)}\n`)
      break
    case 'flood':
      sendFlood(response, fault.bytes, gone)
      break
    case 'stall':
      response.writeHead(200, { 'Content-Type': JSON_TYPE })
      response.flushHeaders()
  }
}

function closing(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  return controller.signal
}

/** Waits if the answer says so, then passes it on. */
function settled(answer: Answer, gone: AbortSignal, next: (answer: Exclude<Answer, { kind: 'later' }>) => void): void {
  if (answer.kind !== 'later') {
    next(answer)
    return
  }
  const abandoned = answer.abandoned ?? (() => {})
  if (gone.aborted) abandoned()
  gone.addEventListener('abort', abandoned, { once: true })
  after(answer.ms, gone, () => {
    gone.removeEventListener('abort', abandoned)
    settled(answer.compute(), gone, next)
  })
}

function send(response: ServerResponse, answer: Answer, gone: AbortSignal): void {
  settled(answer, gone, (ready) => {
    if (ready.kind === 'whole') {
      sendWhole(response, ready.status, ready.contentType, ready.headers, ready.body)
      return
    }
    response.writeHead(200, ready.headers)
    response.flushHeaders()
    ready.run({
      signal: gone,
      write: (chunk) => {
        // Between its end and its close an answer still has listeners, but must not be written to.
        if (response.writableEnded || response.destroyed) return
        response.write(chunk)
        if (response.writableLength > MAX_UNREAD_BYTES) response.destroy()
      },
      end: () => response.end(),
    })
  })
}

function sendWhole(
  response: ServerResponse,
  status: number,
  contentType: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
): void {
  const length = Buffer.byteLength(body)
  const framing = length >= CHUNKED_FROM_BYTES ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': length }
  response.writeHead(status, { 'Content-Type': contentType, ...headers, ...framing })
  response.end(body)
}

function sendCut(response: ServerResponse, answer: Answer, afterBytes: number, gone: AbortSignal): void {
  settled(answer, gone, (ready) => {
    if (ready.kind === 'whole') {
      const body = Buffer.from(ready.body)
      const promised = Math.max(body.length, afterBytes + 1)
      response.writeHead(ready.status, {
        'Content-Type': ready.contentType,
        ...ready.headers,
        'Content-Length': promised,
      })
      breakAfter(response, body.subarray(0, afterBytes))
      return
    }
    response.writeHead(200, ready.headers)
    response.flushHeaders()
    let left = afterBytes
    const breakOff = (bytes: Uint8Array) => {
      left = -1
      breakAfter(response, bytes)
    }
    const write = (chunk: string | Uint8Array) => {
      const bytes = Buffer.from(chunk)
      if (left < 0) return
      if (left <= bytes.length) breakOff(bytes.subarray(0, left))
      else {
        response.write(bytes)
        left -= bytes.length
      }
    }
    const end = () => {
      if (left >= 0) breakOff(Buffer.alloc(0))
    }
    if (afterBytes === 0) end()
    else ready.run({ signal: gone, write, end })
  })
}

/** Flushes the bytes before the break, so that the client really sees them. */
function breakAfter(response: ServerResponse, bytes: Uint8Array): void {
  if (bytes.length > 0) {
    response.write(bytes, () => response.destroy())
    return
  }
  response.flushHeaders()
  setImmediate(() => response.destroy())
}

function sendDrip(response: ServerResponse, answer: Answer, everyMs: number, gone: AbortSignal): void {
  settled(answer, gone, (ready) => {
    const whole = ready.kind === 'whole'
    const body = Buffer.from(whole ? ready.body : '{"status":"')
    response.writeHead(whole ? ready.status : 200, whole ? { 'Content-Type': ready.contentType } : ready.headers)
    let sent = 0
    every(everyMs, gone, () => {
      if (response.writableEnded) return
      // A stream has no end, so its last byte is repeated.
      response.write(body.subarray(Math.min(sent, body.length - 1)).subarray(0, 1))
      sent += 1
      if (whole && sent >= body.length) response.end()
    })
  })
}

function sendFlood(response: ServerResponse, bytes: number, gone: AbortSignal): void {
  response.writeHead(200, { 'Content-Type': JSON_TYPE })
  const chunk = Buffer.alloc(FLOOD_CHUNK_BYTES, 'x')
  let left = bytes
  response.write('["')
  const pump = () => {
    while (left > 0 && !gone.aborted) {
      const part = chunk.subarray(0, Math.min(left, chunk.length))
      left -= part.length
      if (!response.write(part)) {
        response.once('drain', pump)
        return
      }
    }
    if (!gone.aborted) response.end()
  }
  pump()
}
