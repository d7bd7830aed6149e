import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http'
import express, { type Express } from 'express'
import type { Log } from '../log.js'

/*
 * What speed demands at the price of readability stands in this file, each with its measurement: requests a second of
 * `GET /api/containers`, out of memory, as `npm run bench` measures them (docs/decisions/0009-native-express-prototypes.md).
 */

/**
 * Request and response classes that carry Express's methods, for the server to make its objects of.
 *
 * Express gives each request and each response another prototype. V8 then throws away what it has learnt of their shapes. Where
 * they have that prototype already, the call changes nothing.
 */
export function messageClasses(app: Express): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class AppRequest extends IncomingMessage {}
  class AppResponse extends ServerResponse {}
  app.request = adopt(AppRequest.prototype, express.request, app.request)
  app.response = adopt(AppResponse.prototype, express.response, app.response)
  return { IncomingMessage: AppRequest, ServerResponse: AppResponse } as ReturnType<typeof messageClasses>
}

function adopt<T extends object>(prototype: object, ...sources: readonly T[]): T {
  for (const source of sources) Object.defineProperties(prototype, Object.getOwnPropertyDescriptors(source))
  return prototype as T
}

/**
 * A logger for pino-http, which makes a child of it with each request, to hang the request on. Each child has its own prototype,
 * and costs more than the one line that is written at the end. Nothing here logs in between, so the child is the logger itself.
 */
export function childless(log: Log): Log {
  const own = log.child({})
  return Object.defineProperty(own, 'child', { value: () => own })
}
