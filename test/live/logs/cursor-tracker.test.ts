import { CursorTracker } from '../../../api/live/logs/cursor-tracker.js'
import { lineAt } from '../../support/fake-engine.js'

const at = (second: number, nth = 1) => ({ at: `${1_795_478_400 + second}.000000000`, nth })

describe('CursorTracker', () => {
  test('counts the lines of one time, even if other times are in between', () => {
    const tracker = new CursorTracker(null)
    const lines = [lineAt(1, 'a'), lineAt(2, 'b'), lineAt(1, 'c'), lineAt(2, 'd')]
    expect(lines.map((line) => tracker.pass(line))).toEqual([at(1), at(2), at(1, 2), at(2, 2)])
  })

  test('continues counting from a given cursor', () => {
    expect(new CursorTracker(at(1, 7)).pass(lineAt(1, 'a'))).toEqual(at(1, 8))
  })

  test('has no cursor before the first line with a time, and the same one over lines without a time', () => {
    const tracker = new CursorTracker(null)
    const timeless = lineAt(1, 'x', { time: null })
    expect([timeless, lineAt(1, 'a'), timeless].map((line) => tracker.pass(line))).toEqual([null, at(1), at(1)])
  })
})
