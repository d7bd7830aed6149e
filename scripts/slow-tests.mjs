// Which tests the edit loop (npm run test:fast) leaves out. A test file is slow by its folder, or says so in its first
// comment: /** @slow: it waits for real seconds */. scripts/checks.mjs names files that are slow and do not say so.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** What runs processes of the built service, an engine, or an image. */
export const SLOW_FOLDERS = ['test/service', 'test/engine-real', 'test/deploy']

/** What judges wall-clock time runs alone and last, so that no test beside it decides whether it is quick enough. */
export const TIMING_FILES = '\\.timing\\.test\\.ts$'

/** Milliseconds that a file may take on two cores, so that 100 files without a mark take less than a minute. */
const SLOW_MS = 5_000

const MARK = /^\/\*\*\s+(?:\* )?@slow: /

export function isMarkedSlow(text) {
  return MARK.test(text)
}

/** Every test file that marks itself slow, as a path from the root. */
export function markedTests(root) {
  return readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => isMarkedSlow(readFileSync(path, 'utf8')))
    .map((path) => relative(root, path))
    .sort()
}

/** A line for each file of Jest's results that took long, has no mark, and is not slow by its folder. */
export function unmarkedSlowLines(testResults, root) {
  const marked = markedTests(root)
  const isKnown = (path) =>
    marked.includes(path) ||
    new RegExp(TIMING_FILES).test(path) ||
    SLOW_FOLDERS.some((folder) => path.startsWith(`${folder}/`))
  return testResults
    .map(({ name, startTime, endTime }) => ({ path: relative(root, name), milliseconds: endTime - startTime }))
    .filter(({ path, milliseconds }) => milliseconds > SLOW_MS && !isKnown(path))
    .map(({ path, milliseconds }) => `${path} took ${(milliseconds / 1000).toFixed(1)} s: mark it @slow, or mend it`)
}
