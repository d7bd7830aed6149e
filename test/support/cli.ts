import { Readable } from 'node:stream'
import type { Io } from '../../api/cli/command.js'
import { runProgram } from '../../api/cli/program.js'
import { type Clock, SYSTEM_CLOCK } from '../../api/clock.js'

export interface CliOptions {
  readonly env?: Io['env']
  /** What stands in standard input. */
  readonly input?: string | Buffer
  readonly clock?: Clock
}

/** Runs `porthole ARGS` within this process, with an environment and streams of its own. */
export async function runCli(args: readonly string[], { env = {}, input = '', clock = SYSTEM_CLOCK }: CliOptions = {}) {
  const written = { stdout: '', stderr: '' }
  const output = (name: keyof typeof written) => ({
    write: (text: string) => {
      written[name] += text
    },
  })
  const stdin = Object.assign(Readable.from([Buffer.from(input)]), { setRawMode: () => {} })
  const code = await runProgram(args, { env, stdin, stdout: output('stdout'), stderr: output('stderr'), clock })
  return { code, ...written }
}
