// Looks for secrets in what is about to be committed, or with --all in every file of the tree. Says what and where, and never
// the secret. --accept writes down those that are in the tree now as made up. Works on the working directory.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import {
  MAX_FILE_BYTES,
  readStagedFile,
  readTreeFile,
  type Source,
  stagedPaths,
  treePaths,
} from './supply/secret-files.js'
import { type Finding, isSecretFile, MARKER, secretsIn } from './supply/secret-rules.js'

/** One line a secret: the beginning of its SHA-256 and the file that may hold it. */
const ACCEPTED_FILE = 'scripts/secrets-accepted.txt'

const USAGE = `Usage: npm run secrets -- [--all | --accept]

Without an option: what is staged. --all: the whole tree, which scripts/test asks for. --accept: write what the tree holds
to ${ACCEPTED_FILE}; look at each of them first.`

const [mode = '--staged', ...more] = process.argv.slice(2)
if (more.length > 0 || !['--staged', '--all', '--accept'].includes(mode)) {
  console.error(USAGE)
  process.exit(2)
}

const paths = mode === '--staged' ? stagedPaths() : treePaths()
const read = mode === '--staged' ? readStagedFile : readTreeFile
const accepted = readAccepted()
let faults = 0
let skipped = 0
const found: string[] = []

for (const path of paths) {
  if (isSecretFile(path)) report(`${path}: is a file of the kind that holds secrets`)
  const source = read(path)
  if (source === undefined) skipped += 1
  else look(source)
}
finish()

function look(source: Source): void {
  if (source.cut) console.error(`secret-scan: ${source.path}: only the first ${MAX_FILE_BYTES} bytes were looked at`)
  const reported = new Set<number>()
  for (const finding of secretsIn(source.text)) {
    const entry = `${finding.hash} ${source.path}`
    found.push(entry)
    if (accepted.has(entry) || !isAdded(source, finding) || reported.has(finding.line)) continue
    reported.add(finding.line)
    if (mode !== '--accept') report(`${source.path}:${finding.line}: ${finding.what}`)
  }
}

function isAdded({ added }: Source, { line, lastLine }: Finding): boolean {
  return added === undefined || added.some(({ first, last }) => first <= lastLine && line <= last)
}

function report(fault: string): void {
  faults += 1
  console.error(`secret-scan: ${fault}`)
}

function finish(): void {
  if (mode === '--accept') {
    const entries = [...new Set(found)].sort((a, b) => byPath(a).localeCompare(byPath(b), 'en'))
    writeFileSync(ACCEPTED_FILE, entries.map((entry) => `${entry}\n`).join(''))
    console.log(`secret-scan: ${entries.length} accepted in ${ACCEPTED_FILE}`)
  } else if (faults > 0) {
    console.error(`secret-scan: a real secret does not belong into git; replace it if it ever was there. A made-up one says
so: "planted" or "example" in it, or a comment "${MARKER}" on its line or the one before`)
    process.exitCode = 1
  } else {
    console.log(`secret-scan: nothing in ${paths.length - skipped} files${skipped > 0 ? `, ${skipped} binary` : ''}`)
  }
}

function readAccepted(): ReadonlySet<string> {
  if (!existsSync(ACCEPTED_FILE)) return new Set()
  return new Set(readFileSync(ACCEPTED_FILE, 'utf8').split('\n').filter(Boolean))
}

function byPath(entry: string): string {
  return entry.slice(entry.indexOf(' ') + 1) + entry
}
