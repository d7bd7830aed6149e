import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Whether Node runs this module as its program: by its path, by a link to it, or without `.js`, as Node itself finds it. */
export function isEntry(moduleUrl: string, program = process.argv[1]): boolean {
  if (program === undefined) return false
  try {
    return createRequire(moduleUrl).resolve(program) === fileURLToPath(moduleUrl)
  } catch {
    // Such as a dash, for a program from standard input.
    return false
  }
}
