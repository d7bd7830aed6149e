import { type ChildProcess, spawn } from 'node:child_process'
import { eventually } from './eventually.js'

/** The two programs, as `npm run build` leaves them (scripts/test runs it first). */
export const MAIN = 'dist/main.js'
export const CLI = 'dist/cli/porthole.js'

/** A child sees enough of our environment to run, and none of the settings of the person who runs the tests. */
const PLAIN = {
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  TMPDIR: process.env['TMPDIR'] ?? '/tmp',
}

/** Node's start and the service's, on a machine that does much else. */
const LISTENING_MS = 15_000

/** Below the 20 s that a test has. */
const RUN_MS = 18_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  stdout(): string
  stderr(): string
  /** The port of a service, once it logs that it listens on it. Rejects where the process ends before. */
  listening(): Promise<number>
  /** Ends the process the way a supervisor does. */
  stop(signal?: NodeJS.Signals): Promise<Ended>
  /** Ends the process at once; does nothing to one that has ended. */
  kill(): Promise<Ended>
}

/** Starts a program. Its caller sees to its end: `onCleanup(running.kill)`. */
export function start(args: readonly string[], environment: Record<string, string> = {}, input = ''): Running {
  const child = spawn(process.execPath, args, { env: { ...PLAIN, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] })
  // A child that does not read its input may end before all of it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  let isOver = false
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code) => {
      isOver = true
      resolve({ code, stdout, stderr })
    }),
  )
  const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
    if (!isOver) child.kill(signal)
    return ended
  }
  const port = () => {
    const whole = stdout.split('\n').slice(0, -1)
    const line = whole.find((text) => text.includes('"listening"'))
    return line === undefined ? null : Number(JSON.parse(line).port)
  }
  return {
    child,
    ended,
    stdout: () => stdout,
    stderr: () => stderr,
    async listening() {
      await eventually(port, (found) => found !== null || isOver, LISTENING_MS)
      const found = port()
      if (found === null) throw new Error(`the process ended before it listened: ${stderr || stdout}`)
      return found
    },
    stop,
    kill: () => stop('SIGKILL'),
  }
}

/** Runs a program that ends by itself. One that hangs is killed, with null for a code, before the test gives up on it. */
export async function runToEnd(
  args: readonly string[],
  environment: Record<string, string> = {},
  input = '',
): Promise<Ended> {
  const running = start(args, environment, input)
  const hung = setTimeout(() => void running.kill(), RUN_MS)
  const ended = await running.ended
  clearTimeout(hung)
  return ended
}
