import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { realEngine } from './dockerd.js'

const COMMAND_MS = 120_000
const OUTPUT_BYTES = 16 * 1024 * 1024

export interface CommandOptions {
  readonly cwd: string
  /** The engine's socket; `realEngine()` unless given. */
  readonly engine?: string
  readonly env?: Readonly<Record<string, string>>
  readonly input?: string
  readonly timeoutMs?: number
}

/** A command that uses an engine of the tests, as docker-compose does; gives its standard output. */
export function engineCommand(name: string, args: readonly string[], options: CommandOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const { cwd, timeoutMs: timeout = COMMAND_MS } = options
    const env = { ...engineEnv(options.engine ?? realEngine().socketPath), ...options.env }
    const child = execFile(name, args, { cwd, env, timeout, maxBuffer: OUTPUT_BYTES }, (error, stdout, stderr) => {
      if (error) reject(new Error(`${name} ${args.join(' ')}: ${(stderr || stdout || error.message).slice(-2_000)}`))
      else resolve(stdout)
    })
    child.stdin?.end(options.input ?? '')
  })
}

/** An environment that leads docker's commands to an engine of the tests, and nothing of the caller's own configuration. */
function engineEnv(socketPath: string): Record<string, string> {
  const environment = Object.entries(process.env).filter(([name]) => !/^(?:DOCKER|COMPOSE|PORTHOLE)_/.test(name))
  return {
    ...(Object.fromEntries(environment) as Record<string, string>),
    DOCKER_HOST: `unix://${socketPath}`,
    DOCKER_CONFIG: join(tmpdir(), 'porthole-no-docker-config'),
    // The builder that every engine has; the other one wants a plugin.
    DOCKER_BUILDKIT: '0',
  }
}
