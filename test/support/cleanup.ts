/**
 * Call it once, at the top of a file or of a `describe`. A test passes the stop of everything that it starts to the returned
 * function. The stops run after that test, last first, even if it failed, so that nothing open keeps the run alive.
 */
export function cleanupAfterEach(): (stop: () => unknown) => void {
  const stops: (() => unknown)[] = []
  afterEach(() => runAll(stops))
  return (stop) => stops.push(stop)
}

/** Runs every stop, even if one fails. */
async function runAll(stops: (() => unknown)[]): Promise<void> {
  const faults: unknown[] = []
  for (const stop of stops.splice(0).reverse()) {
    try {
      await stop()
    } catch (error) {
      faults.push(error)
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, 'what the test started does not stop')
}
