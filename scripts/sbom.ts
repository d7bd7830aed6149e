// The software bill of materials of what production runs with, as CycloneDX JSON: to the path given, or to standard output.
// --check makes one, compares it with the lock and writes nothing.
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { productionPackages, readLock } from './supply/lock.js'
import { productionSbom, type Sbom, sbomFaults } from './supply/sbom.js'

/** npm reads the lock in a second or two; the document of some 700 packages is under 1 MB. */
const NPM_MS = 60_000
const MAX_BYTES = 64 * 1024 * 1024

const [target] = process.argv.slice(2)
const packages = productionPackages(readLock())
const { name } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string }
const sbom = productionSbom(everything(), packages, name)
const faults = sbomFaults(sbom, packages)
for (const fault of faults) console.error(`sbom: the document ${fault}`)

if (faults.length > 0) process.exitCode = 1
else if (target === '--check') console.log(`sbom: ${sbom.components.length} components, as the lock has them`)
else {
  const document = `${JSON.stringify(sbom, null, 2)}\n`
  if (target === undefined) process.stdout.write(document)
  else writeFileSync(target, document)
}

/** Of the lock alone, so that the document is the same on every platform. */
function everything(): Sbom {
  const options = ['--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only']
  const output = execFileSync('npm', ['sbom', ...options], {
    encoding: 'utf8',
    timeout: NPM_MS,
    maxBuffer: MAX_BYTES,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(output) as Sbom
}
