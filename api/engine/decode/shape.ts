import { z } from 'zod'
import { ApiError } from '../../model/error.js'
import { rfc3339Milliseconds } from '../../model/rfc3339.js'
import { type Scrubbed, scrubLabels, scrubText } from '../../redaction/scrub.js'
import type { ScrubBudget } from '../../redaction/scrub-budget.js'

/*
 * The engine's words end here. Engines and podman leave out, or give as null, whatever a container has not got, so
 * nearly all is optional; what is there has to have its type. Secrets end here too: no value of Env gets any further.
 */

/** Paths that a fault names. */
const MAX_FAULT_PATHS = 5

/**
 * From here on a number is no limit: the kernel's and Go's spellings of "max" lie beyond it (2^63 and 2^64, less a page).
 */
const NO_LIMIT = 2 ** 62

/** Characters of a text that are looked at: an image's author writes it, and looking takes time. */
const MAX_SCRUBBED_VALUE = 8_192

/** Characters of it in an answer: a proxy's longest rule has a fraction. Cut after scrubbing, since half a secret has no shape. */
export const MAX_VALUE = 4_096

function cut(value: string): string {
  return value.length > MAX_SCRUBBED_VALUE ? value.slice(0, MAX_SCRUBBED_VALUE) : value
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

export const text = z.string().transform(cut)
export const optionalText = text.nullish().transform((value) => value || null)
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false)
export const number = z.number()
/** Since 1970, from Go's zero time to the end of RFC 3339's years. */
export const seconds = z.number().min(-62_135_596_800).max(253_402_300_799)
export const optionalNumber = number.nullish().transform((value) => value ?? null)
/** A list whose misfits are left out. */
export function itemsOf<Schema extends z.ZodType>(schema: Schema) {
  return z
    .array(schema.nullable().catch(null))
    .nullish()
    .transform((items) => (items ?? []).filter((item) => item !== null))
}
/*
 * For what comes by the hundred, and from a container's author: the schema lets all scalars through, because a schema that says of
 * each what is wrong takes ten times as long.
 */
/** What is no text is left out. */
export const strings = z
  .array(z.any())
  .nullish()
  .transform((items) => (items ?? []).filter(isText).map(cut))
/** What is no text is left out. */
export const labels = z
  .record(z.string(), z.any())
  .nullish()
  .transform((value) => {
    const texts: Record<string, string> = {}
    for (const key in value) if (isText(value[key])) texts[key] = cut(value[key])
    return texts
  })
export const containerId = z.string().regex(/^[0-9a-f]{64}$/)
/** An array, or as podman had it one string. */
export const words = z.union([z.array(text), text.transform((value) => [value])]).nullish()
export const time = z.string().refine((value) => !Number.isNaN(millisecondsOf(value)))
/** An empty text is null, as elsewhere. */
export const optionalTime = time
  .or(z.literal(''))
  .nullish()
  .transform((value) => (value ? utcTime(value) : null))

/**
 * The engine's time in UTC, `Z`, with three digits of milliseconds: one spelling, so texts sort as times do. Null for
 * Go's zero time, which stands for "never".
 */
export function utcTime(value: string): string | null {
  return value.startsWith('0001-') ? null : new Date(millisecondsOf(value)).toISOString()
}

export function millisecondsOf(value: string): number {
  return rfc3339Milliseconds(value) ?? Number.NaN
}

/** Checks the shape. The fault names paths, whose parts may be names from an image, and never a value. */
export function parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const paths = result.error.issues
    .slice(0, MAX_FAULT_PATHS)
    .map((issue) => JSON.stringify(issue.path.map(String).join('.').slice(0, 100)))
  throw new ApiError('engine-bad-answer', `${what} has the wrong shape at ${paths.join(', ')}`)
}

/** Labels of one object: compose and a proxy's routers come to a few dozen. */
const MAX_LABELS = 256

/**
 * Characters of all labels of one object: those of compose and a proxy come to a few thousand, those of a development container to
 * ten thousand. They stay in memory, and each list of containers shows them.
 */
const MAX_LABEL_CHARACTERS = 16 * 1024

/**
 * The same text in memory of its own. V8 keeps a part of a text as a window onto the whole, so a name of ten characters may hold
 * a line of a megabyte in memory, secrets included.
 */
export function detached(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8')
}

/** A command whose arguments are joined by spaces, without its secrets. */
export function scrubCommandLine(command: string, budget?: ScrubBudget): Scrubbed<string> {
  const { value, redactions } = scrubText(command.slice(0, MAX_SCRUBBED_VALUE), budget)
  return { value: detached(value.slice(0, MAX_VALUE)), redactions }
}

/** Labels, or a driver's options, as their schema gives them, without their secrets. */
export function scrubbedLabels(
  given: Readonly<Record<string, string>>,
  budget: ScrubBudget,
): Scrubbed<ReadonlyMap<string, string>> {
  let room = MAX_LABEL_CHARACTERS
  const looked: [string, string][] = []
  for (const [key, value] of shortestFirst(Object.entries(given)).slice(0, MAX_LABELS)) {
    room -= key.length
    if (room < 0) break
    const part = value.slice(0, room)
    room -= part.length
    looked.push([key, part])
  }
  const { value, redactions } = scrubLabels(Object.fromEntries(looked), budget)
  const kept = [...value].map(([key, text]) => [detached(key), detached(text.slice(0, MAX_VALUE))] as const)
  return { value: new Map(kept), redactions }
}

/** In their order where all fit. Else a long label stands behind those that people select by. */
function shortestFirst(labels: readonly (readonly [string, string])[]): readonly (readonly [string, string])[] {
  const size = labels.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  if (labels.length <= MAX_LABELS && size <= MAX_LABEL_CHARACTERS) return labels
  return labels.toSorted(([a, first], [b, second]) => a.length + first.length - b.length - second.length)
}

/** 0, -1 and the largest integers all stand for "none". */
export function limit(value: number | null): number | null {
  return value !== null && value > 0 && value < NO_LIMIT ? value : null
}
