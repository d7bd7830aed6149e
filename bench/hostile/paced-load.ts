import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/** Dashboards ask for less; more would measure the queue. */
const PER_SECOND = 40
/** Enough that requests need not wait for each other, unless the service stands still. */
const CONNECTIONS = 16
/** Milliseconds after which a request is given up, and counts as failed. */
const PATIENCE_MS = 10_000

export interface Load {
  readonly path: string
  /** Milliseconds of each answered request, from when it was due. */
  readonly milliseconds: number[]
  failures: number
}

/**
 * Asks for each path at a fixed pace, over connections that stay open, whether or not earlier requests are answered: a request that
 * waits behind a stop is as slow as it is for a client. Ends early with `over`.
 */
export async function load(
  url: string,
  token: string,
  paths: readonly string[],
  seconds: number,
  over: AbortSignal,
  onAnswer: () => void = () => {},
): Promise<readonly Load[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS })
  const loads = paths.map((path): Load => ({ path, milliseconds: [], failures: 0 }))
  const asked: Promise<void>[] = []
  const startedAt = performance.now()
  for (let i = 0; i < seconds * PER_SECOND && !over.aborted; i += 1) {
    const due = startedAt + (i * 1_000) / PER_SECOND
    const early = due - performance.now()
    if (early > 0) await wait(early)
    for (const one of loads) asked.push(ask(agent, url, token, one, due).then(onAnswer))
  }
  const late = wait(PATIENCE_MS).then(() => agent.destroy())
  await Promise.race([Promise.all(asked), late])
  agent.destroy()
  await Promise.all(asked)
  return loads
}

async function ask(agent: Agent, url: string, token: string, load: Load, due: number): Promise<void> {
  const options = { agent, headers: { authorization: `Bearer ${token}` }, timeout: PATIENCE_MS }
  const status = await new Promise<number>((resolve) => {
    const sent = request(`${url}${load.path}`, options, (answer: IncomingMessage) => {
      answer.resume().on('close', () => resolve(answer.complete ? (answer.statusCode ?? 0) : 0))
    })
    sent.on('timeout', () => sent.destroy())
    sent.on('error', () => resolve(0))
    sent.end()
  })
  if (status !== 200) load.failures += 1
  load.milliseconds.push(performance.now() - due)
}

/** The value below which that share of them is; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
