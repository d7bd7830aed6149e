import { LoopShare, TimeSlice } from '../../../api/concurrency/event-loop-yield.js'
import { settle } from '../../support/fake-clock.js'
import { FakeEngine, idOf, listed } from '../../support/fake-engine.js'
import { hostRig } from '../../support/host-rig.js'

const startHost = hostRig()

const [A, B, C] = [idOf('a'), idOf('b'), idOf('c')]

/** Each look at the clock ends a slice, and the next one begins when the test says so. */
class HeldLoopShare extends LoopShare {
  isHeld = false
  looks = 0
  readonly #waiting: (() => void)[] = []

  override slice(party: string): TimeSlice {
    const stopwatch = () => {
      this.looks += 1
      return this.looks * 1_000
    }
    return new TimeSlice(stopwatch, () => this.turn(party))
  }

  override async turn(_party: string): Promise<void> {
    if (this.isHeld) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Lets one slice run, or all of them. */
  async release(count = 1): Promise<void> {
    for (let i = 0; i < count && this.#waiting.length > 0; i += 1) {
      this.#waiting.shift()?.()
      await settle()
    }
  }
}

async function rig(...ids: string[]) {
  const engine = new FakeEngine()
  for (const id of ids) engine.add(listed({ id }))
  const share = new HeldLoopShare()
  const host = await startHost(engine, undefined, { loopShare: share })
  const shown = () =>
    host.host
      .containers()
      .map(({ id, name }) => `${id.slice(0, 1)} ${name}`)
      .sort()
  return { ...host, share, shown }
}

function renameAll(engine: FakeEngine, name: string): void {
  for (const [id] of engine.listed) engine.add(listed({ id, name }))
}

describe('a list that takes several slices', () => {
  test.each([1, 10, 100])(
    'looks at the clock for each of %i containers, and for each one before it is removed',
    async (count) => {
      const { engine, clock, share, host } = await rig(
        ...Array.from({ length: count }, (_, i) => i.toString(16).padStart(64, '0')),
      )
      expect(host.containers()).toHaveLength(count)
      // Three looks for each container: at its end, and at the end of its slice and the start of the next.
      share.looks = 0
      await clock.advance(30_000)
      const ofList = share.looks
      engine.listed.clear()
      await clock.advance(30_000)
      expect(host.containers()).toHaveLength(0)
      expect(ofList).toBeGreaterThanOrEqual(count * 4)
      expect(share.looks - ofList).toBeGreaterThanOrEqual(count * 2)
    },
  )

  test('counts toward its host in the share of the event loop, the last slice too', async () => {
    let looks = 0
    const charged = new Map<string, number>()
    const share = new LoopShare(() => {
      looks += 1
      return looks
    })
    share.charge = (party, milliseconds) => charged.set(party, (charged.get(party) ?? 0) + milliseconds)
    const engine = new FakeEngine()
    engine.add(listed({ id: A }))
    await startHost(engine, undefined, { loopShare: share })
    expect([...charged]).toEqual([['local', 3]])
  })

  test('is shown slice by slice, and the time of the list is that of its end', async () => {
    const { engine, clock, share, host, shown } = await rig(A, B)
    const before = host.status().observedAt
    renameAll(engine, 'new')
    share.isHeld = true
    await clock.advance(30_000)
    await share.release()
    expect(shown()).toEqual(['a new', 'b name-bbbb'])
    expect(host.status().observedAt).toBe(before)
    await share.release(10)
    expect(shown()).toEqual(['a new', 'b new'])
    expect(host.status().observedAt).toBe(clock.now())
  })

  test('is applied before another is asked for', async () => {
    const { engine, clock, share, shown } = await rig(A, B)
    share.isHeld = true
    await clock.advance(30_000)
    engine.calls.length = 0
    renameAll(engine, 'new')
    engine.emit('rename', A)
    engine.passOver(null)
    await clock.advance(5_000)
    expect(engine.calls.filter((call) => call.startsWith('list'))).toEqual([])
    share.isHeld = false
    await share.release(10)
    await clock.advance(30_000)
    expect(engine.calls.filter((call) => call.startsWith('list'))).toEqual(expect.arrayContaining(['list', 'list 1']))
    expect(shown()).toEqual(['a new', 'b new'])
  })

  test('does not bring back a container that an inspect finds gone meanwhile', async () => {
    const engine = new FakeEngine()
    for (const id of [A, B]) engine.add(listed({ id }))
    let open = () => {}
    engine.gate = new Promise((resolve) => {
      open = resolve
    })
    const share = new HeldLoopShare()
    const { clock, host } = await startHost(engine, undefined, { loopShare: share })
    share.isHeld = true
    await clock.advance(30_000)
    expect(share.waiting).toBe(1)
    engine.listed.delete(B)
    open()
    await settle()
    expect(host.container(B)).toBeUndefined()
    // No other inspect corrects it.
    engine.gate = new Promise(() => {})
    await share.release(10)
    expect(host.container(A)).toBeDefined()
    expect(host.container(B)).toBeUndefined()
  })

  test('removes one that is gone from the list, and none that a list of others adds later', async () => {
    const { engine, clock, share, shown } = await rig(A, B)
    engine.listed.delete(A)
    share.isHeld = true
    await clock.advance(30_000)
    engine.add(listed({ id: C, name: 'late' }))
    engine.emit('start', C)
    share.isHeld = false
    await share.release(10)
    await clock.advance(200)
    expect(shown()).toEqual(['b name-bbbb', 'c late'])
  })

  test('ends with its connection, and the next one begins with a list of its own', async () => {
    const { engine, clock, share, host, shown } = await rig(A, B)
    renameAll(engine, 'old')
    share.isHeld = true
    await clock.advance(30_000)
    expect(share.waiting).toBe(1)
    renameAll(engine, 'new')
    engine.cut()
    share.isHeld = false
    await clock.advance(5_000)
    expect(host.status().state).toBe('live')
    expect(shown()).toEqual(['a new', 'b new'])
    expect(share.waiting).toBe(1)
    await share.release()
    expect(shown()).toEqual(['a new', 'b new'])
  })
})
