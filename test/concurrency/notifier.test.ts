import { Notifier } from '../../api/concurrency/notifier.js'
import { FakeClock, settle } from '../support/fake-clock.js'

describe('a notifier', () => {
  test('wakes by time, by a notification, by one that came before, and by the signal', async () => {
    const clock = new FakeClock()
    const notifier = new Notifier(clock)
    const life = new AbortController()
    const woken: string[] = []
    const wait = (name: string) => notifier.wait(1_000, life.signal).then(() => woken.push(name))
    void wait('time')
    await clock.advance(999)
    expect(woken).toEqual([])
    await clock.advance(1)
    void wait('notification')
    notifier.notify()
    await settle()
    notifier.notify()
    void wait('earlier notification')
    await settle()
    void wait('signal')
    await settle()
    expect(woken).toEqual(['time', 'notification', 'earlier notification'])
    life.abort()
    await settle()
    expect(woken).toEqual(['time', 'notification', 'earlier notification', 'signal'])
    void wait('after the end')
    await settle()
    expect(woken).toHaveLength(5)
    expect(clock.pending).toBe(0)
  })
})
