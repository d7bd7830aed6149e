import { type Reading, sampleBetween } from '../../api/model/sample.js'

const SECOND_NS = 1e9

function reading(changes: Partial<Reading> = {}): Reading {
  return {
    readAt: 1_000_000,
    cpuUsageNs: 10 * SECOND_NS,
    systemCpuUsageNs: 1_000 * SECOND_NS,
    cores: 2,
    throttledPeriods: 0,
    throttledNs: 0,
    memoryUsedBytes: 1_024,
    memoryLimitBytes: 4_096,
    memoryCacheBytes: 0,
    memorySwapBytes: 0,
    network: { rxBytes: 1_000, txBytes: 2_000, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
    blockIo: { readBytes: 500, writeBytes: 600 },
    pids: 3,
    pidsLimit: null,
    ...changes,
  }
}

describe('sampleBetween', () => {
  test('returns null for every rate of a first reading, never 0', () => {
    const sample = sampleBetween(null, reading())
    expect(sample.reading.pids).toBe(3)
    expect({ ...sample, reading: null }).toEqual({
      reading: null,
      intervalSeconds: null,
      cpuPercent: null,
      cpuHostPercent: null,
      rxBytesPerSecond: null,
      txBytesPerSecond: null,
      blockReadBytesPerSecond: null,
      blockWriteBytesPerSecond: null,
    })
  })

  test("computes docker's CPU percentage: 100 is one core", () => {
    const later = reading({
      readAt: 1_010_000,
      cpuUsageNs: 12 * SECOND_NS,
      systemCpuUsageNs: 1_020 * SECOND_NS,
    })
    const sample = sampleBetween(reading(), later)
    expect(sample.intervalSeconds).toBe(10)
    expect(sample.cpuPercent).toBeCloseTo(20, 9)
    expect(sample.cpuHostPercent).toBeCloseTo(10, 9)
  })

  test('uses wall time if the engine sends no system counter', () => {
    const later = reading({ readAt: 1_010_000, cpuUsageNs: 15 * SECOND_NS, systemCpuUsageNs: null })
    expect(sampleBetween(reading(), later).cpuPercent).toBeCloseTo(50, 9)
    expect(sampleBetween(reading({ systemCpuUsageNs: null }), later).cpuPercent).toBeCloseTo(50, 9)
  })

  test('returns bytes per second', () => {
    const later = reading({
      readAt: 1_010_000,
      network: { rxBytes: 3_000, txBytes: 2_000, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
      blockIo: { readBytes: 1_500, writeBytes: 600 },
    })
    expect(sampleBetween(reading(), later)).toMatchObject({
      rxBytesPerSecond: 200,
      txBytesPerSecond: 0,
      blockReadBytesPerSecond: 100,
      blockWriteBytesPerSecond: 0,
    })
  })

  test('makes only the rate of a decreased counter null', () => {
    const later = reading({
      readAt: 1_010_000,
      network: { rxBytes: 10, txBytes: 2_500, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
    })
    expect(sampleBetween(reading(), later)).toMatchObject({ rxBytesPerSecond: null, txBytesPerSecond: 50 })
  })

  test('computes no rates over a restart, which decreased CPU time reveals', () => {
    const later = reading({
      readAt: 1_010_000,
      cpuUsageNs: 1 * SECOND_NS,
      network: { rxBytes: 10, txBytes: 2_500, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
    })
    expect(sampleBetween(reading(), later)).toMatchObject({
      intervalSeconds: null,
      cpuPercent: null,
      cpuHostPercent: null,
      rxBytesPerSecond: null,
      txBytesPerSecond: null,
    })
  })

  test('returns null for numbers that the engine does not send', () => {
    const later = reading({ readAt: 1_010_000, network: null, blockIo: null, cpuUsageNs: null })
    expect(sampleBetween(reading(), later)).toMatchObject({
      cpuPercent: null,
      rxBytesPerSecond: null,
      blockReadBytesPerSecond: null,
    })
  })

  test('returns no rate for two readings of the same time', () => {
    expect(sampleBetween(reading(), reading({ cpuUsageNs: 11 * SECOND_NS }))).toMatchObject({
      intervalSeconds: null,
      cpuPercent: null,
      rxBytesPerSecond: null,
    })
  })
})
