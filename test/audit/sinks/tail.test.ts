import { GENESIS, type Head, writeLine } from '../../../api/audit/chain.js'
import type { AuditEvent } from '../../../api/audit/event.js'
import { readTail } from '../../../api/audit/sinks/tail.js'
import { readEvent } from '../../support/audit-events.js'

const NOW = Date.UTC(2026, 10, 24)

function chain(events: readonly AuditEvent[], from: Head = GENESIS) {
  let head = from
  const lines = events.map((event) => {
    const written = writeLine(head, event, NOW)
    head = written.head
    return `${written.line}\n`
  })
  return { lines, head }
}

const { lines, head } = chain(Array.from({ length: 4 }, (_, index) => readEvent({ subject: `s${index}` })))
const WHOLE = lines.join('')

function seqs(text: string, isCut = false): number[] | null {
  return readTail(text, isCut)?.records.map(({ seq }) => seq) ?? null
}

describe('readTail', () => {
  test('reads the records, oldest first', () => {
    expect(readTail(WHOLE, false)).toMatchObject({ tornBytes: 0, endsOpen: false })
    expect(seqs(WHOLE)).toEqual([1, 2, 3, 4])
    expect(readTail('', false)).toEqual({ records: [], tornBytes: 0, endsOpen: false })
  })

  test('skips a partial first line, and refuses a text that holds no more than that', () => {
    for (const at of [1, 10, 75, (lines[0]?.length ?? 0) - 1]) expect(seqs(WHOLE.slice(at), true)).toEqual([2, 3, 4])
    expect(seqs(lines[0]?.slice(1) ?? '', true)).toBeNull()
    expect(seqs('{"v":1,"seq":1', true)).toBeNull()
  })

  test('counts the bytes of all unfinished lines at the end', () => {
    const torn = '{"v":1,"seq":5,"ti'
    expect(readTail(`${WHOLE}${torn}`, false)).toMatchObject({ tornBytes: torn.length, endsOpen: true })
    expect(readTail(`${WHOLE}${torn}\n{`, false)).toMatchObject({ tornBytes: torn.length + 1, endsOpen: true })
    expect(readTail(`${WHOLE}${torn}\n`, false)).toMatchObject({ tornBytes: torn.length, endsOpen: false })
    expect(readTail(WHOLE.trimEnd(), false)).toMatchObject({ tornBytes: 0, endsOpen: true })
  })

  test('reads past unfinished lines that a record accounts for, and past nothing else', () => {
    const recovered = chain([{ kind: 'service', action: 'recovered', tornBytes: 1 }, readEvent()], head).lines.join('')
    expect(seqs(`${WHOLE}{\n${recovered}`)).toEqual([1, 2, 3, 4, 5, 6])
    const plain = chain([readEvent()], head).lines.join('')
    for (const between of ['{\n', 'text\n', '\n']) expect(seqs(`${WHOLE}${between}${plain}`)).toEqual([5])
  })

  test('shows no record of another chain before this one', () => {
    const other = chain([readEvent(), readEvent()], { seq: 4, hash: 'ab'.repeat(32) }).lines.join('')
    expect(seqs(`${WHOLE}${other}`)).toEqual([5, 6])
  })
})
