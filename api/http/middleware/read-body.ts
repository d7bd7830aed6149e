import { isUtf8 } from 'node:buffer'
import express, { type RequestHandler } from 'express'
import type { z } from 'zod'
import { ApiError } from '../../model/error.js'
import { parseStrictJson } from '../../model/strict-json.js'
import { faultsOf } from '../resources/query-parts.js'

/** Bytes of a request body. A password of maximal length takes a third of it. */
export const MAX_BODY_BYTES = 4_096

/** Accepts `application/json` with no charset but UTF-8 (RFC 8259 section 8.1). */
const JSON_TYPE = /^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i

/** Reads a small JSON object, parses it with the schema, and stores the result in `res.locals.body`. */
export function readBody(schema: z.ZodType): RequestHandler[] {
  const read = express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false })
  return [
    function refuseOtherTypes(req, _res, next) {
      const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
      if (hasBody && !JSON_TYPE.test(req.headers['content-type'] ?? ''))
        throw new ApiError('unsupported-media-type', 'not application/json')
      next()
    },
    function readBytes(req, res, next) {
      read(req, res, (error: unknown) => {
        if (error !== undefined) res.setHeader('Connection', 'close')
        next(error === undefined ? undefined : unreadable(error))
      })
    },
    function parseBody(req, res, next) {
      const json = jsonOf(req.body)
      if (json === null)
        throw new ApiError('invalid-request', 'the body is not JSON', {
          detail: 'The body must be JSON that names no member twice.',
        })
      const parsed = schema.safeParse(json.value)
      if (!parsed.success)
        throw new ApiError('invalid-request', 'body refused', { faults: parsed.error.issues.flatMap(faultsOf) })
      res.locals['body'] = parsed.data
      next()
    },
  ]
}

/** An empty body counts as an empty object. Null if the bytes are not JSON. */
function jsonOf(bytes: unknown): { readonly value: unknown } | null {
  if (!Buffer.isBuffer(bytes) || bytes.length === 0) return { value: {} }
  return isUtf8(bytes) ? parseStrictJson(bytes.toString('utf8')) : null
}

/** Maps the `type` of body-parser's errors. */
function unreadable(error: unknown): ApiError {
  const type = (error as { type?: unknown } | null)?.type
  if (type === 'entity.too.large')
    return new ApiError('payload-too-large', 'body too large', {
      detail: `A request body may have ${MAX_BODY_BYTES} bytes.`,
    })
  if (type === 'encoding.unsupported' || type === 'charset.unsupported')
    return new ApiError('unsupported-media-type', 'encoded body', { detail: 'A request body must not be compressed.' })
  return new ApiError('invalid-request', 'the body did not arrive whole', { detail: 'The body did not arrive whole.' })
}
