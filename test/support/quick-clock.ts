import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'

/** The system's time from now on, but so many times as fast: what waits for seconds by this clock waits for a part of them. */
export function quickClock(factor: number): Clock {
  const startedAt = SYSTEM_CLOCK.now()
  return {
    now: () => Math.floor(startedAt + (SYSTEM_CLOCK.now() - startedAt) * factor),
    after: (milliseconds, run) => SYSTEM_CLOCK.after(milliseconds / factor, run),
    random: () => SYSTEM_CLOCK.random(),
  }
}
