import { join } from 'node:path'
import fc from 'fast-check'
import type { AuditEvent } from '../../api/audit/event.js'
import { RECENT_BYTES, RECENT_LIMIT, RecentRecords } from '../../api/audit/recent.js'
import { createOutputSink } from '../../api/audit/sinks/output-sink.js'
import type { AuditSink } from '../../api/audit/sinks/sink.js'
import { AuditTrail, type AuditTrailOptions, REPEAT_LOG_MS } from '../../api/audit/trail.js'
import { ChainVerifier } from '../../api/audit/verify.js'
import { createLog } from '../../api/log.js'
import { ApiError } from '../../api/model/error.js'
import { authEvent, readEvent } from '../support/audit-events.js'
import { openTrail, temporaryFolder, verifyFiles } from '../support/audit-files.js'
import { cleanupAfterEach } from '../support/cleanup.js'

const cleanup = cleanupAfterEach()
const BEGIN = Date.UTC(2026, 10, 24)
const START = { kind: 'service', action: 'start' } as const

/** A trail over a sink in memory that can be broken. */
function rig(options: Partial<AuditTrailOptions> = {}) {
  const lines: string[] = []
  const logged: Record<string, unknown>[] = []
  const state = { time: BEGIN, isBroken: false }
  const output = createOutputSink({
    write: (line) => {
      if (state.isBroken) throw new Error('EPIPE')
      lines.push(line)
    },
  })
  const trail = new AuditTrail({
    sink: output,
    clock: { now: () => state.time },
    log: createLog('info', { write: (line) => logged.push(JSON.parse(line)) }),
    onFailure: 'refuse',
    ...options,
  })
  const verify = () => {
    const verifier = new ChainVerifier({ isMixed: false, head: trail.head.hash, contains: null })
    lines.forEach((line, index) => {
      verifier.check({ file: 'lines', number: index + 1, text: line.slice(0, -1), isEnded: line.endsWith('\n') })
    })
    return verifier.finish()
  }
  return { trail, lines, logged, state, verify }
}

function seqs(trail: AuditTrail, query: Partial<Parameters<AuditTrail['recent']>[0]> = {}): number[] {
  return trail.recent({ limit: 1_000, ...query }).items.map(({ record }) => record.seq)
}

describe('record', () => {
  test('writes one line for each event, and shows where the chain stands', () => {
    const { trail, lines, verify } = rig()
    for (const event of [START, authEvent(), readEvent()]) trail.record(event)
    expect(lines).toHaveLength(3)
    expect(verify()).toMatchObject({ ok: true, records: 3, notes: [] })
    expect([trail.written, trail.lost, trail.isFailing, trail.head.seq]).toEqual([3, 0, false, 3])
  })
})

