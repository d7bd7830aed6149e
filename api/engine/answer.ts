import type { IncomingMessage } from 'node:http'
import { ApiError } from '../model/error.js'
import type { Dial } from './dial.js'
import { badAnswer, statusFault } from './faults.js'
import type { Read } from './guard.js'
import { AnswerBody, type Party } from './json/answer-body.js'
import { anyAnswer } from './json/answer-reader.js'
import { MalformedJson } from './json/json-pruner.js'

/** Bytes read of an error answer, for the log. */
const MAX_ERROR_BYTES = 4 * 1024

/** Bytes of an answer in plain text, which is held: a word. */
const MAX_TEXT_BYTES = 64 * 1024

/** Bytes that a piece of an answer has on average, at the least: an engine writes kilobytes at once, and a packet holds a thousand. */
const LEAST_PIECE_BYTES = 64

/** Pieces that may be smaller: each costs the event loop as much as a hundred bytes, before it is known how long it is. */
const SMALL_PIECES = 256

export interface AnswerBounds {
  /** Bytes read of an answer. A list that has more is read as far as that; all else is refused. */
  readonly maxBytes: number
  readonly party: Party
}

/** Settles a dial by the response to it: with the stream itself where the answer is one, else with the whole answer. */
export function receive(response: IncomingMessage, dial: Dial, bounds: AnswerBounds): void {
  const { read, measured } = dial
  const status = response.statusCode ?? 0
  measured?.answered(status)
  // A cut shows in `complete` when the answer closes. The listener is for an error that comes late, which would be
  // uncaught.
  response.on('error', () => {})
  if (status >= 300 && status < 400) dial.fail(badAnswer(read, `status ${status}: no redirect is followed`))
  else if (status !== 200)
    receiveBytes(response, dial, MAX_ERROR_BYTES, (body) => dial.fail(statusFault(read, status, body)))
  else if (isStreamed(read)) dial.succeed(response)
  else if (read.method === 'HEAD' || read.row.answer === 'text')
    receiveText(response, dial, Math.min(bounds.maxBytes, MAX_TEXT_BYTES))
  else receiveJson(response, dial, bounds)
}

/** The caller is given the answer as it comes. */
export function isStreamed({ row }: Read): boolean {
  return typeof row.answer === 'object'
}

/** HEAD is answered with nothing. */
function receiveText(response: IncomingMessage, dial: Dial, maxBytes: number): void {
  const { read } = dial
  receiveBytes(response, dial, maxBytes, (body) => {
    if (body.length > maxBytes) dial.fail(tooLarge(read, maxBytes))
    else if (!response.complete) dial.fail(cutShort(read))
    else dial.succeed(read.method === 'HEAD' ? null : body.toString('utf8'))
  })
}

/** Gives the bytes when the response closes, or when they are more than `maxBytes` or come in pieces that are too small: once. */
function receiveBytes(response: IncomingMessage, dial: Dial, maxBytes: number, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  let size = 0
  response.on('data', (chunk: Buffer) => {
    // A read of the connection holds thousands of pieces, which come even after the connection is closed.
    if (dial.isSettled) return
    chunks.push(chunk)
    size += chunk.length
    dial.measured?.received(chunk.length)
    if (size > maxBytes || isTooFine(chunks.length, size)) done(Buffer.concat(chunks))
  })
  response.on('close', () => {
    if (!dial.isSettled) done(Buffer.concat(chunks))
  })
}

/** What an answer holds is never quoted: it may be Env. */
function receiveJson(response: IncomingMessage, dial: Dial, { maxBytes, party }: AnswerBounds): void {
  const { read, measured } = dial
  const body = new AnswerBody((measured?.makeReader ?? anyAnswer)(), party)
  let size = 0
  let pieces = 0
  const fail = (error: unknown) => dial.fail(faultOf(read, size, error))
  /** Whether the rest is still wanted. */
  const goesOn = () => {
    if (dial.isSettled) return false
    if (size <= maxBytes && !body.isFull) return true
    try {
      dial.succeed(body.endEarly())
      response.destroy()
    } catch {
      dial.fail(tooLarge(read, maxBytes))
    }
    return false
  }
  /** Work on a chunk; a response that is paused may close meanwhile. */
  let work: Promise<void> | null = null
  const pushLater = async (pushed: Promise<void>) => {
    response.pause()
    try {
      await dial.work(pushed)
      work = null
      if (goesOn()) response.resume()
    } catch (error) {
      fail(error)
    }
  }
  response.on('data', (chunk: Buffer) => {
    if (dial.isSettled) return
    size += chunk.length
    pieces += 1
    measured?.received(chunk.length)
    if (isTooFine(pieces, size)) {
      dial.fail(tooFine(read, pieces, size))
      return
    }
    try {
      const pushed = body.push(chunk)
      if (pushed === null) goesOn()
      else work = pushLater(pushed)
    } catch (error) {
      fail(error)
    }
  })
  const finish = () => {
    if (dial.isSettled) return
    try {
      if (response.complete) dial.succeed(body.end())
      else dial.fail(cutShort(read))
    } catch (error) {
      fail(error)
    }
  }
  response.on('close', () => {
    if (work === null) finish()
    else void work.then(finish)
  })
}

function faultOf(read: Read, size: number, error: unknown): unknown {
  if (error instanceof MalformedJson) return badAnswer(read, `${size} bytes that are no JSON`)
  return error instanceof ApiError && error.code === 'engine-bad-answer' ? badAnswer(read, error.message, error) : error
}

function isTooFine(pieces: number, size: number): boolean {
  return pieces > SMALL_PIECES + size / LEAST_PIECE_BYTES
}

function tooFine(read: Read, pieces: number, size: number): ApiError {
  return badAnswer(read, `${size} bytes in ${pieces} pieces`)
}

function tooLarge(read: Read, maxBytes: number): ApiError {
  return badAnswer(read, `the answer is larger than ${maxBytes} bytes`)
}

function cutShort(read: Read): ApiError {
  return badAnswer(read, 'the answer was cut short')
}
