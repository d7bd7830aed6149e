import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'

/** The system's time, sped up by a factor, so that waits for seconds take a fraction of them. */
export function quickClock(factor: number): Clock {
  const startedAt = SYSTEM_CLOCK.now()
  return {
    now: () => Math.floor(startedAt + (SYSTEM_CLOCK.now() - startedAt) * factor),
    after: (milliseconds, run) => SYSTEM_CLOCK.after(milliseconds / factor, run),
    random: () => SYSTEM_CLOCK.random(),
  }
}
