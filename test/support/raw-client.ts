import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import type { SimulatedEngine } from '../../demo/engine.js'

export interface RawAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** False if the connection broke before the body was complete. */
  readonly complete: boolean
}

export interface RawStream {
  readonly headers: IncomingHttpHeaders
  /** The text received so far. */
  received(): string
  /** Resolves once that many lines have arrived. Rejects if the stream ends before. */
  lines(count: number): Promise<readonly string[]>
  ended(): Promise<void>
  close(): void
}

/** Asks the engine through bare node:http, which does not retry, follow redirects or decode. */
export async function ask(engine: SimulatedEngine, path: string, method = 'GET'): Promise<RawAnswer> {
  const response = await open(engine, path, method)
  const chunks: Buffer[] = []
  await new Promise<void>((resolve) => {
    response.on('data', (chunk: Buffer) => chunks.push(chunk))
    response.on('error', () => resolve())
    response.on('close', () => resolve())
  })
  const { statusCode = 0, headers, complete } = response
  return { status: statusCode, headers, body: Buffer.concat(chunks), complete }
}

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
export async function askJson(engine: SimulatedEngine, path: string): Promise<any> {
  return JSON.parse((await ask(engine, path)).body.toString())
}

export async function openStream(engine: SimulatedEngine, path: string): Promise<RawStream> {
  const response = await open(engine, path, 'GET')
  let text = ''
  response.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  response.on('error', () => {})
  const ended = new Promise<void>((resolve) => response.on('close', () => resolve()))
  const complete = () => text.split('\n').slice(0, -1)
  return {
    headers: response.headers,
    received: () => text,
    lines: (count) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (complete().length < count) return
          response.off('data', check)
          resolve(complete().slice(0, count))
        }
        response.on('data', check)
        response.on('close', () => reject(new Error(`ended after ${complete().length} lines`)))
        check()
      }),
    ended: () => ended,
    close: () => response.destroy(),
  }
}

function open(engine: SimulatedEngine, path: string, method: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...engine.endpoint, path, method, agent: false }, resolve)
    sent.on('error', reject)
    sent.end()
  })
}
