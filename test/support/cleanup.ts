/**
 * Call it once, at the top of a file or of a `describe`. What a test then starts, it hands to the returned function together
 * with the start, and it is stopped after that test, last first, whether the test passed or failed: so a failing assertion
 * fails, and nothing that is still open holds the run.
 */
export function cleanupAfterEach(): (stop: () => unknown) => void {
  const stops: (() => unknown)[] = []
  afterEach(() => runAll(stops))
  return (stop) => stops.push(stop)
}

/** Runs every stop, also where one fails. */
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
