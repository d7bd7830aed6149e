import { type ChildProcess, spawn } from 'node:child_process'

/** What a child sees of our environment: enough to run, and no setting of whoever runs the tests. */
const PLAIN = {
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '/',
  TMPDIR: process.env['TMPDIR'] ?? '/tmp',
}

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
}

/** Starts one of our programs out of dist/ (scripts/test builds it first). */
export function start(args: readonly string[], environment: Record<string, string> = {}, input = ''): Running {
  const child = spawn(process.execPath, args, { env: { ...PLAIN, ...environment }, stdio: ['pipe', 'pipe', 'pipe'] })
  // A child that does not read its input may end before all of it is written.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })))
  return { child, ended, stdout: () => stdout, stderr: () => stderr }
}

export function runToEnd(
  args: readonly string[],
  environment: Record<string, string> = {},
  input = '',
): Promise<Ended> {
  return start(args, environment, input).ended
}
