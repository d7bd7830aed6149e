import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs'
import { join } from 'node:path'

/** A text to look through. */
export interface Source {
  readonly path: string
  readonly text: string
  /** The file is longer than what was read of it. */
  readonly cut: boolean
  /** The lines that a commit adds; undefined means all. */
  readonly added?: readonly LineRange[]
}

interface LineRange {
  readonly first: number
  readonly last: number
}

/** Our sources are under 100 KB; the longest text in the tree is the lock. */
export const MAX_FILE_BYTES = 1024 * 1024

/** As git recognises binary files: by a NUL near the beginning. */
const BINARY_WITHIN = 8000

/** Paths on one command line of git, and what it says of them. */
const MAX_LIST_BYTES = 16 * 1024 * 1024

/** Every file below the working directory that .gitignore does not name: with or without git, staged or not. */
export function treePaths(): readonly string[] {
  const ignored = ignoreRules(readIgnoreFile())
  const found: string[] = []
  const visit = (folder: string) => {
    for (const entry of readdirSync(folder === '' ? '.' : folder, { withFileTypes: true })) {
      if (entry.name === '.git' || ignored(entry.name)) continue
      const path = folder === '' ? entry.name : join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.isFile()) found.push(path)
    }
  }
  visit('')
  return found.sort()
}

/** .gitignore's plain lines: `name`, `name/` and `*.ending`, anywhere in the tree. Others hide nothing from the scan. */
function ignoreRules(lines: readonly string[]): (name: string) => boolean {
  const names = new Set(lines.map((line) => line.replace(/\/$/, '')))
  const endings = lines.filter((line) => line.startsWith('*.')).map((line) => line.slice(1))
  return (name) => names.has(name) || endings.some((ending) => name.endsWith(ending))
}

function readIgnoreFile(): readonly string[] {
  try {
    return readFileSync('.gitignore', 'utf8').split('\n').filter(Boolean)
  } catch {
    return []
  }
}

export function readTreeFile(path: string): Source | undefined {
  const file = openSync(path, 'r')
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES + 1)
    return sourceOf(path, buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0)))
  } finally {
    closeSync(file)
  }
}

/** What the next commit adds or changes. */
export function stagedPaths(): readonly string[] {
  return git('diff', '--cached', '--name-only', '-z', '--diff-filter=ACMRT').split('\0').filter(Boolean)
}

/** The file as it stands in the index, which may be neither in the working tree nor in the last commit. */
export function readStagedFile(path: string): Source | undefined {
  // Past maxBuffer git is stopped, and what it wrote so far is used.
  const blob = spawnSync('git', ['cat-file', 'blob', `:0:${path}`], { maxBuffer: MAX_FILE_BYTES + 1 })
  const stopped = blob.error !== undefined && 'code' in blob.error && blob.error.code === 'ENOBUFS'
  // Another repository that stands below this one has no text here.
  if (blob.status !== 0 && !stopped) return undefined
  const source = sourceOf(path, blob.stdout)
  if (source === undefined) return undefined
  return { ...source, cut: source.cut || stopped, added: addedLines(path) }
}

function addedLines(path: string): readonly LineRange[] {
  const options = ['--cached', '--unified=0', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames']
  return rangesIn(git('--literal-pathspecs', 'diff', ...options, '--', path))
}

/** Only a hunk's own header begins with @@: what it holds begins with a sign. */
export function rangesIn(diff: string): readonly LineRange[] {
  return [...diff.matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm)].map(([, first, count = '1']) => ({
    first: Number(first),
    last: Number(first) + Number(count) - 1,
  }))
}

function sourceOf(path: string, content: Buffer): Source | undefined {
  if (content.subarray(0, BINARY_WITHIN).includes(0)) return undefined
  return { path, text: content.toString('utf8', 0, MAX_FILE_BYTES), cut: content.length > MAX_FILE_BYTES }
}

function git(...args: string[]): string {
  return execFileSync('git', args, {
    encoding: 'utf8',
    maxBuffer: MAX_LIST_BYTES,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
}
