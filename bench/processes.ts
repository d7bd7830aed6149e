// Shared by the benches: servers as separate processes, and what they cost.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { signToken } from '../api/auth/token.js'
import { secretKey } from '../api/config/token-keys.js'
import { SCOPES } from '../api/model/scope.js'

/** Clock ticks a second in /proc/PID/stat: 100 on every Linux that Node runs on. */
export const MICROSECONDS_PER_TICK = 10_000

export const SECRET = randomBytes(48).toString('base64')

const children: ChildProcess[] = []

/** Ends all processes that this module started. */
export function endAll(): void {
  for (const child of children) child.kill('SIGTERM')
}

/** Every scope, for an hour. */
export function tokenFor(subject: string): string {
  const key = secretKey(SECRET)
  const keys = { signingKey: key, verificationKeys: [key] }
  const settings = { algorithm: 'HS256', ...keys, issuer: 'porthole', audience: 'porthole' } as const
  return signToken(settings, { subject, scopes: SCOPES, selectors: [], lifetimeSeconds: 3_600 }, Date.now())
}

/** The built service in production mode, with limits out of the way. */
export function startOurs(environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['dist/main.js'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_ENV: 'production',
      JWT_SECRET: SECRET,
      PORT: '0',
      RATE_LIMIT_GENERAL: '1000000000',
      RATE_LIMIT_STATS: '1000000000',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

export function startChild(file: string, environment: Record<string, string>): ChildProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', file], {
    env: { PATH: process.env['PATH'] ?? '', NODE_ENV: 'production', ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  children.push(child)
  return child
}

export function firstLine(child: ChildProcess): Promise<string> {
  return lineOf(child, (text) => text !== '')
}

export async function portOf(child: ChildProcess): Promise<number> {
  const line = await lineOf(child, (text) => text.includes('"listening"'))
  return JSON.parse(line).port
}

/** Keeps reading after the wanted line, so that a full pipe never blocks the child. */
export function lineOf(child: ChildProcess, isWanted: (line: string) => boolean): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    let isFound = false
    child.stdout?.on('data', (chunk) => {
      if (isFound) return
      text += chunk
      const line = text.split('\n').slice(0, -1).find(isWanted)
      if (line === undefined) return
      isFound = true
      resolve(line)
    })
    child.once('exit', (code) => reject(new Error(`a server ended with exit code ${code}`)))
  })
}

/** User and system time in clock ticks. */
export function cpuOf({ pid }: { readonly pid?: number | undefined }): number | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return Number(fields[11]) + Number(fields[12])
  } catch {
    return null
  }
}

/** Resident memory now and at its peak, in bytes; null without /proc. */
export function memoryOf({ pid }: ChildProcess): { readonly now: number; readonly highest: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1])
    return { now: kilobytes('VmRSS') * 1024, highest: kilobytes('VmHWM') * 1024 }
  } catch {
    return null
  }
}

export function print(rows: readonly (readonly string[])[]): void {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? []
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  '),
    )
}
