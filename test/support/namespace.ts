import { execFileSync } from 'node:child_process'

/** Of 203.0.113.0/24, which is nobody's (RFC 5737): eight addresses for each process of tests. */
const BLOCK = 8

export interface Namespace {
  readonly path: string
  /** The machine in it, as it is reached from here. */
  readonly inside: string
  /** Two addresses of this side, by which it is reached from there. */
  readonly outside: readonly [string, string]
  remove(): void
}

/** A network namespace, joined to this machine by a cable: a second machine as far as networks go. Needs root. */
export function makeNamespace(): Namespace {
  const name = `phn${process.pid}`
  const first = (process.pid % (256 / BLOCK)) * BLOCK
  const [near, far, other] = [1, 2, 3].map((last) => `203.0.113.${first + last}`) as [string, string, string]
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const inNamespace = (...args: string[]) => ip('-n', name, ...args)
  ip('netns', 'add', name)
  ip('link', 'add', `${name}a`, 'type', 'veth', 'peer', 'name', `${name}b`)
  ip('link', 'set', `${name}b`, 'netns', name)
  for (const address of [near, other]) ip('addr', 'add', `${address}/29`, 'dev', `${name}a`)
  ip('link', 'set', `${name}a`, 'up')
  inNamespace('addr', 'add', `${far}/29`, 'dev', `${name}b`)
  inNamespace('link', 'set', `${name}b`, 'up')
  inNamespace('link', 'set', 'lo', 'up')
  inNamespace('route', 'add', 'default', 'via', near)
  return {
    path: `/var/run/netns/${name}`,
    inside: far,
    outside: [near, other],
    remove: () => {
      ip('link', 'del', `${name}a`)
      ip('netns', 'del', name)
    },
  }
}
