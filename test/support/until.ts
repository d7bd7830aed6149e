import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for what is about to happen, and fails where it does not. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !isSo(); i += 1) await sleep(2)
  expect(isSo()).toBe(true)
}
