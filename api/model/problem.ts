import type { Container } from './container.js'

/** What is wrong with a container, in the terms of the `problem` filter. */
export const PROBLEMS = ['crashloop', 'oom', 'unhealthy', 'exited-nonzero'] as const
export type Problem = (typeof PROBLEMS)[number]

/** Crashes within the window that make a loop. One may happen, and two may be a deployment. */
export const CRASHES_OF_A_LOOP = 3

/** A container that has run this long since its last crash has recovered. An engine waits at most a minute between restarts. */
export const CRASH_WINDOW_MS = 10 * 60_000

type Evidence = Pick<
  Container,
  'state' | 'health' | 'exitCode' | 'oomKilled' | 'restartCount' | 'crashes' | 'memoryKills'
>

/**
 * `crashloop`: it crashed three times within ten minutes (by the engine's events), or waits for a restart after three restarts.
 * `oom`: the kernel killed it, or one of its processes, for memory: in its last run, or within ten minutes. `unhealthy`: its
 * health check fails. `exited-nonzero`: it has ended with a code other than 0. `now` is in milliseconds since 1970.
 */
export function problemsOf(container: Evidence, now: number): readonly Problem[] {
  const problems: Problem[] = []
  if (isCrashLooping(container, now)) problems.push('crashloop')
  if (container.oomKilled || recent(container.memoryKills, now) > 0) problems.push('oom')
  if (container.health === 'unhealthy') problems.push('unhealthy')
  const isOver = container.state === 'exited' || container.state === 'dead'
  if (isOver && container.exitCode !== null && container.exitCode !== 0) problems.push('exited-nonzero')
  return problems
}

function isCrashLooping({ state, restartCount, crashes }: Evidence, now: number): boolean {
  if (state === 'restarting' && (restartCount ?? 0) >= CRASHES_OF_A_LOOP) return true
  return recent(crashes, now) >= CRASHES_OF_A_LOOP
}

function recent(times: readonly number[], now: number): number {
  return times.filter((at) => now - at < CRASH_WINDOW_MS).length
}
