import type { AuditEvent } from '../../api/audit/event.js'
import type { RecentQuery } from '../../api/audit/recent.js'
import { createOutputSink } from '../../api/audit/sinks/output-sink.js'
import type { AuditSink } from '../../api/audit/sinks/sink.js'
import { AuditTrail } from '../../api/audit/trail.js'
import { createLog } from '../../api/log.js'

/** A real trail into memory, which stores its records and fails on demand. */
export class FakeAudit extends AuditTrail {
  readonly lines: string[]
  /** What was logged. */
  readonly warnings: object[]
  readonly #broken: { is: boolean }

  constructor(onFailure: 'refuse' | 'serve' = 'refuse') {
    const lines: string[] = []
    const broken = { is: false }
    const sink: AuditSink = {
      ...createOutputSink({ write: (line) => lines.push(line) }),
      write: (line) => {
        if (broken.is) throw new Error('broken by the test')
        lines.push(line)
      },
    }
    const warnings: object[] = []
    const log = createLog('warn', { write: (line) => warnings.push(JSON.parse(line)) })
    super({ sink, clock: { now: () => Date.now() }, log, onFailure })
    this.warnings = warnings
    this.lines = lines
    this.#broken = broken
  }

  set isBroken(value: boolean) {
    this.#broken.is = value
  }

  /** The recorded events, oldest first, without their position in the chain. */
  get events(): AuditEvent[] {
    const query: RecentQuery = { limit: 10_000 }
    return this.recent(query)
      .items.map(({ record }) => record)
      .reverse()
  }

  get authActions(): string[] {
    return this.events.flatMap((event) => (event.kind === 'auth' ? [event.action] : []))
  }
}
