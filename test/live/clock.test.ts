import { Notifier } from '../../api/concurrency/notifier.js'
import { sleepUnlessNotified } from '../../api/live/clock.js'
import { FakeClock, settle } from '../support/fake-clock.js'

describe('sleepUnlessNotified', () => {
  test('ends by time, by a notice, by a notice that came before, and by the signal', async () => {
    const clock = new FakeClock()
    const notifier = new Notifier()
    const life = new AbortController()
    const woken: string[] = []
    const sleep = (name: string) =>
      sleepUnlessNotified(clock, notifier, 1_000, life.signal).then(() => woken.push(name))
    void sleep('time')
    await clock.advance(999)
    expect(woken).toEqual([])
    await clock.advance(1)
    void sleep('notice')
    notifier.notify()
    await settle()
    notifier.notify()
    void sleep('earlier notice')
    await settle()
    void sleep('signal')
    await settle()
    expect(woken).toEqual(['time', 'notice', 'earlier notice'])
    life.abort()
    await settle()
    expect(woken).toEqual(['time', 'notice', 'earlier notice', 'signal'])
    void sleep('after the end')
    await settle()
    expect(woken).toHaveLength(5)
    expect(clock.pending).toBe(0)
  })
})
