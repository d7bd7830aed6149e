import { render } from '../../../api/http/endpoints/answer.js'
import { Channels, type Frame, type Topic } from '../../../api/http/endpoints/channels.js'
import { endEvent } from '../../../api/http/endpoints/sse.js'
import { ApiError } from '../../../api/model/error.js'
import { FakeClock } from '../../support/fake-clock.js'

interface Heard {
  readonly party: string
  readonly frames: Frame[]
  readonly ends: unknown[]
  tick(frame: Frame): void
  end(error: unknown): void
}

function listener(party = 'alice'): Heard {
  const frames: Frame[] = []
  const ends: unknown[] = []
  return { party, frames, ends, tick: (frame) => frames.push(frame), end: (error) => ends.push(error) }
}

function topicOf(state: { value: unknown; made: number; fault?: Error }, key = 'a', intervalMs = 1_000): Topic {
  return {
    key,
    event: 'stats',
    intervalMs,
    make: () => {
      state.made += 1
      if (state.fault !== undefined) throw state.fault
      return render({ content: state.value, redactions: 0 }, null)
    },
  }
}

describe('Channels', () => {
  let clock: FakeClock
  beforeEach(() => {
    clock = new FakeClock()
  })

  test('render once per tick for all members, and send all of them the same bytes', async () => {
    const channels = new Channels(clock)
    const state = { value: { n: 1 }, made: 0 }
    const members = Array.from({ length: 500 }, () => listener())
    const firsts = members.map((member) => channels.join(topicOf(state), member).first)
    expect(new Set(firsts).size).toBe(1)
    expect(firsts[0]?.bytes.toString()).toMatch(/^event: stats\nid: [\w-]{27}\ndata: \{"n":1\}\n\n$/)
    state.made = 0
    state.value = { n: 2 }
    await clock.advance(1_000)
    expect(state.made).toBe(1)
    expect(new Set(members.flatMap(({ frames }) => frames)).size).toBe(1)
    expect(members.every(({ frames }) => frames.length === 1)).toBe(true)
  })

  test('keep views and intervals apart', async () => {
    const channels = new Channels(clock)
    const [one, two] = [
      { value: 1, made: 0 },
      { value: 2, made: 0 },
    ]
    const [a, b] = [listener(), listener()]
    channels.join(topicOf(one, 'a', 1_000), a)
    channels.join(topicOf(two, 'b', 5_000), b)
    expect(channels.count).toBe(2)
    await clock.advance(5_000)
    expect([a.frames.length, b.frames.length]).toEqual([5, 1])
    expect(a.frames[0]?.bytes.toString()).toContain('data: 1\n')
    expect(b.frames[0]?.bytes.toString()).toContain('data: 2\n')
  })

  test('make an answer for the parties that are members at the time', async () => {
    const channels = new Channels(clock)
    const asked: string[][] = []
    const topic: Topic = {
      ...topicOf({ value: 1, made: 0 }),
      make: (parties) => {
        asked.push([...parties])
        return render({ content: 1, redactions: 0 }, null)
      },
    }
    const { leave } = channels.join(topic, listener('a'))
    channels.join(topic, listener('b'))
    channels.join(topic, listener('b'))
    await clock.advance(1_000)
    leave()
    await clock.advance(1_000)
    expect(asked).toEqual([['a'], ['a', 'b'], ['a', 'b'], ['a', 'b'], ['b']])
  })

  test('give the same frame again while nothing has changed, so that no member sends it twice', async () => {
    const channels = new Channels(clock)
    const state = { value: 1, made: 0 }
    const member = listener()
    const { first } = channels.join(topicOf(state), member)
    await clock.advance(3_000)
    expect(member.frames).toEqual([first, first, first])
    expect(new Set([first, ...member.frames]).size).toBe(1)
  })

  test('give a member that joins between two ticks what holds now', () => {
    const channels = new Channels(clock)
    const state = { value: 1, made: 0 }
    channels.join(topicOf(state, 'a', 60_000), listener())
    state.value = 2
    expect(channels.join(topicOf(state, 'a', 60_000), listener()).first.bytes.toString()).toContain('data: 2\n')
  })

  test('close with their last member, and leave no timer', () => {
    const channels = new Channels(clock)
    const state = { value: 1, made: 0 }
    const [one, two] = [channels.join(topicOf(state), listener()), channels.join(topicOf(state), listener())]
    one.leave()
    one.leave()
    expect([channels.count, clock.pending]).toEqual([1, 1])
    two.leave()
    expect([channels.count, clock.pending]).toEqual([0, 0])
  })

  test('end for all members when there is nothing to send any more', async () => {
    const channels = new Channels(clock)
    const state: Parameters<typeof topicOf>[0] = { value: 1, made: 0 }
    const members = [listener(), listener()]
    const joined = members.map((member) => channels.join(topicOf(state), member))
    state.fault = new ApiError('container-not-found', 'gone')
    await clock.advance(1_000)
    expect(members.map(({ ends }) => ends)).toEqual([[state.fault], [state.fault]])
    for (const { leave } of joined) leave()
    expect([channels.count, clock.pending]).toEqual([0, 0])
  })

  test('are not opened if there is nothing to send', () => {
    const channels = new Channels(clock)
    const state = { value: 1, made: 0, fault: new ApiError('container-not-running', 'stopped') }
    expect(() => channels.join(topicOf(state), listener())).toThrow(state.fault)
    expect([channels.count, clock.pending]).toEqual([0, 0])
  })
})

describe('endEvent', () => {
  test('names the code, and nothing of a fault of ours', () => {
    expect(endEvent(new ApiError('invalid-token', 'secret')).toString()).toBe(
      'event: end\ndata: {"code":"invalid-token"}\n\n',
    )
    expect(endEvent(new Error('secret')).toString()).toBe('event: end\ndata: {"code":"internal"}\n\n')
  })
})
