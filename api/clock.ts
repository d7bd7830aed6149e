/** Time as every room sees it, so that a test can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs once after so many milliseconds. The function returned cancels it. */
  after(milliseconds: number, run: () => void): () => void
  /** From 0 up to but not 1: spreads what would otherwise happen at once. */
  random(): number
}

export const SYSTEM_CLOCK: Clock = {
  now: () => Date.now(),
  after: (milliseconds, run) => {
    const timer = setTimeout(run, milliseconds)
    return () => clearTimeout(timer)
  },
  random: () => Math.random(),
}

/** Runs again and again, each time after so many milliseconds. The function returned ends it. */
export function every(clock: Clock, milliseconds: number, run: () => void): () => void {
  const turn = () => {
    // First, so that `run` may end it.
    cancel = clock.after(milliseconds, turn)
    run()
  }
  let cancel = clock.after(milliseconds, turn)
  return () => cancel()
}

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel()
      signal.removeEventListener('abort', done)
      resolve()
    }
    const cancel = clock.after(milliseconds, done)
    if (signal.aborted) done()
    else signal.addEventListener('abort', done)
  })
}
