// The packages that production runs with, as package-lock.json has them. npm's own `--omit dev` is not asked: in `npm sbom`
// it also leaves out what a development tool happens to depend on as well (docs/decisions/0020-supply-chain.md).
import { readFileSync } from 'node:fs'

export interface LockEntry {
  readonly version?: string
  /** Set where only development tools lead to the package. */
  readonly dev?: boolean
  readonly link?: boolean
  /** The package's real name, where it is installed under another. */
  readonly name?: string
  readonly license?: unknown
}

export interface LockedPackage {
  readonly name: string
  readonly version: string
  /** Where it stands below the project, as in `node_modules/zod`. */
  readonly path: string
  readonly license: unknown
}

export type LockEntries = Readonly<Record<string, LockEntry>>

export function productionPackages(entries: LockEntries): readonly LockedPackage[] {
  return Object.entries(entries)
    .filter(([path, entry]) => path !== '' && entry.dev !== true && entry.link !== true)
    .map(([path, { name, version, license }]) => ({
      name: name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
      version: version ?? '',
      path,
      license,
    }))
}

export function readLock(): LockEntries {
  const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: LockEntries }
  return lock.packages
}

/** One name and version is one package, however often it is installed. */
export function idOf({ name, version }: Pick<LockedPackage, 'name' | 'version'>): string {
  return `${name}@${version}`
}
