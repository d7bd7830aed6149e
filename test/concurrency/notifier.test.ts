import { Notifier } from '../../api/concurrency/notifier.js'
import { settle } from '../support/fake-clock.js'

describe('Notifier', () => {
  test('wakes the loop that waits, or the next that does, once a notice', async () => {
    const notifier = new Notifier()
    const life = new AbortController()
    let woken = 0
    const wait = () => notifier.wait(life.signal).then(() => (woken += 1))
    void wait()
    await settle()
    expect(woken).toBe(0)
    notifier.notify()
    await settle()
    expect(woken).toBe(1)
    notifier.notify()
    notifier.notify()
    void wait()
    await settle()
    expect(woken).toBe(2)
    void wait()
    await settle()
    expect(woken).toBe(2)
    life.abort()
    await settle()
    expect(woken).toBe(3)
  })
})
