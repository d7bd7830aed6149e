import type { IncomingMessage } from 'node:http'
import type { Dial } from './dial.js'
import { badAnswer, statusFault } from './faults.js'
import type { Read } from './guard.js'

/** Bytes read of an error answer, for the log. */
const MAX_ERROR_BYTES = 4 * 1024

/** Settles a dial by the response to it: with the stream itself where the answer is one, else with the whole answer. */
export function receive(response: IncomingMessage, dial: Dial, maxAnswerBytes: number): void {
  const { read, measured } = dial
  const status = response.statusCode ?? 0
  measured?.answered(status)
  // A cut shows in `complete` when the answer closes. The listener is for an error that comes late, which would be
  // uncaught.
  response.on('error', () => {})
  if (status >= 300 && status < 400) {
    dial.fail(badAnswer(read, `status ${status}: no redirect is followed`))
    return
  }
  if (status === 200 && isStreamed(read)) {
    dial.succeed(response)
    return
  }
  const maxBytes = status === 200 ? maxAnswerBytes : MAX_ERROR_BYTES
  const chunks: Buffer[] = []
  let size = 0
  const refuse = () => dial.fail(statusFault(read, status, Buffer.concat(chunks)))
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    size += chunk.length
    measured?.received(chunk.length)
    if (size <= maxBytes) return
    if (status === 200) dial.fail(badAnswer(read, `the answer is larger than ${maxBytes} bytes`))
    else refuse()
  })
  response.on('close', () => {
    if (status !== 200) refuse()
    else if (!response.complete) dial.fail(badAnswer(read, 'the answer was cut short'))
    else finish(Buffer.concat(chunks), dial)
  })
}

/** The caller is given the answer as it comes. */
export function isStreamed({ row }: Read): boolean {
  return typeof row.answer === 'object'
}

/** HEAD is answered with nothing. What a whole answer holds is never quoted: it may be Env. */
function finish(body: Buffer, dial: Dial): void {
  const { read } = dial
  if (read.method === 'HEAD') dial.succeed(null)
  else if (read.row.answer === 'text') dial.succeed(body.toString('utf8'))
  else {
    let value: unknown
    try {
      value = JSON.parse(body.toString('utf8'))
    } catch {
      dial.fail(badAnswer(read, `${body.length} bytes that are no JSON`))
      return
    }
    dial.succeed(value)
  }
}
