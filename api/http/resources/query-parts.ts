import { z } from 'zod'
import { parseDuration } from '../../model/duration.js'
import type { RequestFault } from '../../model/error.js'
import { parseLabelSelector } from '../../model/label-selector.js'
import { rfc3339Milliseconds } from '../../model/rfc3339.js'
import { type Cursor, readCursor } from './page.js'

/** Values of one repeatable parameter: more than a person types, few enough to compare with each container. */
const MAX_VALUES = 32

/** Characters of one value. Names and image references of Docker are not longer. */
const MAX_VALUE_LENGTH = 512

/** Items of one page: a few megabytes at most, even for a hundred hosts. */
const MAX_PAGE_SIZE = 1_000

/** Characters of a cursor: a sort value, a name and an id in base64. A path or an image name can make it long. */
const MAX_CURSOR_LENGTH = 4_096

/** Characters of a parameter's name that an error quotes. */
const MAX_ECHOED_NAME = 64

export const CONTAINER_ID = /^[a-f0-9]{12,64}$/

export const text = z
  .string()
  .min(1, 'must not be empty')
  .max(MAX_VALUE_LENGTH, `takes at most ${MAX_VALUE_LENGTH} characters`)

/** A parameter that may be repeated. */
export function many<T extends z.ZodType>(value: T) {
  return z.array(value).max(MAX_VALUES, `takes at most ${MAX_VALUES} values`).default([])
}

/** A parameter that may be given once. Two values are refused, because it is unclear which one is meant. */
export function once<T extends z.ZodType<unknown, string | undefined>>(value: T) {
  return z
    .array(z.string())
    .max(1, 'is given more than once')
    .optional()
    .transform((values) => values?.[0])
    .pipe(value)
}

export const labelSelector = text.transform((given, context) => {
  const selector = parseLabelSelector(given)
  if (selector !== null) return selector
  context.addIssue({ code: 'custom', message: 'must read key or key=value' })
  return z.NEVER
})

export const pageSize = z
  .string()
  .regex(/^\d{1,9}$/, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
  .transform(Number)
  .pipe(
    z
      .number()
      .min(1, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`)
      .max(MAX_PAGE_SIZE, `must be a whole number from 1 to ${MAX_PAGE_SIZE}`),
  )
  .optional()

export function pageFields<const Keys extends readonly [string, ...string[]]>(keys: Keys) {
  const directions = [...keys, ...keys.map((key) => `-${key}`)]
  return {
    sort: once(
      z
        .enum(directions)
        .optional()
        .transform((sort) => sort ?? keys[0]),
    ),
    limit: once(pageSize).transform((limit) => limit ?? MAX_PAGE_SIZE),
    cursor: once(z.string().max(MAX_CURSOR_LENGTH, `takes at most ${MAX_CURSOR_LENGTH} characters`).optional()),
  }
}

/** Names the host, for the case that containers of several hosts share an id. */
export const whichHost = once(text.optional()).transform((host) => host ?? null)

export const NO_QUERY = z.strictObject({})

/** The query of a route about one container without other parameters. */
export const ONE_QUERY = z.strictObject({ host: whichHost })
export type OneQuery = z.output<typeof ONE_QUERY>

export const instant = z
  .string()
  .optional()
  .transform((text, context) => {
    if (text === undefined) return undefined
    const at = rfc3339Milliseconds(text)
    if (at !== null) return at
    context.addIssue({ code: 'custom', message: 'must be a time of RFC 3339, such as 2026-01-31T12:00:00Z' })
    return z.NEVER
  })

/**
 * A time, or a duration before now. `read` parses a time of RFC 3339 into the unit of the route, or returns null if the text is
 * not one. `of` converts milliseconds since 1970 into that unit.
 */
export function momentIn<T>(read: (text: string) => T | null, of: (milliseconds: number) => T) {
  return z
    .string()
    .optional()
    .transform((text, context): ((now: number) => T) | null => {
      if (text === undefined) return null
      const at = read(text)
      if (at !== null) return () => at
      const ago = parseDuration(text)
      if (ago !== null) return (now) => of(now - ago)
      const message = 'must be a time of RFC 3339, such as 2026-01-31T12:00:00Z, or a duration before now, such as 15m'
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    })
}

/** In milliseconds since 1970. */
export const moment = momentIn(rfc3339Milliseconds, (milliseconds) => milliseconds)

export function isContainerId(given: string): boolean {
  return CONTAINER_ID.test(given)
}

type Parsed<T> = { readonly value: T; readonly faults?: never } | { readonly faults: readonly RequestFault[] }

/** Parses the query of a URL (`?` and after, or empty). Every parameter reaches the schema as the list of its values. */
export function parseQuery<T>(schema: z.ZodType<T>, search: string): Parsed<T> {
  const raw: Record<string, string[]> = Object.create(null)
  for (const [name, value] of new URLSearchParams(search)) {
    raw[name] ??= []
    raw[name].push(value)
  }
  const parsed = schema.safeParse(raw)
  return parsed.success ? { value: parsed.data } : { faults: parsed.error.issues.flatMap(faultsOf) }
}

/** Describes a refused value to the caller: which parameter, and what is accepted, never the value itself. */
export function faultsOf(issue: z.core.$ZodIssue): RequestFault[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      path: key.slice(0, MAX_ECHOED_NAME),
      message: 'is not known to this route',
    }))
  return [{ path: String(issue.path[0] ?? ''), message: issue.message }]
}

/** Splits a parsed query into the page and the rest. Refuses a cursor of another sort. */
export function splitPage<T extends { sort: string; limit: number; cursor?: string | undefined }>(
  { sort, limit, cursor: given, ...filter }: T,
  context: z.RefinementCtx,
) {
  const cursor: Cursor | null = given === undefined ? null : readCursor(given, sort)
  if (given !== undefined && cursor === null)
    context.addIssue({ code: 'custom', path: ['cursor'], message: 'is not a nextCursor of this list and sort' })
  return { filter, page: { sort, limit, cursor } }
}

/** Accepts `true` or `false` and nothing else. A fallback of null means that both are fine. */
export function flag<Fallback extends boolean | null>(fallback: Fallback) {
  return once(z.enum(['true', 'false'], 'must be true or false').optional()).transform((given) =>
    given === undefined ? fallback : given === 'true',
  )
}
