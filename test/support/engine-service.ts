import type { Config } from '../../api/config/config.js'
import { createLog } from '../../api/log.js'
import type { EngineEndpoint } from '../../api/model/endpoint.js'
import { createService } from '../../api/service.js'
import { eventually } from './eventually.js'
import { type Answered, answered, type RunningService, serviceConfig } from './start-service.js'
import { tokenFor } from './tokens.js'

/** A real engine takes up to 2 s for a reading, and a container's rates need two of them. */
const SAMPLED_MS = 15_000

// biome-ignore lint/suspicious/noExplicitAny: a test looks into answers of every shape
type Item = any

export interface EngineService extends RunningService {
  /** The items of a list. */
  items(path: string, token?: string): Promise<readonly Item[]>
  /** The one host, as GET /api/hosts shows it. */
  host(): Promise<Item>
  /** A container of the list, by its whole name. */
  container(name: string): Promise<Item | undefined>
  /** Waits until every running container has a sample with rates. */
  sampled(): Promise<void>
}

/** The whole service over a real engine, with production deadlines and bounds. */
export async function serveEngine(
  endpoint: EngineEndpoint,
  changes: Partial<Config> = {},
  token = tokenFor(),
): Promise<EngineService> {
  const lines: string[] = []
  const config = serviceConfig(endpoint, changes)
  const records: string[] = []
  const log = createLog(config.logLevel, { write: (line) => lines.push(line) })
  const service = createService(config, { log, records: { write: (line) => records.push(line) } })
  const port = (await service.start()) ?? 0
  const url = `http://127.0.0.1:${port}`

  async function get(path: string, given = token): Promise<Answered> {
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${given}` } })
    return answered(answer)
  }

  async function items(path: string, given = token): Promise<readonly Item[]> {
    const { status, text, body } = await get(path, given)
    if (status !== 200) throw new Error(`GET ${path}: ${text}`)
    return body.items
  }

  return {
    url,
    port,
    records,
    lines,
    get,
    items,
    host: async () => (await items('/api/hosts'))[0],
    container: async (name) => (await items(`/api/containers?name=${name}`)).find((item) => item.name === name),
    async sampled() {
      const isComplete = (rows: readonly Item[]) => rows.length > 0 && rows.every(({ cpu }) => cpu.percent !== null)
      await eventually(() => items('/api/stats'), isComplete, SAMPLED_MS)
    },
    stop: () => service.stop(),
  }
}

/** An endpoint on this machine. */
export function unixEndpoint(socketPath: string): EngineEndpoint {
  return { kind: 'unix', socketPath }
}
