import { Notifier } from '../concurrency/notifier.js'

/** Time as the live rooms see it, so that a test can hold it. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Runs once after so many milliseconds; the answer takes it back. */
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

/** Resolves after so many milliseconds, or as soon as the signal aborts. */
export function sleep(clock: Clock, milliseconds: number, signal: AbortSignal): Promise<void> {
  return sleepUnlessNotified(clock, new Notifier(), milliseconds, signal)
}

/** Resolves after so many milliseconds, at a notice, or as soon as the signal aborts. */
export async function sleepUnlessNotified(
  clock: Clock,
  notifier: Notifier,
  milliseconds: number,
  signal: AbortSignal,
): Promise<void> {
  const cancel = clock.after(milliseconds, () => notifier.notify())
  await notifier.wait(signal)
  cancel()
}
