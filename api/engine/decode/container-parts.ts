import type { Port } from '../../model/container.js'

/** Ports of one container: nobody reads all of them where a range of thousands is published. */
const MAX_PORTS = 512

/** Mounts of one container. */
export const MAX_MOUNTS = 128

/** Networks of one container, and aliases of each. */
export const MAX_NETWORKS = 64

/** A container that others link to is listed with their names for it too: `/shop-db` and `/shop-web/db`. */
export function nameOf(names: readonly string[], id: string): string {
  const plain = names.map((name) => (name.startsWith('/') ? name.slice(1) : name)).filter((name) => name !== '')
  return plain.find((name) => !name.includes('/')) ?? plain[0] ?? id.slice(0, 12)
}

/** The engine gives ports in another order each time. */
export function sortPorts(ports: readonly Port[]): readonly Port[] {
  return ports
    .toSorted(
      (a, b) =>
        a.containerPort - b.containerPort ||
        compare(a.protocol, b.protocol) ||
        compare(a.ip ?? '', b.ip ?? '') ||
        (a.hostPort ?? 0) - (b.hostPort ?? 0),
    )
    .slice(0, MAX_PORTS)
}

export function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
