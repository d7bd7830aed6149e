import { get } from 'node:http'

/** The engine ends a check after 5 s (the Dockerfile's HEALTHCHECK) and would call that a failure without a reason. */
const ANSWER_MS = 4_000

const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

/**
 * A container's health check: one request to the service beside it, so that the image needs neither a shell nor curl.
 * Alive is what is asked for, not ready: an engine that is down is data, and no reason to restart what says so.
 */
const { HOST, PORT } = process.env
// An empty variable counts as absent, as everywhere.
const host = HOST || '127.0.0.1'
const asked = get(
  {
    host: ANY_ADDRESS.get(host) ?? host,
    port: PORT || '3000',
    path: '/health/live',
    signal: AbortSignal.timeout(ANSWER_MS),
  },
  ({ statusCode }) => end(statusCode === 200 ? null : `answered ${statusCode}`),
)
asked.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name))

/** Docker keeps what is written here as the check's output. */
function end(fault: string | null): void {
  if (fault !== null) process.stderr.write(`healthcheck: ${fault}\n`)
  process.exit(fault === null ? 0 : 1)
}
