import { Socket } from 'node:net'
import { OutputWatch } from '../../api/http/output-watch.js'

const PATIENCE_MS = 25_000

interface Output {
  bytesWritten: number
  /** Of these, what is still here: the write under way as a whole, and what waits behind it. */
  writableLength: number
  /** What the kernel has not taken of the write under way. */
  writeQueueSize: number
}

function rig(output: Output) {
  const socket = new Socket()
  for (const name of ['bytesWritten', 'writableLength'] as const)
    Object.defineProperty(socket, name, { get: () => output[name] })
  const handle = { getAsyncId: () => 0, close: () => {}, reading: false }
  Object.defineProperty(socket, '_handle', {
    value: Object.defineProperty(handle, 'writeQueueSize', { get: () => output.writeQueueSize }),
  })
  let isDropped = false
  socket.destroy = () => {
    isDropped = true
    return socket
  }
  const watch = new OutputWatch(PATIENCE_MS)
  const isDroppedAt = (now: number) => {
    watch.check([socket], now)
    return isDropped
  }
  return { output, isDroppedAt }
}

const waiting = (): Output => ({ bytesWritten: 1_000, writableLength: 800, writeQueueSize: 500 })

describe('output that waits', () => {
  test('drops its client once it has stood still for the time, and not before', () => {
    const { isDroppedAt } = rig(waiting())
    expect(isDroppedAt(0)).toBe(false)
    expect(isDroppedAt(PATIENCE_MS - 1)).toBe(false)
    expect(isDroppedAt(PATIENCE_MS)).toBe(true)
  })

  test('stands still although more is put behind it', () => {
    const { output, isDroppedAt } = rig(waiting())
    isDroppedAt(0)
    output.bytesWritten += 300
    output.writableLength += 300
    expect(isDroppedAt(PATIENCE_MS)).toBe(true)
  })

  test.each<[string, Partial<Output>]>([
    ['within one write', { writeQueueSize: 499 }],
    ['by a whole write', { writableLength: 799 }],
  ])('moves %s, which begins the time anew', (_what, moved) => {
    const { output, isDroppedAt } = rig(waiting())
    isDroppedAt(0)
    Object.assign(output, moved)
    expect(isDroppedAt(PATIENCE_MS)).toBe(false)
    expect(isDroppedAt(2 * PATIENCE_MS - 1)).toBe(false)
    expect(isDroppedAt(2 * PATIENCE_MS)).toBe(true)
  })

  test('is not there on a connection that only waits', () => {
    const { isDroppedAt } = rig({ bytesWritten: 0, writableLength: 0, writeQueueSize: 0 })
    for (let now = 0; now < 10 * PATIENCE_MS; now += 5_000) expect(isDroppedAt(now)).toBe(false)
  })

  test('that has all left counts anew when there is more', () => {
    const { output, isDroppedAt } = rig(waiting())
    isDroppedAt(0)
    Object.assign(output, { writableLength: 0, writeQueueSize: 0 })
    isDroppedAt(5_000)
    Object.assign(output, { bytesWritten: 1_800, writableLength: 800, writeQueueSize: 500 })
    isDroppedAt(10_000)
    expect(isDroppedAt(PATIENCE_MS + 9_999)).toBe(false)
    expect(isDroppedAt(PATIENCE_MS + 10_000)).toBe(true)
  })
})