describe.each(['refuse', 'serve'] as const)('a sink that fails, with %s', (onFailure) => {
  const attempt = (trail: AuditTrail, event: AuditEvent = readEvent()) => {
    if (onFailure === 'serve') trail.record(event)
    else expect(() => trail.record(event)).toThrow(expect.objectContaining({ code: 'audit-unavailable' }))
  }

  test('refuses or serves each event, counts it, and records the loss before anything else', () => {
    const { trail, lines, state, verify } = rig({ onFailure })
    trail.record(START)
    state.isBroken = true
    for (let i = 1; i <= 3; i += 1) {
      attempt(trail)
      expect([trail.isFailing, trail.lost, trail.head.seq]).toEqual([true, i, 1])
    }
    state.isBroken = false
    trail.record(readEvent())
    expect([trail.isFailing, trail.lost, trail.written, trail.head.seq]).toEqual([false, 3, 3, 6])
    expect(lines.map((line) => JSON.parse(line)).slice(1)).toMatchObject([
      { seq: 5, kind: 'service', action: 'gap', lost: 3, tornBytes: 0, answered: onFailure === 'serve' },
      { seq: 6, kind: 'read' },
    ])
    expect(verify()).toMatchObject({ ok: true, notes: ['lines:2: says that 3 records before it could not be written'] })
  })

  test('records each loss once, and the next one by itself', () => {
    const { trail, lines, state, verify } = rig({ onFailure })
    for (const isBroken of [true, false, false, true, true, false]) {
      state.isBroken = isBroken
      if (isBroken) attempt(trail)
      else trail.record(readEvent())
    }
    expect(lines.map((line) => JSON.parse(line).lost ?? 0)).toEqual([1, 0, 0, 2, 0])
    expect(verify()).toMatchObject({ ok: true, lastSeq: 8 })
  })

  test('is logged at once, then once a minute with the count, and when it is over', () => {
    const { trail, state, logged } = rig({ onFailure })
    state.isBroken = true
    for (const step of [0, 1, REPEAT_LOG_MS - 2, 1, 1, REPEAT_LOG_MS]) {
      state.time += step
      attempt(trail)
    }
    state.isBroken = false
    trail.record(readEvent())
    trail.record(readEvent())
    state.isBroken = true
    attempt(trail)
    expect(logged.map(({ level, msg, lost, onFailure }) => [level, msg, lost, onFailure])).toEqual([
      ['error', 'the audit trail cannot be written', 1, onFailure],
      ['error', 'the audit trail cannot be written', 4, onFailure],
      ['error', 'the audit trail cannot be written', 6, onFailure],
      ['warn', 'the audit trail is written again', 6, undefined],
      ['error', 'the audit trail cannot be written', 1, onFailure],
    ])
    expect(logged[0]).toMatchObject({ err: { message: 'EPIPE' } })
  })

  test('is tried again without an event, so that a service without traffic recovers', () => {
    const { trail, lines, state, verify } = rig({ onFailure })
    trail.retry()
    expect(lines).toEqual([])
    state.isBroken = true
    attempt(trail)
    trail.retry()
    expect([trail.isFailing, trail.lost]).toEqual([true, 1])
    state.isBroken = false
    trail.retry()
    trail.retry()
    expect([trail.isFailing, trail.lost, lines.length]).toEqual([false, 1, 1])
    expect(verify().ok).toBe(true)
  })

  test(`keeps ${onFailure === 'serve' ? 'what was answered in memory, marked' : 'nothing of what was not answered'}`, () => {
    const { trail, state } = rig({ onFailure })
    trail.record(START)
    state.isBroken = true
    attempt(trail)
    attempt(trail)
    state.isBroken = false
    trail.record(readEvent())
    const { items } = trail.recent({ limit: 10 })
    const listed = items.map(({ record, isWritten }) => [record.seq, isWritten])
    expect(listed).toEqual(
      onFailure === 'serve'
        ? [
            [5, true],
            [4, true],
            [3, false],
            [2, false],
            [1, true],
          ]
        : [
            [5, true],
            [4, true],
            [1, true],
          ],
    )
  })
})

describe('a sink that cannot be made ready', () => {
  test('fails the event like one that cannot be written', () => {
    const sink: AuditSink = {
      ...createOutputSink({ write: () => {} }),
      prepare: () => {
        throw new ApiError('audit-unavailable', 'moved')
      },
    }
    const { trail } = rig({ sink })
    expect(() => trail.record(START)).toThrow(ApiError)
    expect([trail.lost, trail.written]).toEqual([1, 0])
  })
})

describe('a trail over a file', () => {
  test('goes on over any number of starts, with and without a clean end', () => {
    const folder = temporaryFolder()
    cleanup(() => folder.remove())
    const path = join(folder.path, 'audit.log')
    for (let start = 1; start <= 5; start += 1) {
      const { trail } = openTrail(path)
      trail.record(START)
      trail.record(readEvent())
      if (start % 2 === 0) trail.record({ kind: 'service', action: 'stop' })
      trail.close()
      expect(verifyFiles(path)).toMatchObject({ ok: true, head: trail.head.hash, notes: [] })
    }
  })
})

