/** Wakes a loop that waits for something to do. A notice that comes while the loop works is remembered for its next wait. */
export class Notifier {
  #isNotified = false
  #wake: (() => void) | null = null

  notify(): void {
    this.#isNotified = true
    this.#wake?.()
  }

  /** Resolves at the next notice, or as soon as the signal aborts. One loop waits at a time. */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done)
        this.#wake = null
        this.#isNotified = false
        resolve()
      }
      if (this.#isNotified || signal.aborted) done()
      else {
        this.#wake = done
        signal.addEventListener('abort', done)
      }
    })
  }
}
