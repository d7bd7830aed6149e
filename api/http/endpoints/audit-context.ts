import type { Request, Response } from 'express'
import type { ReadEvent } from '../../audit/event.js'
import type { Caller } from '../../auth/caller.js'
import type { EngineCall } from '../../model/engine-call.js'
import type { Route } from './route.js'

/** The part of the audit event that is known before the read is answered. */
export interface AuditContext {
  readonly req: Request
  readonly res: Response
  readonly route: Pick<Route, 'path' | 'scope'>
  readonly caller: Caller
  /** Engine calls so far. */
  readonly engine: readonly EngineCall[]
}

/** The part that is known afterwards. */
export type Outcome = Pick<ReadEvent, 'decision' | 'code' | 'status' | 'container' | 'bytes' | 'redactions'>
