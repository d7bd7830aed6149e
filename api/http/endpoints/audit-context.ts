import type { Request, Response } from 'express'
import type { ReadEvent } from '../../audit/event.js'
import type { Caller } from '../../auth/caller.js'
import type { EngineCall } from '../../model/engine-call.js'
import type { Route } from './route.js'

/** What the audit knows of a read before it is answered. */
export interface AuditContext {
  readonly req: Request
  readonly res: Response
  readonly route: Pick<Route, 'path' | 'scope'>
  readonly caller: Caller
  /** Calls to engines so far. */
  readonly engine: readonly EngineCall[]
}

/** What it knows afterwards. */
export type Outcome = Pick<ReadEvent, 'decision' | 'code' | 'status' | 'container' | 'bytes' | 'redactions'>
