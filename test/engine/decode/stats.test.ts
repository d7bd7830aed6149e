import { decodeReading, faultOf } from '../../support/decoded.js'
import { recorded } from '../../support/recorded-answers.js'

describe('decodeReading', () => {
  test('cgroup v1: what docker stats showed at the same moment', () => {
    const reading = decodeReading(recorded('docker-20.10-cgroup1-stats.json'))
    // docker stats said 1.023MiB / 64MiB.
    expect((reading?.memoryUsedBytes ?? 0) / 1024 / 1024).toBeCloseTo(1.023, 3)
    expect(reading).toEqual({
      readAt: expect.any(Number),
      cpuUsageNs: expect.any(Number),
      systemCpuUsageNs: expect.any(Number),
      cores: 2,
      throttledPeriods: 0,
      throttledNs: 0,
      memoryUsedBytes: 1_073_152,
      memoryLimitBytes: 67_108_864,
      memoryCacheBytes: 6_299_648,
      memorySwapBytes: null,
      network: { rxBytes: 1322, txBytes: 0, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
      blockIo: { readBytes: 0, writeBytes: 0 },
      pids: 2,
      pidsLimit: 50,
    })
  })

  test('one-shot: the same, with nothing before it', () => {
    expect(recorded('docker-20.10-cgroup1-stats-one-shot.json').preread).toBe('0001-01-01T00:00:00Z')
    expect(decodeReading(recorded('docker-20.10-cgroup1-stats-one-shot.json'))).toMatchObject({ cores: 2, pids: 2 })
  })

  test('cgroup v2: its own names, two interfaces, two disks', () => {
    expect(decodeReading(recorded('docker-24-cgroup2-stats.json'))).toEqual({
      readAt: Date.parse('2024-03-09T14:21:07.512Z'),
      cpuUsageNs: 8_214_567_000,
      systemCpuUsageNs: 98_765_430_000_000,
      cores: 4,
      throttledPeriods: 7,
      throttledNs: 412_345_000,
      memoryUsedBytes: 104_857_600 - 37_748_736,
      memoryLimitBytes: 8_201_453_568,
      memoryCacheBytes: 50_331_648,
      memorySwapBytes: null,
      network: { rxBytes: 9979, txBytes: 1338, rxErrors: 2, txErrors: 4, rxDropped: 1, txDropped: 3 },
      blockIo: { readBytes: 41_226_240, writeBytes: 8_192_000 },
      pids: 9,
      pidsLimit: null,
    })
  })

  test('podman 4.3: what it does not give is null', () => {
    expect(decodeReading(recorded('podman-4.3-cgroup2-stats.json'))).toMatchObject({
      readAt: Date.parse('2024-03-09T14:21:07.512Z'),
      memoryUsedBytes: 2_433_024,
      memoryCacheBytes: null,
      blockIo: null,
      network: { rxBytes: 1430 },
      pidsLimit: null,
    })
  })

  test('a container in the network of its host has no network numbers', () => {
    const reading = decodeReading(recorded('docker-20.10-cgroup1-stats-host-network.json'))
    expect(reading).toMatchObject({ network: null, pids: 1, pidsLimit: null })
  })

  test('a container that does not run has no reading', () => {
    expect(decodeReading(recorded('docker-20.10-stats-exited.json'))).toBeNull()
    expect(decodeReading({})).toBeNull()
    expect(decodeReading({ read: null })).toBeNull()
  })

  // biome-ignore lint/suspicious/noExplicitAny: recorded answers are changed at will here.
  const changed = (change: (answer: any) => void) => {
    const answer = recorded('docker-24-cgroup2-stats.json')
    change(answer)
    return decodeReading(answer)
  }

  test('every block may be missing', () => {
    expect(decodeReading({ read: '2024-03-09T14:21:07Z' })).toEqual({
      readAt: Date.parse('2024-03-09T14:21:07Z'),
      cpuUsageNs: null,
      systemCpuUsageNs: null,
      cores: null,
      throttledPeriods: null,
      throttledNs: null,
      memoryUsedBytes: null,
      memoryLimitBytes: null,
      memoryCacheBytes: null,
      memorySwapBytes: null,
      network: null,
      blockIo: null,
      pids: null,
      pidsLimit: null,
    })
  })

  test.each([
    [{ online_cpus: 0, cpu_usage: { total_usage: 1, percpu_usage: [1, 2, 3] } }, 3],
    [{ online_cpus: undefined, cpu_usage: { total_usage: 1, percpu_usage: null } }, null],
    [{ online_cpus: 2, cpu_usage: { total_usage: 1, percpu_usage: [1, 2, 3] } }, 2],
  ])('%j has %s cores', (cpu, cores) => {
    expect(changed(({ cpu_stats }) => Object.assign(cpu_stats, cpu))?.cores).toBe(cores)
  })

  test('a system counter of 0 was not given', () => {
    expect(changed(({ cpu_stats }) => (cpu_stats.system_cpu_usage = 0))?.systemCpuUsageNs).toBeNull()
  })

  test.each([
    ['the cache is larger than the usage', { usage: 10, stats: { inactive_file: 11 } }, 10],
    ['both names are there', { usage: 10, stats: { total_inactive_file: 4, inactive_file: 3 } }, 6],
    ['the v1 name is larger than the usage', { usage: 10, stats: { total_inactive_file: 11, inactive_file: 3 } }, 7],
    ['there are no details', { usage: 10 }, 10],
  ])('memory where %s', (_name, memory, expected) => {
    expect(changed((answer) => (answer.memory_stats = memory))?.memoryUsedBytes).toBe(expected)
  })

  test('block I/O of cgroup v1 counts Read and Write, and neither Sync nor Total', () => {
    const entries = ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((op, i) => ({ op, value: 10 ** i }))
    const reading = changed(({ blkio_stats }) => (blkio_stats.io_service_bytes_recursive = entries))
    expect(reading?.blockIo).toEqual({ readBytes: 1, writeBytes: 10 })
  })

  test.each([
    ['a list', []],
    ['a number in words', { read: '2024-03-09T14:21:07Z', pids_stats: { current: 'many' } }],
    ['a time that is none', { read: 'yesterday' }],
    ['null', null],
  ])('%s is a bad answer', (_name, value) => {
    expect(faultOf(() => decodeReading(value))).toMatchObject({ code: 'engine-bad-answer' })
  })
})
