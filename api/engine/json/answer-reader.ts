import type { z } from 'zod'
import { ApiError } from '../../model/error.js'
import { type JsonBounds, UNIT_BOUNDS } from './json-bounds.js'
import type { JsonUnit } from './json-pruner.js'
import { ANY, type JsonShape, shapeOf } from './json-shape.js'

/** Items that are read of one answer: twice what the largest engines that people report have of containers. */
export const MAX_ITEMS = 20_000

/** What is kept of an answer, and what is made of it as it comes. */
export interface AnswerReader<T> {
  readonly shape: JsonShape
  /** Whether items are taken one by one. */
  readonly isSplit: boolean
  readonly bounds: JsonBounds
  /** An answer of no more bytes is parsed as it is: looking at its bytes first would take longer than it could save. */
  readonly plainBytes: number
  /** Whether it takes no more: the rest of the answer is not read. */
  readonly isFull: boolean
  /** The whole answer, or one item. Throws engine-bad-answer. */
  take(value: unknown, unit: JsonUnit): void
  /** `isTruncated`: the answer went on. Throws engine-bad-answer. */
  result(isTruncated: boolean): T
}

/** Each answer has a reader of its own. */
export type MakeReader<T> = () => AnswerReader<T>

interface WholeOptions {
  readonly bounds?: JsonBounds
  readonly plainBytes?: number
}

/** Reads an answer that is one object. `isCut`: some of what the schema asks for was passed over. */
export function wholeAnswer<Schema extends z.ZodType, T>(
  schema: Schema,
  decode: (value: unknown, isCut: boolean) => T,
  { bounds = UNIT_BOUNDS, plainBytes = 0 }: WholeOptions = {},
): MakeReader<T> {
  const shape = shapeOf(schema)
  return () => new WholeReader(shape, bounds, decode, plainBytes)
}

/** Any JSON, as it is. */
export const anyAnswer: MakeReader<unknown> = () =>
  new WholeReader(
    ANY,
    { textBytes: Infinity, members: Infinity, unitBytes: Infinity, values: Infinity },
    (value) => value,
  )

/** Reads an answer that is one value. */
export class WholeReader<T> implements AnswerReader<T> {
  readonly shape: JsonShape
  readonly isSplit = false
  readonly isFull = false
  readonly bounds: JsonBounds
  readonly plainBytes: number
  readonly #decode: (value: unknown, isCut: boolean) => T
  #decoded: { readonly value: T } | null = null

  constructor(shape: JsonShape, bounds: JsonBounds, decode: (value: unknown, isCut: boolean) => T, plainBytes = 0) {
    this.shape = shape
    this.bounds = bounds
    this.plainBytes = plainBytes
    this.#decode = decode
  }

  take(value: unknown, { isCut }: JsonUnit): void {
    this.#decoded = { value: this.#decode(value, isCut) }
  }

  result(isTruncated: boolean): T {
    if (isTruncated || this.#decoded === null) throw new ApiError('engine-bad-answer', 'the answer is not whole')
    return this.#decoded.value
  }
}

/** What came of a list. */
export interface ItemList<Item> {
  readonly items: readonly Item[]
  /** Items that are not of the list's form. */
  readonly omitted: number
  readonly isTruncated: boolean
}

interface ItemOptions<Item, T> {
  /** For a fault: `the images`. */
  readonly what: string
  /** The member of the answer that is the list, where the answer is an object. */
  readonly within?: string
  /** Whether the engine writes null for a list without items. */
  readonly isNullable?: boolean
  /** Null where it is not of the list's form. */
  readonly decode: (value: unknown, isCut: boolean) => Item | null
  readonly finish: (list: ItemList<Item>) => T
  readonly most?: number
}

/** Reads a list, item by item: what does not fit is left out, and decides for no other. If nothing fits, it is no such list. */
export function itemAnswer<Schema extends z.ZodType, Item, T>(
  schema: Schema,
  options: ItemOptions<Item, T>,
): MakeReader<T> {
  const list: JsonShape = { kind: 'list', item: shapeOf(schema) }
  const { within } = options
  const shape: JsonShape = within === undefined ? list : { kind: 'object', members: new Map([[within, list]]) }
  return () => new ItemReader(shape, options)
}

class ItemReader<Item, T> implements AnswerReader<T> {
  readonly shape: JsonShape
  readonly isSplit = true
  readonly bounds = UNIT_BOUNDS
  readonly plainBytes = 0
  readonly #options: ItemOptions<Item, T>
  readonly #items: Item[] = []
  #omitted = 0

