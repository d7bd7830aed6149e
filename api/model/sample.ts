/**
 * One answer of GET /containers/{id}/stats, in our terms. Counters are totals since the container started. A number that the
 * engine did not send is null.
 */
export interface Reading {
  /** On the engine's clock, in milliseconds since 1970. */
  readonly readAt: number
  readonly cpuUsageNs: number | null
  /** CPU time of the host over all cores, on the engine's clock. */
  readonly systemCpuUsageNs: number | null
  readonly cores: number | null
  readonly throttledPeriods: number | null
  readonly throttledNs: number | null
  /** Usage minus the inactive file cache, as `docker stats` shows it. */
  readonly memoryUsedBytes: number | null
  readonly memoryLimitBytes: number | null
  readonly memoryCacheBytes: number | null
  readonly memorySwapBytes: number | null
  /** The sum over all interfaces; null for a container in the host's network namespace. */
  readonly network: {
    readonly rxBytes: number
    readonly txBytes: number
    readonly rxErrors: number
    readonly txErrors: number
    readonly rxDropped: number
    readonly txDropped: number
  } | null
  readonly blockIo: { readonly readBytes: number; readonly writeBytes: number } | null
  readonly pids: number | null
  readonly pidsLimit: number | null
}

/** A reading with the rates since the previous one. `intervalSeconds` and all rates are null on a container's first. */
export interface Sample {
  readonly reading: Reading
  readonly intervalSeconds: number | null
  /** As Docker counts: 100 is one core. */
  readonly cpuPercent: number | null
  /** Share of the whole host, 0 to 100. */
  readonly cpuHostPercent: number | null
  readonly rxBytesPerSecond: number | null
  readonly txBytesPerSecond: number | null
  readonly blockReadBytesPerSecond: number | null
  readonly blockWriteBytesPerSecond: number | null
}

/**
 * Computes the rates between two readings of one container. A counter that decreased makes its rate null. If the CPU time
 * decreased, the container was restarted in between, and counters of two runs cannot be compared at all.
 */
export function sampleBetween(before: Reading | null, reading: Reading): Sample {
  const previous = before === null || isAnotherRun(before, reading) ? null : before
  const seconds = previous === null ? 0 : (reading.readAt - previous.readAt) / 1000
  const rate = (before: number | null | undefined, now: number | null | undefined): number | null => {
    if (before === null || before === undefined || now === null || now === undefined) return null
    return seconds > 0 && now >= before ? (now - before) / seconds : null
  }
  const cpuPercent = previous === null || seconds <= 0 ? null : cpuPercentBetween(previous, reading, seconds)
  return {
    reading,
    intervalSeconds: seconds > 0 ? seconds : null,
    cpuPercent,
    cpuHostPercent: cpuPercent === null || !reading.cores ? null : cpuPercent / reading.cores,
    rxBytesPerSecond: rate(previous?.network?.rxBytes, reading.network?.rxBytes),
    txBytesPerSecond: rate(previous?.network?.txBytes, reading.network?.txBytes),
    blockReadBytesPerSecond: rate(previous?.blockIo?.readBytes, reading.blockIo?.readBytes),
    blockWriteBytesPerSecond: rate(previous?.blockIo?.writeBytes, reading.blockIo?.writeBytes),
  }
}

function isAnotherRun(before: Reading, reading: Reading): boolean {
  return before.cpuUsageNs !== null && reading.cpuUsageNs !== null && reading.cpuUsageNs < before.cpuUsageNs
}

/** Docker's formula: cpuDelta / systemDelta x cores x 100; by wall time if the engine sends no system counter. */
function cpuPercentBetween(previous: Reading, now: Reading, seconds: number): number | null {
  if (previous.cpuUsageNs === null || now.cpuUsageNs === null || now.cpuUsageNs < previous.cpuUsageNs) return null
  const used = now.cpuUsageNs - previous.cpuUsageNs
  if (previous.systemCpuUsageNs !== null && now.systemCpuUsageNs !== null && now.cores !== null) {
    const system = now.systemCpuUsageNs - previous.systemCpuUsageNs
    if (system > 0) return (used / system) * now.cores * 100
  }
  return (used / (seconds * 1e9)) * 100
}
