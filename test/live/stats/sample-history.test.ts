import fc from 'fast-check'
import { FINE_ROWS, maxHistoryBytes, SampleHistory } from '../../../api/live/stats/sample-history.js'
import { type Sample, sampleBetween } from '../../../api/model/sample.js'
import { readingAt } from '../../support/fake-engine.js'

const HOUR = 3_600_000
const START = Date.UTC(2026, 10, 24)

function sampleAt(time: number, changes: Partial<Sample> = {}): Sample {
  return { ...sampleBetween(readingAt(time - 10_000), readingAt(time)), ...changes }
}

/** Fills with one sample each `everyMs`. */
function fill(history: SampleHistory, from: number, count: number, everyMs: number): number {
  for (let i = 0; i < count; i += 1) history.add(sampleAt(from + i * everyMs))
  return from + (count - 1) * everyMs
}

describe('SampleHistory', () => {
  test('returns each sample in columns, oldest first, with null for unknown values', () => {
    const history = new SampleHistory(HOUR, 10_000)
    history.add(sampleAt(START, { cpuPercent: null }))
    history.add(sampleAt(START + 10_000, { cpuPercent: 12.5, rxBytesPerSecond: 1_000 }))
    expect(history.after(0)).toMatchObject({
      intervalMs: 10_000,
      times: [START, START + 10_000],
      columns: { cpuPercent: [null, 12.5], memoryUsedBytes: [1_000, 1_000], pids: [3, 3] },
    })
    expect(history.after(START).times).toEqual([START + 10_000])
    expect(history.after(START + 10_000).times).toEqual([])
  })

  test('holds the whole window at the usual interval, and nothing older', () => {
    const history = new SampleHistory(HOUR, 10_000)
    const last = fill(history, START, 2_000, 10_000)
    const { times } = history.after(0)
    expect(times).toEqual(Array.from({ length: 360 }, (_, i) => last - HOUR + (i + 1) * 10_000))
  })

  test(`holds the last ${FINE_ROWS} as they came, when they come each second, and an hour at the usual interval before`, () => {
    const history = new SampleHistory(HOUR, 10_000)
    const last = fill(history, START, 3 * 3_600, 1_000)
    const { times } = history.after(0)
    expect(times.slice(-FINE_ROWS)).toEqual(
      Array.from({ length: FINE_ROWS }, (_, i) => last - (FINE_ROWS - 1 - i) * 1_000),
    )
    expect(times[0]).toBeLessThanOrEqual(last - HOUR + 20_000)
    const distances = times.slice(1).map((time, i) => time - (times[i] ?? 0))
    expect(Math.max(...distances)).toBeLessThanOrEqual(10_000)
  })

  test('merges by the mean, without unknown values', () => {
    const history = new SampleHistory(600_000, 10_000)
    let time = START
    for (let i = 0; i < 2_000; i += 1) {
      history.add(sampleAt(time, { cpuPercent: i % 2 === 0 ? 10 : 20, rxBytesPerSecond: i % 2 === 0 ? 4 : null }))
      time += 1_000
    }
    const { columns } = history.after(0)
    expect(columns.cpuPercent[1]).toBe(15)
    expect(columns.rxBytesPerSecond[1]).toBe(4)
  })

  test('never loses the newest, keeps the order and stays within its bytes, for any intervals', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1, maxLength: 1_500 }), (distances) => {
        const history = new SampleHistory(10 * 60_000, 5_000)
        const added: number[] = []
        let time = START
        for (const distance of distances) {
          time += distance
          added.push(time)
          history.add(sampleAt(time))
        }
        const { times } = history.after(0)
        const recent = added.filter((one) => one > time - 10 * 60_000).slice(-FINE_ROWS)
        expect(times.slice(-recent.length)).toEqual(recent)
        expect([...times].sort((a, b) => a - b)).toEqual(times)
        expect(history.bytes).toBeLessThanOrEqual(maxHistoryBytes(10 * 60_000, 5_000))
      }),
      { numRuns: 60 },
    )
  })

  test('begins again if the clock of an engine was set back', () => {
    const history = new SampleHistory(HOUR, 10_000)
    fill(history, START, 100, 10_000)
    history.add(sampleAt(START + 55_000))
    expect(history.after(0).times).toEqual([0, 10_000, 20_000, 30_000, 40_000, 50_000, 55_000].map((ms) => START + ms))
  })

  test('stores memory usage in pages exactly up to 64 GiB', () => {
    const history = new SampleHistory(HOUR, 10_000)
    const used = 64 * 2 ** 30 - 4_096
    history.add(sampleBetween(null, readingAt(START, { memoryUsedBytes: used })))
    expect(history.after(0).columns.memoryUsedBytes).toEqual([used])
  })

  test('takes 20 KB a container at the defaults, and 5,000 of them under 100 MB, full or overfull', () => {
    expect(maxHistoryBytes(HOUR, 10_000)).toBe(19_764)
    const before = process.memoryUsage().arrayBuffers
    const histories = Array.from({ length: 500 }, () => new SampleHistory(HOUR, 10_000))
    const sample = sampleAt(START)
    for (const history of histories)
      for (let i = 0; i < 600; i += 1)
        history.add({ ...sample, reading: { ...sample.reading, readAt: START + i * 1_000 } })
    const bytes = histories.reduce((sum, history) => sum + history.bytes, 0)
    expect(bytes).toBe(500 * 19_764)
    expect(10 * bytes).toBeLessThan(100_000_000)
    globalThis.gc?.()
    // What grew out of its first buffers may not have been collected yet: as much again at the most.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2.1 * bytes)
  })
})
