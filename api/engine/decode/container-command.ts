import { z } from 'zod'
import type { InspectedContainer } from '../../model/container.js'
import { type Scrubbed, scrubArguments } from '../../redaction/scrub.js'
import type { ScrubBudget } from '../../redaction/scrub-budget.js'
import { MAX_VALUE, optionalNumber, scrubCommandLine, strings, words } from './shape.js'
import type { Command } from './static-texts.js'

/** Names of environment variables of one container. */
const MAX_ENV_NAMES = 1_024

/** Arguments of a command. */
const MAX_ARGUMENTS = 256

const HEALTH_CHECK = z.object({
  Test: strings,
  Interval: optionalNumber,
  Timeout: optionalNumber,
  StartPeriod: optionalNumber,
  Retries: optionalNumber,
})

/** Of an inspect's `Config`, what a container runs and what it gives to that. */
export const COMMAND = {
  Cmd: words,
  Entrypoint: words,
  Healthcheck: HEALTH_CHECK.nullish(),
  Shell: strings,
  Env: strings,
}

type Config = z.infer<z.ZodObject<typeof COMMAND>>

/** Entrypoint and command are one command line, so a flag at the end of the first has its value at the beginning of the second. */
export function commandOf(config: Config, budget: ScrubBudget): Scrubbed<Command> {
  const entrypoint = (config.Entrypoint ?? []).slice(0, MAX_ARGUMENTS)
  const command = (config.Cmd ?? []).slice(0, MAX_ARGUMENTS)
  const looked = [...entrypoint, ...command]
  const { value: whole, redactions } = scrubArguments(looked, budget)
  const value = whole.map((argument) => argument.slice(0, MAX_VALUE))
  const healthCheck = healthCheckOf(config, budget)
  return {
    value: {
      entrypoint: value.slice(0, entrypoint.length),
      command: value.slice(entrypoint.length),
      healthCheck: healthCheck.value,
    },
    redactions: redactions + healthCheck.redactions,
  }
}

/** What a shell that is not named is (moby daemon/health.go, getShell). */
const DEFAULT_SHELL = ['/bin/sh', '-c']

const NANOSECONDS_PER_MILLISECOND = 1_000_000

/**
 * The command in one line and scrubbed as one, as events spell it. So an event of the health check is known by its command,
 * and no secret is held for that.
 */
function healthCheckOf(
  { Healthcheck, Shell }: Config,
  budget: ScrubBudget,
): Scrubbed<InspectedContainer['healthCheck']> {
  const [kind, ...test] = Healthcheck?.Test ?? []
  if (Healthcheck == null || (kind !== 'CMD' && kind !== 'CMD-SHELL')) return { value: null, redactions: 0 }
  const words = kind === 'CMD' ? test : [...(Shell.length > 0 ? Shell : DEFAULT_SHELL), ...test]
  const { value: command, redactions } = scrubCommandLine(words.join(' '), budget)
  const milliseconds = (nanoseconds: number | null) =>
    nanoseconds === null || nanoseconds <= 0 ? null : nanoseconds / NANOSECONDS_PER_MILLISECOND
  const value = {
    command,
    intervalMs: milliseconds(Healthcheck.Interval),
    timeoutMs: milliseconds(Healthcheck.Timeout),
    startPeriodMs: milliseconds(Healthcheck.StartPeriod),
    retries: Healthcheck.Retries || null,
  }
  return { value, redactions }
}

export function envNamesOf(env: readonly string[]): readonly string[] {
  return env
    .slice(0, MAX_ENV_NAMES)
    .map((entry) => entry.replace(/=.*$/s, ''))
    .filter((name) => name !== '')
}