describe('recent', () => {
  function filled() {
    const made = rig()
    const events: AuditEvent[] = [
      START,
      readEvent({ subject: 'alice', route: '/api/containers', container: null, requestId: 'r2' }),
      readEvent({ subject: 'bob', decision: 'deny', code: 'insufficient-scope', container: 'ab'.repeat(6) }),
      readEvent({ subject: 'alice', container: 'ab'.repeat(32), filter: 'team=web' }),
      readEvent({ subject: 'alice', issuer: 'other', filter: 'team=web' }),
      authEvent({ subject: 'alice', action: 'login-refused', decision: 'deny' }),
      readEvent({ subject: null, container: 'cd'.repeat(32) }),
    ]
    for (const event of events) {
      made.trail.record(event)
      made.state.time += 1_000
    }
    return made.trail
  }

  test('returns the newest first, in consecutive pages', () => {
    const trail = filled()
    const pages: (number | null)[][] = []
    let beforeSeq: number | undefined
    do {
      const { items, nextSeq, total } = trail.recent({ limit: 3, beforeSeq })
      pages.push([total, nextSeq, ...items.map(({ record }) => record.seq)])
      beforeSeq = nextSeq ?? undefined
    } while (beforeSeq !== undefined)
    expect(pages).toEqual([
      [7, 5, 7, 6, 5],
      [7, 2, 4, 3, 2],
      [7, null, 1],
    ])
    expect(trail.recent({ limit: 7 }).nextSeq).toBeNull()
    expect(trail.recent({ limit: 6 }).nextSeq).toBe(2)
  })

  test('continues at the right record when new ones arrive between two pages', () => {
    const trail = filled()
    const { nextSeq } = trail.recent({ limit: 3 })
    trail.record(readEvent())
    expect(seqs(trail, { beforeSeq: nextSeq ?? 0, limit: 3 })).toEqual([4, 3, 2])
  })

  test.each([
    [{ since: BEGIN + 4_000 }, [7, 6, 5]],
    [{ until: BEGIN + 2_000 }, [2, 1]],
    [{ since: BEGIN + 1_000, until: BEGIN + 1_001 }, [2]],
    [{ subject: 'alice' }, [6, 5, 4, 2]],
    [{ subject: 'alice', kind: 'read' as const }, [5, 4, 2]],
    [{ kind: 'service' as const }, [1]],
    [{ action: 'start' }, [1]],
    [{ action: 'login-refused' }, [6]],
    [{ decision: 'deny' as const }, [6, 3]],
    [{ route: '/api/containers' }, [2]],
    [{ requestId: 'r2' }, [2]],
    [{ container: 'ab'.repeat(32) }, [5, 4, 3]],
    [{ container: 'ab'.repeat(6) }, [5, 4, 3]],
    [{ container: `${'ab'.repeat(6)}c` }, [3]],
    [{ container: 'cd'.repeat(6) }, [7]],
    [{ subject: 'nobody' }, []],
    [{ subject: '' }, []],
  ])('finds %j', (query, expected) => {
    expect(seqs(filled(), query)).toEqual(expected)
  })

  test('shows a caller with a container filter its own reads under the same filter, and counts no other', () => {
    const trail = filled()
    const own = (changes = {}) =>
      trail.recent({ limit: 10 }, { subject: 'alice', issuer: 'porthole', filter: 'team=web', ...changes })
    expect(own().items.map(({ record }) => record.seq)).toEqual([4])
    expect(own().total).toBe(1)
    for (const changes of [{ subject: 'bob' }, { issuer: 'x' }, { filter: 'team=we' }])
      expect(own(changes).total).toBe(0)
  })

  test('distinguishes long filters that begin alike', () => {
    const { trail } = rig()
    const long = 'x'.repeat(2_000)
    trail.record(readEvent({ filter: `${long}a` }))
    const total = (filter: string) =>
      trail.recent({ limit: 10 }, { subject: 'grafana', issuer: 'porthole', filter }).total
    expect([total(`${long}a`), total(`${long}b`), total(long)]).toEqual([1, 0, 0])
  })

  test('keeps as many records as its limit, and drops the oldest', () => {
    const { trail } = rig({ recent: new RecentRecords(3) })
    for (const expected of [[1], [2, 1], [3, 2, 1], [4, 3, 2], [5, 4, 3]]) {
      trail.record(START)
      expect(seqs(trail)).toEqual(expected)
    }
  })

  test('keeps as many bytes as its limit, however few records they are', () => {
    const totalAfter = (...sizes: number[]) => {
      const recent = new RecentRecords()
      for (const [seq, bytes] of sizes.entries()) recent.add({ seq, at: 0, line: '{}'.padEnd(bytes) }, true)
      return recent.page({ limit: 1 }, null).total
    }
    expect(totalAfter(RECENT_BYTES - 2, 2)).toBe(2)
    expect(totalAfter(RECENT_BYTES, 2)).toBe(1)
    expect(totalAfter(...Array(RECENT_LIMIT).fill(2))).toBe(RECENT_LIMIT)
    expect(totalAfter(...Array(RECENT_LIMIT + 1).fill(2))).toBe(RECENT_LIMIT)
  })

  test('gives each of the newest lines back whole, however their lengths fall on the ring', () => {
    const lengths = fc.array(fc.integer({ min: 20, max: 3_000 }), { minLength: 5, maxLength: 60 })
    fc.assert(
      fc.property(lengths, (sizes) => {
        const recent = new RecentRecords(20, 8_192)
        const lines = sizes.map((size, seq) => ({ seq, at: seq, line: JSON.stringify({ seq, x: 'y'.repeat(size) }) }))
        for (const line of lines) recent.add(line, true)
        const { items, total } = recent.page({ limit: 100 }, null)
        expect(items.map(({ record }) => record.seq)).toEqual(
          lines
            .map(({ seq }) => seq)
            .reverse()
            .slice(0, total),
        )
        expect(total).toBeGreaterThan(0)
        expect(total).toBeLessThanOrEqual(20)
      }),
      { numRuns: 60 },
    )
  })
})
