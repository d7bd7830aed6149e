import { LogThrottle } from '../../../api/live/host/log-throttle.js'
import { FakeClock } from '../../support/fake-clock.js'

function rig() {
  const clock = new FakeClock()
  const throttle = new LogThrottle(clock)
  const lines: string[] = []
  const write = (about: string) => throttle.write(about, (heldBack) => lines.push(`${about} ${heldBack}`))
  return { clock, write, lines }
}

describe('LogThrottle', () => {
  test('writes about the same thing once in ten minutes', async () => {
    const { clock, write, lines } = rig()
    write('a')
    await clock.advance(599_999)
    write('a')
    expect(lines).toEqual(['a 0'])
    await clock.advance(1)
    write('a')
    expect(lines).toEqual(['a 0', 'a 1'])
  })

  test('writes one line a second, and counts those that it holds back', async () => {
    const { clock, write, lines } = rig()
    for (const about of ['a', 'b', 'c']) write(about)
    await clock.advance(999)
    write('d')
    expect(lines).toEqual(['a 0'])
    await clock.advance(1)
    write('e')
    write('f')
    expect(lines).toEqual(['a 0', 'e 3'])
  })

  test('holds nothing back after the clock was set back', () => {
    let now = 3_600_000
    const throttle = new LogThrottle({ now: () => now, after: () => () => {}, random: () => 0 })
    const lines: string[] = []
    throttle.write('a', () => lines.push('before'))
    now = 0
    throttle.write('a', () => lines.push('after'))
    expect(lines).toEqual(['before', 'after'])
  })
})