  constructor(shape: JsonShape, options: ItemOptions<Item, T>) {
    this.shape = shape
    this.#options = options
  }

  get isFull(): boolean {
    return this.#items.length + this.#omitted > (this.#options.most ?? MAX_ITEMS)
  }

  take(value: unknown, { isItem, isCut, key }: JsonUnit): void {
    const { what, within, isNullable, decode } = this.#options
    if (!isItem && value === null && !isCut && isNullable === true && key === (within ?? null)) return
    if (!isItem) throw new ApiError('engine-bad-answer', `${what}: no list`)
    // Before the schema, which takes its time to say what is wrong.
    const item = value === null ? null : decode(value, isCut)
    if (item === null) this.#omitted += 1
    else this.#items.push(item)
  }

  result(isTruncated: boolean): T {
    const { what, finish, most = MAX_ITEMS } = this.#options
    if (this.#items.length === 0 && this.#omitted > 0)
      throw new ApiError('engine-bad-answer', `${what}: no item has the right shape`)
    const isOver = this.isFull
    return finish({
      items: isOver ? this.#items.slice(0, most) : this.#items,
      omitted: this.#omitted,
      isTruncated: isTruncated || isOver,
    })
  }
}

type Lists<Items extends Readonly<Record<string, z.ZodType>>> = {
  readonly [Name in keyof Items]: readonly z.output<Items[Name]>[]
}

interface MemberOptions<Items extends Readonly<Record<string, z.ZodType>>, Rest extends z.ZodRawShape, T> {
  readonly what: string
  /** The schema of an item of each list. */
  readonly lists: Items
  /** All other members. */
  readonly rest: z.ZodObject<Rest>
  readonly finish: (members: Lists<Items> & z.output<z.ZodObject<Rest>>, isTruncated: boolean) => T
}

/** Reads an object of lists, item by item. What does not fit is left out. */
export function memberAnswer<Items extends Readonly<Record<string, z.ZodType>>, Rest extends z.ZodRawShape, T>(
  options: MemberOptions<Items, Rest, T>,
): MakeReader<T> {
  const members = new Map<string, JsonShape>()
  for (const [name, member] of Object.entries(options.rest.shape)) members.set(name, shapeOf(member as z.ZodType))
  for (const [name, item] of Object.entries(options.lists)) members.set(name, { kind: 'list', item: shapeOf(item) })
  return () => new MemberReader({ kind: 'object', members }, options)
}

class MemberReader<Items extends Readonly<Record<string, z.ZodType>>, Rest extends z.ZodRawShape, T>
  implements AnswerReader<T>
{
  readonly shape: JsonShape
  readonly isSplit = true
  readonly bounds = UNIT_BOUNDS
  readonly plainBytes = 0
  readonly #options: MemberOptions<Items, Rest, T>
  readonly #lists: ReadonlyMap<string, unknown[]>
  readonly #rest: Record<string, unknown> = {}
  /** Lists that have items. */
  readonly #begun = new Set<string>()
  #count = 0

  constructor(shape: JsonShape, options: MemberOptions<Items, Rest, T>) {
    this.shape = shape
    this.#options = options
    this.#lists = new Map(Object.keys(options.lists).map((name) => [name, []]))
  }

  get isFull(): boolean {
    return this.#count > MAX_ITEMS
  }

  take(value: unknown, { isItem, isCut, key }: JsonUnit): void {
    const { what, lists } = this.#options
    if (key === null) throw new ApiError('engine-bad-answer', `${what}: no object`)
    const items = this.#lists.get(key)
    if (items === undefined) this.#rest[key] = value
    else if (isItem) {
      this.#count += 1
      this.#begun.add(key)
      const { success, data } = lists[key]?.safeParse(value) ?? { success: false, data: null }
      if (success) items.push(data)
    } else if (value !== null || isCut) throw new ApiError('engine-bad-answer', `${what}: a member is no list`)
  }

  result(isTruncated: boolean): T {
    const { what, rest, finish } = this.#options
    const { success, data } = rest.safeParse(this.#rest)
    const isNone = [...this.#begun].some((name) => this.#lists.get(name)?.length === 0)
    if (!success || isNone) throw new ApiError('engine-bad-answer', `${what}: the wrong shape`)
    const members = { ...Object.fromEntries(this.#lists), ...data } as Parameters<typeof finish>[0]
    return finish(members, isTruncated || this.isFull)
  }
}
