import { z } from 'zod'
import { ERROR_CODES } from '../../model/error.js'

/*
 * Schemas that answers share. A schema gives an answer its type and its documentation. Production parses no answers with it;
 * test/http/resources/answers.test.ts parses an answer of every route.
 */

export const text = z.string()
export const texts = z.array(text)
export const optionalText = text.nullable()
export const flag = z.boolean()
export const integer = z.int()
export const optionalInteger = integer.nullable()
export const number = z.number()
export const optionalNumber = number.nullable()
export const numbers = z.array(optionalNumber)
/** RFC 3339 in UTC. */
export const time = z.iso.datetime()
export const optionalTime = time.nullable()
export const containerId = z.string().regex(/^[0-9a-f]{64}$/)
/** Names of labels, options or columns, with their values. */
export const textByName = z.record(text, text)

/** Why an engine gave no newer answer. */
export const engineFault = z.strictObject({ code: z.enum(ERROR_CODES), detail: optionalText }).nullable()

export function faultOf(
  fault: { readonly code: (typeof ERROR_CODES)[number]; readonly detail?: string | undefined } | null,
) {
  return fault === null ? null : { code: fault.code, detail: fault.detail ?? null }
}

export function timeOf(milliseconds: number): string
export function timeOf(milliseconds: number | null): string | null
export function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString()
}

/** Rounds to three decimals: more is noise, and costs bytes in every answer. */
export function round(number: number | null | undefined): number | null {
  return number == null ? null : Math.round(number * 1000) / 1000
}
