import type { AuditConfig } from '../config/config.js'
import type { Log } from '../log.js'
import { ApiError } from '../model/error.js'
import { asAscii, type Head, writeLine } from './chain.js'
import { ALERTS, type Audit, type AuditEvent } from './event.js'
import { type OwnRecords, type RecentPage, type RecentQuery, RecentRecords } from './recent.js'
import type { AuditSink } from './sinks/sink.js'

/** Milliseconds between two log lines about a sink that keeps failing: loud, but not a second flood on a full disk. */
export const REPEAT_LOG_MS = 60_000

export interface AuditTrailOptions {
  readonly sink: AuditSink
  readonly clock: { now(): number }
  readonly log: Log
  readonly onFailure: AuditConfig['onFailure']
  /** The newest records in memory: as many as usual unless a test wants fewer. */
  readonly recent?: RecentRecords
}

/** Writes the chain of this process, and holds its newest records in memory. */
export class AuditTrail implements Audit {
  readonly #options: AuditTrailOptions
  readonly #recent: RecentRecords
  #head: Head
  /** Records after the head that took a seq and could not be written. */
  #missing = 0
  #lost = 0
  /** The count of lost records when the sink last worked. */
  #lostBefore = 0
  #written = 0
  #isFailing = false
  readonly #counts = new Map<string, number>()
  #loggedAt = 0

  constructor(options: AuditTrailOptions) {
    this.#options = options
    this.#head = options.sink.head
    this.#recent = options.recent ?? new RecentRecords()
    for (const record of options.sink.records)
      this.#recent.add({ seq: record.seq, at: Date.parse(record.time), line: asAscii(JSON.stringify(record)) }, true)
  }

  /** The record that was written last. */
  get head(): Head {
    return this.#head
  }

  get isFailing(): boolean {
    return this.#isFailing
  }

  /** How many events could not be written since the start. */
  get lost(): number {
    return this.#lost
  }

  /** How many records were written since the start, including those about the trail itself. */
  get written(): number {
    return this.#written
  }

  /** How many events of each kind there were since the start, written or not: `read allow`, `auth login-refused` and so on. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts
  }

  /** Writes the event. Throws audit-unavailable if that fails and unrecorded requests must be refused. */
  record(event: AuditEvent): void {
    const now = this.#options.clock.now()
    this.#count(event)
    try {
      this.#accountForFaults(now)
      this.#append(event, now)
    } catch (error) {
      this.#lose(event, error, now)
      return
    }
    this.#resume()
  }

  /** For use before an irreversible act: throws audit-unavailable if its record could not be written. */
  demand(): void {
    this.retry()
    if (this.#isFailing && this.#options.onFailure === 'refuse')
      throw new ApiError('audit-unavailable', 'the audit trail cannot be written')
  }

  /** Retries a failing sink. Without traffic nothing else does, and a balancer sends none while the service is not ready. */
  retry(): void {
    if (!this.#isFailing) return
    const now = this.#options.clock.now()
    try {
      this.#accountForFaults(now)
    } catch (error) {
      this.#complain(error, now)
      return
    }
    this.#resume()
  }

  /** Newest first. */
  recent(query: RecentQuery, own: OwnRecords | null = null): RecentPage {
    return this.#recent.page(query, own)
  }

  close(): void {
    this.#options.sink.close()
  }

  /** Records losses and unfinished lines before anything else. */
  #accountForFaults(now: number): void {
    const { sink, onFailure } = this.#options
    sink.prepare(this.#head, now)
    const { tornBytes } = sink
    const lost = this.#missing
    if (lost > 0)
      this.#append({ kind: 'service', action: 'gap', lost, tornBytes, answered: onFailure === 'serve' }, now)
    else if (tornBytes > 0) this.#append({ kind: 'service', action: 'recovered', tornBytes }, now)
  }

  #append(event: AuditEvent, now: number): void {
    const { head, line } = writeLine(this.#head, event, now, this.#nextSeq)
    this.#options.sink.write(line)
    this.#head = head
    this.#missing = 0
    this.#written += 1
    this.#recent.add({ seq: head.seq, at: now, line }, true)
  }

  get #nextSeq(): number {
    return this.#head.seq + this.#missing + 1
  }

  #count(event: AuditEvent): void {
    const name = `${event.kind} ${event.kind === 'read' ? event.decision : event.action}`
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
    if (event.kind !== 'auth' || !ALERTS.has(event.action)) return
    const { action, subject, sessionId, address, requestId } = event
    this.#options.log.warn({ alert: action, subject, sessionId, address, requestId }, 'alert')
  }

  #lose(event: AuditEvent, error: unknown, now: number): void {
    const { onFailure } = this.#options
    if (onFailure === 'serve') {
      const seq = this.#nextSeq
      this.#recent.add({ seq, at: now, line: writeLine(this.#head, event, now, seq).line }, false)
    }
    this.#missing += 1
    this.#lost += 1
    this.#complain(error, now)
    if (onFailure === 'refuse')
      throw new ApiError('audit-unavailable', 'the audit record cannot be written', { cause: error })
  }

  #complain(error: unknown, now: number): void {
    if (this.#isFailing && Math.abs(now - this.#loggedAt) < REPEAT_LOG_MS) return
    this.#isFailing = true
    this.#loggedAt = now
    const { log, onFailure } = this.#options
    log.error({ err: error, lost: this.#lost - this.#lostBefore, onFailure }, 'the audit trail cannot be written')
  }

  #resume(): void {
    if (this.#isFailing)
      this.#options.log.warn({ lost: this.#lost - this.#lostBefore }, 'the audit trail is written again')
    this.#isFailing = false
    this.#lostBefore = this.#lost
  }
}
