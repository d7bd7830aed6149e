import { SharedCalls } from '../../../api/live/host/shared-calls.js'
import type { CallRecord, RecordCall } from '../../../api/model/engine-call.js'
import { settle } from '../../support/fake-clock.js'

const RECORD: CallRecord = { read: 'top', status: 200, milliseconds: 1, bytes: 2, result: 'ok' }

function rig() {
  const calls = new SharedCalls()
  const asked: { end: (value: string) => void; fail: (error: unknown) => void; record: RecordCall }[] = []
  const records: string[] = []
  const get = (name: string, key = 'top a') =>
    calls.get(
      key,
      () => records.push(name),
      (record) => new Promise<string>((end, fail) => asked.push({ end, fail, record })),
    )
  return { asked, records, get }
}

describe('SharedCalls', () => {
  test('makes one call for all concurrent callers with the same key, and another afterwards', async () => {
    const { asked, get } = rig()
    const answers = [get('one'), get('two'), get('other', 'top b')]
    expect(asked).toHaveLength(2)
    asked[0]?.end('x')
    asked[1]?.end('y')
    expect(await Promise.all(answers)).toEqual(['x', 'x', 'y'])
    void get('later')
    expect(asked).toHaveLength(3)
  })

  test('gives the record of the call to each caller, even to one who joins between its end and its answer', async () => {
    const { asked, records, get } = rig()
    void get('one')
    void get('two')
    asked[0]?.record(RECORD)
    void get('late')
    asked[0]?.end('x')
    await settle()
    expect(records).toEqual(['one', 'two', 'late'])
  })

  test('fails for all who share it, and is made again afterwards', async () => {
    const { asked, get } = rig()
    const fault = new Error('x')
    const answers = Promise.allSettled([get('one'), get('two')])
    asked[0]?.fail(fault)
    expect(await answers).toEqual(Array(2).fill({ status: 'rejected', reason: fault }))
    void get('three')
    expect(asked).toHaveLength(2)
  })
})
