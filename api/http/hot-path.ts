import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http'
import express, { type Express } from 'express'
import type { Log } from '../log.js'

/*
 * What speed demands at the price of readability stands in this file, each with what it saves: processor time of one
 * `GET /api/containers` of 100 containers, out of memory, through the whole chain (Node 20, eight connections). With
 * all of it a request takes about 125 µs. How it was found: docs/decisions/0009-native-express-prototypes.md.
 */

/**
 * Request and response classes that carry Express's methods, for the server to make its objects of.
 *
 * Express gives each request and each response another prototype. V8 then throws away what it has learnt of their shapes. Where
 * they have that prototype already, the call changes nothing. Without this, a request takes 275 µs.
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
 * and costs more than the one line that is written at the end. Nothing logs in between, so the child is the logger itself.
 * Without this, a request takes 265 µs.
 */
export function childless(log: Log): Log {
  const own = log.child({})
  return Object.defineProperty(own, 'child', { value: () => own })
}
