import type { Answer } from './faults.js'
import { ENGINE_HEADERS } from './info.js'

export const JSON_TYPE = 'application/json'

export function whole(status: number, body: string, contentType: string, headers = ENGINE_HEADERS): Answer {
  return { kind: 'whole', status, contentType, body, headers }
}

export function json(status: number, value: unknown): Answer {
  return whole(status, `${JSON.stringify(value)}\n`, JSON_TYPE)
}

export function failure(status: number, message: string): Answer {
  return json(status, { message })
}

export function notFound(): Answer {
  return whole(404, '{"message":"page not found"}\n', JSON_TYPE, {})
}

export function pong(): Answer {
  return whole(200, 'OK', 'text/plain; charset=utf-8', {
    ...ENGINE_HEADERS,
    'Cache-Control': 'no-cache, no-store, must-revalidate',
    Pragma: 'no-cache',
  })
}
