import { SYSTEM_CLOCK, sleep } from '../api/clock.js'
import { FakeClock, settle } from './support/fake-clock.js'

describe('sleep', () => {
  test('ends after its time, with its signal, and at once if the signal has aborted', async () => {
    const clock = new FakeClock()
    const life = new AbortController()
    const woken: string[] = []
    void sleep(clock, 1_000, life.signal).then(() => woken.push('time'))
    await clock.advance(999)
    expect(woken).toEqual([])
    await clock.advance(1)
    expect(woken).toEqual(['time'])
    void sleep(clock, 1_000, life.signal).then(() => woken.push('signal'))
    life.abort()
    await settle()
    expect(woken).toEqual(['time', 'signal'])
    void sleep(clock, 1_000, life.signal).then(() => woken.push('aborted'))
    await settle()
    expect(woken).toEqual(['time', 'signal', 'aborted'])
    expect(clock.pending).toBe(0)
  })
})

describe("the system's clock", () => {
  test('runs nothing that was cancelled', async () => {
    const ran: string[] = []
    SYSTEM_CLOCK.after(0, () => ran.push('cancelled'))()
    await new Promise<void>((resolve) => {
      SYSTEM_CLOCK.after(0, () => {
        ran.push('other')
        resolve()
      })
    })
    expect(ran).toEqual(['other'])
  })
})
