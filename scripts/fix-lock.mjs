// Completes package-lock.json where the registry in use lacks some platforms' optional binary packages: `npm install`
// then leaves them out of the lock without a word, and `npm ci` refuses that lock. Idempotent; --check changes nothing
// and exits 1 where an entry is missing. See docs/decisions/0002-toolchain.md.
import { readFileSync, writeFileSync } from 'node:fs'

const LOCK = new URL('../package-lock.json', import.meta.url)
const PLATFORM =
  /(android|darwin|freebsd|linux|win32|openharmony|aix|netbsd|openbsd|sunos|wasm32)-?(arm64|arm|x64|ia32|ppc64|s390x|riscv64|loong64|mips64el)?/

const lock = JSON.parse(readFileSync(LOCK, 'utf8'))
const packages = lock.packages
const missing = []

for (const [path, entry] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (packages[`node_modules/${name}`] || packages[`${path}/node_modules/${name}`]) continue
    const match = name.match(PLATFORM)
    if (!match) {
      console.error(`fix-lock: ${path} wants ${name}@${version}, which is missing and names no platform`)
      process.exitCode = 1
      continue
    }
    missing.push([`node_modules/${name}`, platformEntry(name, version, match, entry.dev === true)])
  }
}

if (process.argv.includes('--check')) {
  for (const [path] of missing) console.error(`fix-lock: ${path} is missing from package-lock.json`)
  if (missing.length > 0) {
    console.error('fix-lock: run `node scripts/fix-lock.mjs` and commit the lock')
    process.exitCode = 1
  }
} else if (missing.length > 0) {
  const sorted = [...Object.entries(packages), ...missing].sort(([a], [b]) => a.localeCompare(b, 'en'))
  lock.packages = Object.fromEntries(sorted)
  writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`fix-lock: added ${missing.length}`)
}

function platformEntry(name, version, [, os, cpu], dev) {
  const entry = { version, optional: true }
  if (os === 'wasm32') entry.cpu = ['wasm32']
  else {
    entry.os = [os]
    if (cpu) entry.cpu = [cpu]
  }
  if (dev) entry.dev = true
  if (/musl/.test(name)) entry.libc = ['musl']
  if (/linux.*gnu/.test(name)) entry.libc = ['glibc']
  return entry
}
