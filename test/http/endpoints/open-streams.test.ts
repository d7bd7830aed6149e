import { OpenStreams } from '../../../api/http/endpoints/open-streams.js'
import { ApiError } from '../../../api/model/error.js'

const OLD_MS = 60_000

function rig(perHolder = 3, total = 5) {
  const streams = new OpenStreams(perHolder, total)
  const ended: string[] = []
  const open = (subject: string, now: number, name = `${subject}-${now}`) =>
    streams.open(subject, now, ({ code }) => ended.push(`${name} ${code}`))
  return { streams, ended, open }
}

describe('the streams of one subject', () => {
  test('opened at once are so many, and one more is refused', () => {
    const { streams, ended, open } = rig()
    for (let row = 0; row < 3; row += 1) open('a', 0)
    expect(() => open('a', OLD_MS - 1)).toThrow('too many of this subject')
    expect([streams.count, ended]).toEqual([3, []])
  })

  test('give way to a newer one, the oldest first, once they are old', () => {
    const { streams, ended, open } = rig()
    for (const now of [0, 1, OLD_MS]) open('a', now)
    open('a', OLD_MS)
    open('a', OLD_MS + 1)
    expect(() => open('a', OLD_MS + 2)).toThrow('too many of this subject')
    expect(ended).toEqual(['a-0 too-many-streams', 'a-1 too-many-streams'])
    expect(streams.count).toBe(3)
  })

  test('give way to no other subject', () => {
    const { ended, open } = rig()
    for (const subject of ['a', 'a', 'a', 'b', 'b']) open(subject, 0)
    expect(() => open('c', 10 * OLD_MS)).toThrow('too many in all')
    expect(ended).toEqual([])
  })

  test('that gave way and close later free no second place', () => {
    const { streams, open } = rig(1)
    const release = open('a', 0)
    open('a', OLD_MS)
    release()
    release()
    expect(streams.count).toBe(1)
    expect(() => open('a', OLD_MS + 1)).toThrow('too many of this subject')
  })

  test('that have closed are not ended', () => {
    const { streams, ended, open } = rig()
    open('a', 0)()
    open('a', 1)
    streams.endAll(new ApiError('service-stopping', 'x'))
    expect(ended).toEqual(['a-1 service-stopping'])
  })
})

test('after the end of all no stream opens, and the refusal says why', () => {
  const { streams, ended, open } = rig()
  for (const subject of ['a', 'b']) open(subject, 0)
  streams.endAll(new ApiError('service-stopping', 'the reason'))
  expect(ended).toEqual(['a-0 service-stopping', 'b-0 service-stopping'])
  expect(() => open('c', 1)).toThrow('the reason')
})
