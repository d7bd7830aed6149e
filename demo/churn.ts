import { type SimulatedContainer, seededRandom } from './container.js'
import type { SimulatorState } from './simulator-state.js'

/** 128 + SIGKILL: how the kernel's out-of-memory killer ends a process. */
const OUT_OF_MEMORY_EXIT = 137
const FAILED_PROBE_EXIT = 1

/**
 * Makes one change per call. It first repairs what it broke before, so that the containers neither calm down nor all break.
 * It has its own random generator, so that the initial state stays the same.
 */
export function churnStep(state: SimulatorState, seed: number): () => void {
  const random = seededRandom(seed)
  const repairs: (() => void)[] = []
  return () => {
    const repair = repairs.shift()
    if (repair !== undefined) {
      repair()
      return
    }
    const candidates = state.all().filter((container) => container.state === 'running')
    const chosen = candidates[Math.floor(random() * candidates.length)]
    if (chosen === undefined) return
    const { id } = chosen
    const stillThere = (mend: () => void, expected: SimulatedContainer['state']) => () => {
      if (chosen.state === expected && state.find(id) === chosen) mend()
    }
    const { healthTest } = chosen.spec
    const checked = healthTest !== null
    // Events of an engine contain the whole command line, with its secrets.
    const probe = (exitCode?: number) => state.exec(id, `/bin/sh -c ${healthTest}`, exitCode)
    const dice = random()
    if (checked && dice < 0.35) {
      probe(FAILED_PROBE_EXIT)
      state.setHealth(id, 'unhealthy')
    } else if (dice < 0.6) {
      state.restart(id)
    } else if (dice < 0.8) {
      state.crash(id, dice < 0.68 ? OUT_OF_MEMORY_EXIT : 1, { oom: dice < 0.68 })
      repairs.push(stillThere(() => state.start(id), 'restarting'))
    } else {
      state.pause(id)
      repairs.push(stillThere(() => state.unpause(id), 'paused'))
    }
    // A start resets the health verdict, so this repair comes last.
    const recover = () => {
      probe()
      state.setHealth(id, 'healthy')
    }
    if (checked) repairs.push(stillThere(recover, 'running'))
  }
}
