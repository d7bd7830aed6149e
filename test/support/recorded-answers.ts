import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Containers of the recorded engine: one that runs, one that has ended, one in the network of its host. */
export const WEB = 'd6e57923ca687b6c5d31655b3e2f6f2e68d6852890c159ade6040959a16cd102'
export const JOB = 'a00627a88ece5bbb320097fe2d75a2d81d88cc981c14fd4f57361576ea196b20'
export const HOST = '50b706da4c05da6371d4e8097691e22dc91a440567fc9ccd22b202977330683a'

export function fixture(name: string): string {
  return readFileSync(join(__dirname, '../fixtures', name), 'utf8')
}

// biome-ignore lint/suspicious/noExplicitAny: recorded answers are changed at will.
export function recorded(name: string): any {
  return JSON.parse(fixture(name))
}
