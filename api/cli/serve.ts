import { loadConfig } from '../config/config.js'
import { CONFIG_FILES } from '../config/config-files.js'
import { type Arguments, type Command, UsageError } from './usage.js'

/** The simulated engine's containers unless told otherwise, and the most that it is asked for in earnest. */
const DEMO_CONTAINERS = 12
const MAX_DEMO_CONTAINERS = 5_000

const HELP = `Usage: porthole serve [--demo | --or-demo] [--demo-containers N]

Serves the API, configured by the environment (docs/configuration.md), until SIGTERM or SIGINT.

Options:
  --demo               serve the built-in simulated engine instead of a real one
  --or-demo            serve it only where the configured engine does not answer, and say so
  --demo-containers N  how many containers it simulates (default ${DEMO_CONTAINERS}, at most ${MAX_DEMO_CONTAINERS})
  -h, --help           this text

The simulated engine is refused with NODE_ENV=production.
`

export const serve: Command = {
  name: 'serve',
  purpose: 'serve the API',
  help: HELP,
  options: {
    demo: { type: 'boolean' },
    'or-demo': { type: 'boolean' },
    'demo-containers': { type: 'string' },
  },
  run: serveApi,
}

/** Loads the service on demand: it is four fifths of what this program would load, and no other command needs it. */
async function serveApi(given: Arguments): Promise<void> {
  const containers = readCount(given.text('demo-containers'))
  const mayDemo = given.flag('demo') || given.flag('or-demo')
  if (mayDemo && process.env['NODE_ENV'] === 'production')
    throw new UsageError('serve: the simulated engine is refused with NODE_ENV=production')
  const why = given.flag('demo') ? 'It was asked for.' : given.flag('or-demo') ? await silence() : null
  if (why === null) await (await import('../main.js')).runService(process.env)
  else await (await import('./serve-demo.js')).runDemo(process.env, containers, why)
}

/** Why there is nothing to serve; null where an engine answers, and where the configuration is the service's to refuse. */
async function silence(): Promise<string | null> {
  const loaded = loadConfig(process.env, CONFIG_FILES, Date.now())
  if (loaded.faults !== undefined) return null
  const { probeEngine } = await import('./serve-demo.js')
  const reasons = await Promise.all(loaded.config.hosts.map(({ endpoint }) => probeEngine(endpoint)))
  return reasons.includes(null) ? null : reasons.join('\n  ')
}

function readCount(text: string | undefined): number {
  if (text === undefined) return DEMO_CONTAINERS
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (count >= 1 && count <= MAX_DEMO_CONTAINERS) return count
  throw new UsageError(`serve: --demo-containers takes a whole number from 1 to ${MAX_DEMO_CONTAINERS}`)
}
