// The memory that docker-compose.yml gives the service, as a control group where this machine lets us make one.
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** mem_limit of docker-compose.yml. */
const LIMIT_BYTES = 384 * 1024 * 1024

/**
 * What V8 chooses under that limit, measured in a control group with Node 20, 22 and 24: 256 MB of old space, its least on 64 bits,
 * and semi-spaces of 1 MB (v8.getHeapStatistics().heap_size_limit is 259 MB).
 */
export const SHIPPED_HEAP = ['--max-old-space-size=256', '--max-semi-space-size=1']

/** Where memory groups are: cgroup v1 first, then v2. */
const PLACES = [
  { folder: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { folder: '/sys/fs/cgroup', limit: 'memory.max' },
]

export interface MemoryLimit {
  readonly description: string
  /** The command line that runs Node below the limit. */
  command(node: string, args: readonly string[]): readonly [string, ...string[]]
  remove(): void
}

export function limitMemory(): MemoryLimit {
  for (const place of PLACES) {
    const group = join(place.folder, `porthole-bench-${process.pid}`)
    try {
      mkdirSync(group)
    } catch {
      continue
    }
    try {
      if (!existsSync(join(group, place.limit))) throw new Error('no memory controller')
      writeFileSync(join(group, place.limit), String(LIMIT_BYTES))
      return groupLimit(group)
    } catch {
      rmdirSync(group)
    }
  }
  return {
    description: `no control group can be made here: ${SHIPPED_HEAP.join(' ')}`,
    command: (node, args) => [node, ...SHIPPED_HEAP, ...args],
    remove: () => {},
  }
}

function groupLimit(group: string): MemoryLimit {
  return {
    description: `control group ${group} of ${LIMIT_BYTES / 2 ** 20} MB, V8 chooses its heap by it`,
    // The shell joins the group and becomes Node, which so reads the limit as it starts, under the same process id.
    command: (node, args) => ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(group, 'cgroup.procs'), node, ...args],
    remove: () => rmdirSync(group),
  }
}
