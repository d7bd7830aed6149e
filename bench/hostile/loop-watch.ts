import { readFileSync } from 'node:fs'

const NS_PER_MS = 1e6

/**
 * The most that the main thread of a process computes between two answers. It tells a loop that is held from a machine that is
 * busy: while another process has the CPU it stands still.
 */
export class LoopWatch {
  readonly #pid: number | undefined
  #before: number | null
  #mostMs = 0

  constructor(pid: number | undefined) {
    this.#pid = pid
    this.#before = mainThreadMs(pid)
  }

  get mostMs(): number {
    return this.#mostMs
  }

  answered(): void {
    const now = mainThreadMs(this.#pid)
    if (now !== null && this.#before !== null) this.#mostMs = Math.max(this.#mostMs, now - this.#before)
    this.#before = now
  }
}

/** Without workers and the collection of garbage beside it. Null without /proc, and of a process that has ended. */
function mainThreadMs(pid: number | undefined): number | null {
  try {
    const [nanoseconds] = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')
    return Number(nanoseconds) / NS_PER_MS
  } catch {
    return null
  }
}
