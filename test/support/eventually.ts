/** Asks until the answer is right, and resolves with the time that it took. Fails with the last answer after a timeout. */
export async function eventually<T>(
  ask: () => Promise<T> | T,
  isRight: (answer: T) => boolean,
  withinMs: number,
): Promise<number> {
  const started = performance.now()
  for (;;) {
    const answer = await ask()
    const elapsed = performance.now() - started
    if (isRight(answer)) return elapsed
    if (elapsed > withinMs)
      throw new Error(`not within ${withinMs} ms; the last answer was ${JSON.stringify(answer)?.slice(0, 500)}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
