// Every package that production runs with is under a licence that Porthole may be shipped with. What is installed is asked,
// since that is what ships; the lock speaks for packages of other platforms.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { countLicences, licenceFaults } from './supply/licence-rules.js'
import { type LockedPackage, productionPackages, readLock } from './supply/lock.js'

const packages = productionPackages(readLock()).map((locked) => ({ ...locked, license: licenceStated(locked) }))
const faults = licenceFaults(packages)
for (const fault of faults) console.error(`licences: ${fault}`)
if (faults.length > 0) {
  console.error(
    'licences: the list is in scripts/supply/licence-rules.ts; docs/decisions/0020-supply-chain.md says why',
  )
  process.exitCode = 1
} else {
  const counts = [...countLicences(packages)].map(([licence, count]) => `${licence} ${count}`)
  console.log(`licences: ${packages.length} packages in production: ${counts.join(', ')}`)
}

function licenceStated({ path, license }: LockedPackage): unknown {
  const manifest = join(path, 'package.json')
  if (!existsSync(manifest)) return license
  const stated = JSON.parse(readFileSync(manifest, 'utf8')) as { license?: unknown; licenses?: unknown }
  return stated.license ?? stated.licenses
}
