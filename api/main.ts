import { isatty } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import { isEntry } from './cli/entry.js'
import { EXIT_FAILURE, EXIT_USAGE } from './cli/exit-code.js'
import { type Config, describeFaults, loadConfig } from './config/config.js'
import { CONFIG_FILES } from './config/config-files.js'
import { createLog, type Log, openStandardOutput } from './log.js'
import { TlsIdentityError } from './model/error.js'
import { createService, type Service, type ServiceParts } from './service.js'

/**
 * How much the heap may grow before a full collection, in percent of what the last one left. V8's default is about 100. Engine
 * calls last seconds, so their garbage is old when it becomes free, and most of the memory was garbage
 * (docs/decisions/0014-a-small-heap.md).
 */
const HEAP_GROWING_PERCENT = 40

/** A stop that takes longer has hung. The process then exits by itself, so that no supervisor has to kill it. */
const STOP_DEADLINE_MS = 4_500

type Environment = Readonly<Record<string, string | undefined>>

export interface RunOptions {
  readonly parts?: ServiceParts
  /** Runs after the service has stopped, or if it never started. */
  readonly onStopped?: () => Promise<void>
}

/** The process: environment -> configuration -> service -> signals. Sets the exit code and never throws. */
export async function runService(environment: Environment, options: RunOptions = {}): Promise<void> {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`)
  const loaded = loadConfig(environment, CONFIG_FILES, Date.now())
  if (loaded.faults !== undefined) {
    process.stderr.write(`porthole: the configuration is not valid:\n${describeFaults(loaded.faults)}\n`)
    process.exitCode = EXIT_USAGE
    await options.onStopped?.()
    return
  }
  const { config } = loaded
  const output = openStandardOutput()
  const log = createLog(config.logLevel, output)
  let service: Service | null = null
  const stop = stopOnSignal(log, async () => {
    await service?.stop()
    await options.onStopped?.()
    log.info('stopped')
    await output.close()
  })
  try {
    service = createService(config, { log, records: output }, options.parts)
    const port = await service.start()
    if (port === null) return
    log.info({ address: config.listen.host, port, authentication: config.auth !== null }, 'listening')
    if (config.auth === null)
      log.warn('authentication is off: every process on this machine that reaches this port may read')
  } catch (error) {
    process.stderr.write(`porthole: ${startFailure(error, config)}\n`)
    process.exitCode = EXIT_FAILURE
    await stop()
  }
}

function startFailure(error: unknown, config: Config): string {
  if (error instanceof TlsIdentityError) return `TLS to the engine failed: ${error.message}`
  const code = (error as NodeJS.ErrnoException).code
  const where = `${config.listen.host}:${config.listen.port}`
  if (code === 'EADDRINUSE') return `${where} is in use: stop what listens there, or set PORT`
  if (code === 'EACCES') return `${where} may not be bound by this user: set PORT to 1024 or above`
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') return `${where} is no address of this machine: check HOST`
  return error instanceof Error ? error.message : 'the start failed'
}

/**
 * Stops on SIGTERM, SIGINT or SIGHUP. A second signal, or a stop that hangs, ends the process at once.
 *
 * SIGHUP says that the terminal was closed. Nothing is read anew: files are watched, and settings are read at the start alone. A
 * terminal may send it twice, through its shell and by itself, so a second one does not hurry the stop.
 */
function stopOnSignal(log: Log, stop: () => Promise<void>): () => Promise<void> {
  const hasTerminal = [0, 1, 2].some((descriptor) => isatty(descriptor))
  let stopping: Promise<void> | null = null
  const once = () => {
    stopping ??= stop()
    return stopping
  }
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping !== null && signal === 'SIGHUP') return
    if (stopping !== null) process.exit(EXIT_FAILURE)
    log.info({ signal }, 'stopping')
    setTimeout(() => process.exit(EXIT_FAILURE), STOP_DEADLINE_MS).unref()
    void once().then(() => {
      if (signal !== 'SIGHUP' || !hasTerminal) return
      // Node aborts as it exits, with a core dump, where it cannot reset a terminal that is gone. The signal ends it before that.
      process.off(signal, onSignal)
      process.kill(process.pid, signal)
    })
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  process.on('SIGHUP', onSignal)
  return once
}

/** `npm start` runs this file; `porthole serve` imports it. */
if (isEntry(import.meta.url)) void runService(process.env)
