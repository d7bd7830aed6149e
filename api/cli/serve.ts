import { loadConfig } from '../config/config.js'
import { CONFIG_FILES } from '../config/config-files.js'
import { runService } from '../main.js'
import { type Arguments, type Command, type Io, UsageError } from './command.js'
import { EXIT_OK } from './exit-code.js'
import { probeEngine, runDemo } from './serve-demo.js'

/** Containers of the simulated engine: the default, and the most. */
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
  help: HELP,
  options: {
    demo: { type: 'boolean' },
    'or-demo': { type: 'boolean' },
    'demo-containers': { type: 'string' },
  },
  run: serveApi,
}

async function serveApi(given: Arguments, io: Io): Promise<number> {
  const containers = readCount(given.text('demo-containers'))
  const mayDemo = given.flag('demo') || given.flag('or-demo')
  if (mayDemo && io.env['NODE_ENV'] === 'production')
    throw new UsageError('serve: the simulated engine is refused with NODE_ENV=production')
  const why = given.flag('demo') ? 'It was asked for.' : given.flag('or-demo') ? await probeEngines(io) : null
  if (why === null) await runService(io.env)
  else await runDemo(io, containers, why)
  // The service runs on. If its start fails, runService sets the exit code.
  return EXIT_OK
}

/** Why there is no engine to serve; null if one answers, or if the configuration is faulty, which the service reports itself. */
async function probeEngines({ env, clock }: Io): Promise<string | null> {
  const loaded = loadConfig(env, CONFIG_FILES, clock.now())
  if (loaded.faults !== undefined) return null
  const reasons = await Promise.all(loaded.config.hosts.map(({ endpoint }) => probeEngine(endpoint)))
  return reasons.includes(null) ? null : reasons.join('\n  ')
}

function readCount(text: string | undefined): number {
  if (text === undefined) return DEMO_CONTAINERS
  const count = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN
  if (count >= 1 && count <= MAX_DEMO_CONTAINERS) return count
  throw new UsageError(`serve: --demo-containers takes a whole number from 1 to ${MAX_DEMO_CONTAINERS}`)
}
