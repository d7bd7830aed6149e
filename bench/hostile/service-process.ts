import { execFileSync, spawn } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { memoryOf, portOf, SECRET } from '../processes.js'
import type { MemoryLimit } from './memory-limit.js'

/** Milliseconds after which a port that is not bound never will be. */
const BIND_MS = 20_000
const STOP_MS = 5_000
/** How often memory is read: one that dies leaves no peak behind. */
const MEMORY_MS = 50

export interface ServiceProcess {
  readonly pid: number | undefined
  /** Null if it did not listen in time. */
  readonly url: string | null
  readonly bindMs: number
  /** Aborts when the process ends. */
  readonly over: AbortSignal
  /** Why it ended; null while it lives. */
  end(): string | null
  /** The most that was resident. */
  peakBytes(): number
  stop(): Promise<void>
}

/** The built service in production mode over the engines of a hosts file, with rate limits out of the way. */
export async function startServiceProcess(hostsFile: string, limit: MemoryLimit): Promise<ServiceProcess> {
  const node = process.env['BENCH_NODE'] ?? process.execPath
  const [program, ...args] = limit.command(node, ['dist/main.js'])
  const startedAt = performance.now()
  const child = spawn(program, args, {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      JWT_SECRET: SECRET,
      PORT: '0',
      HOSTS_FILE: hostsFile,
      RATE_LIMIT_GENERAL: '1000000000',
      RATE_LIMIT_STATS: '1000000000',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const over = new AbortController()
  let end: string | null = null
  let lastWords = ''
  child.stderr.on('data', (chunk: Buffer) => {
    lastWords = `${lastWords}${chunk}`.slice(-20_000)
  })
  let peakBytes = 0
  const reading = setInterval(() => {
    peakBytes = Math.max(peakBytes, memoryOf(child)?.highest || 0)
  }, MEMORY_MS)
  child.once('exit', (code, signal) => {
    clearInterval(reading)
    end = endOf(code, signal, lastWords)
    over.abort()
  })
  const port = await Promise.race([portOf(child).catch(() => null), wait(BIND_MS, null, { ref: false })])
  return {
    pid: child.pid,
    url: port === null ? null : `http://127.0.0.1:${port}`,
    bindMs: port === null ? Number.POSITIVE_INFINITY : performance.now() - startedAt,
    over: over.signal,
    end: () => end,
    peakBytes: () => peakBytes,
    stop: async () => {
      if (over.signal.aborted) return
      const ended = new Promise((resolve) => over.signal.addEventListener('abort', resolve))
      child.kill('SIGTERM')
      await Promise.race([ended, wait(STOP_MS, null, { ref: false })])
      child.kill('SIGKILL')
      await ended
    },
  }
}

function endOf(code: number | null, signal: NodeJS.Signals | null, lastWords: string): string {
  if (/JavaScript heap out of memory/.test(lastWords)) return 'out of heap'
  // The kernel's way to end what is over its limit. Our own comes after the verdict.
  return signal === 'SIGKILL' ? 'over the limit' : (signal ?? `exit ${code}`)
}

/** A token as an operator makes it. */
export function tokenByCommand(subject: string): string {
  return execFileSync(
    process.execPath,
    ['dist/cli/porthole.js', 'token', 'create', '--sub', subject, '--role', 'admin', '--expires', '12h'],
    { env: { PATH: process.env['PATH'] ?? '', JWT_SECRET: SECRET }, encoding: 'utf8' },
  ).trim()
}
