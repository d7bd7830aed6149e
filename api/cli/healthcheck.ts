import { get } from 'node:http'
import { type Clock, SYSTEM_CLOCK } from '../clock.js'
import type { Arguments, Command, Io } from './command.js'
import { isEntry } from './entry.js'
import { EXIT_FAILURE, EXIT_OK } from './exit-code.js'

/** Less than the 5 s after which the engine ends a check (the Dockerfile's HEALTHCHECK), which would give no reason. */
const ANSWER_MS = 4_000

const ANY_ADDRESS: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
])

type Surroundings = Pick<Io, 'env' | 'stderr' | 'clock'>

const HELP = `Usage: porthole healthcheck

Asks the service on this machine once whether it is alive, at HOST and PORT as the service reads them. It says nothing of
the engines: one that is down is data, and no reason to restart what says so.

Options:
  -h, --help  this text

Exit codes: 0 alive, 1 not (the reason goes to standard error), 2 asked for wrongly.
`

export const healthcheck: Command = {
  name: 'healthcheck',
  help: HELP,
  options: {},
  run: (_given: Arguments, io: Io) => check(io),
}

/** Docker stores standard error as the output of the check. */
async function check({ env, stderr, clock }: Surroundings): Promise<number> {
  const { HOST, PORT } = env
  // An empty variable counts as absent, as everywhere.
  const host = HOST || '127.0.0.1'
  const fault = await askAlive(ANY_ADDRESS.get(host) ?? host, PORT || '3000', clock)
  if (fault === null) return EXIT_OK
  stderr.write(`healthcheck: ${fault}\n`)
  return EXIT_FAILURE
}

/** Why the check fails; null if the service answers that it is alive. */
async function askAlive(host: string, port: string, clock: Clock): Promise<string | null> {
  const patience = new AbortController()
  const cancel = clock.after(ANSWER_MS, () => patience.abort())
  const fault = await new Promise<string | null>((resolve) => {
    const fail = ({ code, name }: NodeJS.ErrnoException) => resolve(code ?? name)
    const options = { host, port, path: '/health/live', agent: false, signal: patience.signal }
    try {
      get(options, (response) => {
        resolve(response.statusCode === 200 ? null : `answered ${response.statusCode}`)
        response.destroy()
      }).on('error', fail)
    } catch (error) {
      // An invalid port fails before anything is sent.
      fail(error as Error)
    }
  })
  cancel()
  return fault
}

/**
 * The image's HEALTHCHECK runs this file directly, every half minute in every container, so it does not load the argument
 * parser. It needs neither a shell nor curl.
 */
if (isEntry(import.meta.url))
  void check({ env: process.env, stderr: process.stderr, clock: SYSTEM_CLOCK }).then((code) => process.exit(code))
