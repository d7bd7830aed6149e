import type { z } from 'zod'

/** What is read of a JSON value. All else is passed over before it is parsed. */
export type JsonShape =
  | { readonly kind: 'scalar' }
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonShape> }
  | { readonly kind: 'map'; readonly value: JsonShape }
  | { readonly kind: 'list'; readonly item: JsonShape }
  /** Only that it is there counts. */
  | { readonly kind: 'unread' }
  /** A value of any form. */
  | { readonly kind: 'any' }

export const SCALAR: JsonShape = { kind: 'scalar' }
export const ANY: JsonShape = { kind: 'any' }

/** The parts of a schema's definition that say what it reads. */
interface Definition {
  readonly type: string
  readonly innerType?: z.core.$ZodType
  readonly in?: z.core.$ZodType
  readonly options?: readonly z.core.$ZodType[]
  readonly element?: z.core.$ZodType
  readonly valueType?: z.core.$ZodType
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>
}

/** What a schema reads. Of a value of an unknown type nothing is read. */
export function shapeOf(schema: z.core.$ZodType): JsonShape {
  const { type, innerType, in: input, options, element, valueType, shape } = schema._zod.def as Definition
  if (type === 'unknown') return { kind: 'unread' }
  if (type === 'object' && shape !== undefined)
    return { kind: 'object', members: new Map(Object.entries(shape).map(([name, member]) => [name, shapeOf(member)])) }
  if (type === 'record' && valueType !== undefined) return { kind: 'map', value: shapeOf(valueType) }
  if (type === 'array' && element !== undefined) return { kind: 'list', item: shapeOf(element) }
  // A scalar is read in every place, so another option says what else is.
  if (options !== undefined) return options.map(shapeOf).find(({ kind }) => kind !== 'scalar') ?? SCALAR
  const inner = innerType ?? input
  return inner === undefined ? SCALAR : shapeOf(inner)
}
