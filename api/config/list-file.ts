import type { z } from 'zod'
import { isJsonObject } from '../model/json-object.js'
import { parseStrictJson } from '../model/strict-json.js'

/** What is wrong in a file, and where. Never quotes a value, which may be a misplaced secret. */
export interface FileFault {
  /** Such as `users[3].roles`; null for the whole file. */
  readonly place: string | null
  /** Follows the place in a sentence. */
  readonly problem: string
  /** Null if the problem already says what must be there. */
  readonly remedy: string | null
}

type Faulty = { readonly faults: readonly FileFault[]; readonly entries?: never }
export type ListFile<T> = { readonly entries: readonly T[]; readonly faults?: never } | Faulty

interface ListFileForm {
  /** The only member of the file's object, a list. */
  readonly member: string
  readonly maxEntries: number
  /** Characters of the whole file. */
  readonly maxLength: number
}

/** Faults that are shown. A file of the wrong kind has one in every line. */
const MAX_SHOWN_FAULTS = 50

/** The unchecked entries of a file `{"<member>": [...]}`. */
export function readListFile(text: string, { member, maxEntries, maxLength }: ListFileForm): ListFile<unknown> {
  if (text.length > maxLength) return wrong(null, `is longer than ${maxLength} characters`)
  const json = parseStrictJson(text)
  if (json === null) return wrong(null, 'is no JSON, or an object in it names a member twice')
  const { value } = json
  const listed = isJsonObject(value) && Object.keys(value).join() === member ? value[member] : null
  if (!Array.isArray(listed)) return wrong(null, `must be one object with the one member "${member}", a list`)
  if (listed.length < 1 || listed.length > maxEntries) return wrong(member, `must list 1 to ${maxEntries} ${member}`)
  return { entries: listed }
}

/**
 * The faults that zod found in the entry at `place`: one per member, in the schema's words, and one per unknown member, in the
 * words of `describeUnknown`.
 */
export function faultsOf(
  { issues }: z.core.$ZodError,
  place: string,
  describeUnknown: (member: string) => string,
): FileFault[] {
  const faults = new Map<string, FileFault>()
  for (const issue of issues) {
    const at = issue.path.length === 0 ? place : `${place}.${String(issue.path[0])}`
    const problems =
      issue.code === 'unrecognized_keys' && issue.path.length === 0 ? issue.keys.map(describeUnknown) : [issue.message]
    for (const problem of problems) faults.set(`${at} ${problem}`, { place: at, problem, remedy: null })
  }
  return [...faults.values()]
}

/** The faults to show, and the number of others. */
export function firstFaults(faults: readonly FileFault[]): {
  readonly shown: readonly FileFault[]
  readonly more: number
} {
  return { shown: faults.slice(0, MAX_SHOWN_FAULTS), more: Math.max(0, faults.length - MAX_SHOWN_FAULTS) }
}

/** One line per fault. */
export function describeFileFaults(faults: readonly FileFault[]): string[] {
  const { shown, more } = firstFaults(faults)
  return [...shown.map(describe), ...(more > 0 ? [`and ${more} more`] : [])]
}

function describe({ place, problem, remedy }: FileFault): string {
  if (place === null) return `the file ${problem}`
  return remedy === null ? `${place}: ${problem}` : `${place} ${problem}: ${remedy}`
}

function wrong(place: string | null, problem: string): Faulty {
  return { faults: [{ place, problem, remedy: null }] }
}
