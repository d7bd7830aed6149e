import { execFileSync } from 'node:child_process'

/** Of 203.0.113.0/24, which belongs to no machine (RFC 5737). */
const ENGINE_ADDRESS = '203.0.113.1'
const CLIENT_ADDRESSES = ['203.0.113.2', '203.0.113.3'] as const

export interface TwoMachines {
  /** Network namespaces, by their paths. */
  readonly engine: string
  readonly clients: string
  /** By which each reaches the other. */
  readonly engineAddress: string
  readonly clientAddresses: readonly [string, string]
  remove(): void
}

/** Two network namespaces with a cable between them, and none to this machine: its firewall sees no packet. Needs root. */
export function makeTwoMachines(): TwoMachines {
  const [engine, clients] = [`phe${process.pid}`, `phc${process.pid}`]
  const remove = () => {
    // The cable goes with them.
    for (const name of [engine, clients]) removeNamespace(name)
  }
  try {
    makeNamespace(engine)
    makeNamespace(clients)
    ip('-n', engine, 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', clients)
    ip('-n', engine, 'addr', 'add', `${ENGINE_ADDRESS}/24`, 'dev', 'cable')
    for (const address of CLIENT_ADDRESSES) ip('-n', clients, 'addr', 'add', `${address}/24`, 'dev', 'cable')
    for (const name of [engine, clients]) ip('-n', name, 'link', 'set', 'cable', 'up')
    ip('-n', engine, 'route', 'add', 'default', 'via', CLIENT_ADDRESSES[0])
  } catch (error) {
    remove()
    throw error
  }
  return {
    engine: pathOf(engine),
    clients: pathOf(clients),
    engineAddress: ENGINE_ADDRESS,
    clientAddresses: CLIENT_ADDRESSES,
    remove,
  }
}

/** A network namespace with nothing but its loopback; gives its path. */
export function makeNamespace(name: string): string {
  ip('netns', 'add', name)
  ip('-n', name, 'link', 'set', 'lo', 'up')
  return pathOf(name)
}

export function removeNamespace(name: string): void {
  const names = ip('netns', 'list')
    .split('\n')
    .map((line) => line.split(' ')[0])
  if (names.includes(name)) ip('netns', 'del', name)
}

function pathOf(name: string): string {
  return `/var/run/netns/${name}`
}

/** ip(8), with its output. */
export function ip(...args: string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}
