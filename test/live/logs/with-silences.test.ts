import { withSilences } from '../../../api/live/logs/with-silences.js'
import { FakeClock, settle } from '../../support/fake-clock.js'

/** A source that yields each item after that many milliseconds. */
function rig(gaps: readonly number[], silenceMs: () => number | null) {
  const clock = new FakeClock()
  const seen: (number | null)[] = []
  const state = { isClosed: false, ended: null as unknown }
  async function* source() {
    try {
      for (const gap of gaps) {
        await new Promise<void>((resolve) => void clock.after(gap, resolve))
        if (gap === 666) throw new Error('broken')
        yield gap
      }
    } finally {
      state.isClosed = true
    }
  }
  const run = async () => {
    for await (const item of withSilences(source(), silenceMs, clock)) seen.push(item)
  }
  void run().then(
    () => (state.ended = 'quietly'),
    (error) => (state.ended = error),
  )
  return { clock, seen, state }
}

describe('withSilences', () => {
  test('yields null for each wait that is too long, and loses no item', async () => {
    const { clock, seen, state } = rig([5, 25, 5], () => 10)
    await clock.advance(100)
    expect(seen).toEqual([5, null, null, 25, 5])
    expect([state.ended, state.isClosed, clock.pending]).toEqual(['quietly', true, 0])
  })

  test('waits without end if there is no limit', async () => {
    const { clock, seen } = rig([1_000_000], () => null)
    await clock.advance(1_000_000)
    expect(seen).toEqual([1_000_000])
  })

  test('ends as the source ends', async () => {
    const { clock, state } = rig([666], () => 1_000)
    await clock.advance(666)
    expect(state.ended).toMatchObject({ message: 'broken' })
  })

  test('closes the source when its reader leaves', async () => {
    const clock = new FakeClock()
    let isClosed = false
    async function* source() {
      try {
        yield 1
        yield 2
      } finally {
        isClosed = true
      }
    }
    for await (const _ of withSilences(source(), () => null, clock)) break
    await settle()
    expect(isClosed).toBe(true)
  })
})
