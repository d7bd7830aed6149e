import type { z } from 'zod'
import { ApiError } from '../../model/error.js'
import { type JsonBounds, type JsonUnit, UNIT_BOUNDS } from './json-pruner.js'
import { ANY, type JsonShape, shapeOf } from './json-shape.js'

/** Items that are read of one answer: twice what the largest engines that people report have of containers. */
export const MAX_ITEMS = 20_000

/** What is kept of an answer, and what is made of it as it comes. */
export interface AnswerReader<T> {
  readonly shape: JsonShape
  /** Whether items are taken one by one. */
  readonly isSplit: boolean
  readonly bounds: JsonBounds
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
}

/** Reads an answer that is one object. `isCut`: some of what the schema asks for was passed over. */
export function wholeAnswer<Schema extends z.ZodType, T>(
  schema: Schema,
  decode: (value: unknown, isCut: boolean) => T,
  { bounds = UNIT_BOUNDS }: WholeOptions = {},
): MakeReader<T> {
  const shape = shapeOf(schema)
  return () => new WholeReader(shape, bounds, decode)
}

/** Any JSON, as it is. */
export const anyAnswer: MakeReader<unknown> = () =>
  new WholeReader(ANY, { textBytes: Infinity, members: Infinity, unitBytes: Infinity }, (value) => value)

class WholeReader<T> implements AnswerReader<T> {
  readonly shape: JsonShape
  readonly isSplit = false
  readonly isFull = false
  readonly bounds: JsonBounds
  readonly #decode: (value: unknown, isCut: boolean) => T
  #decoded: { readonly value: T } | null = null

  constructor(shape: JsonShape, bounds: JsonBounds, decode: (value: unknown, isCut: boolean) => T) {
    this.shape = shape
    this.bounds = bounds
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
  /** Null where it is not of the list's form. */
  readonly decode: (value: unknown, isCut: boolean) => Item | null
  readonly finish: (list: ItemList<Item>) => T
  readonly most?: number
}

/** Reads a list, item by item: what does not fit is left out, and decides for no other. A list that is null has no items. */
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
    const { what, within, decode } = this.#options
    // A list is null where there is nothing, as Go writes it.
    if (!isItem && value === null && (key ?? undefined) === within) return
    if (!isItem) throw new ApiError('engine-bad-answer', `${what} are no list`)
    const item = decode(value, isCut)
    if (item === null) this.#omitted += 1
    else this.#items.push(item)
  }

  result(isTruncated: boolean): T {
    const { finish, most = MAX_ITEMS } = this.#options
    const isOver = this.isFull
    return finish({
      items: isOver ? this.#items.slice(0, most) : this.#items,
      omitted: this.#omitted,
      isTruncated: isTruncated || isOver,
    })
  }
}
