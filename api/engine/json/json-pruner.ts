import {
  FEW_MEMBERS,
  FEWEST_MEMBERS,
  FREE_VALUES,
  type JsonBounds,
  MAX_DEPTH,
  MAX_LITERAL_BYTES,
  MAX_OBJECT_MEMBERS,
  SMALL_TEXT_BYTES,
  UNIT_BOUNDS,
} from './json-bounds.js'
import { CLOSE_LIST, CLOSE_OBJECT, COLON, COMMA, ENDS_LITERAL, OPEN_LIST, OPEN_OBJECT, QUOTE } from './json-bytes.js'
import { ANY, type JsonShape } from './json-shape.js'
import { JsonWriter } from './json-writer.js'
import { KeptText } from './kept-text.js'
import { PassedOver } from './passed-over.js'

/** One JSON value that is parsed at once: the whole answer, or one item of a list in it. */
export interface JsonUnit {
  /** The member of the answer that it is, or that it is an item of; null where the answer is no object. */
  readonly key: string | null
  /** Whether it is an item of a list. */
  readonly isItem: boolean
  readonly json: string
  /** Whether some of what the shape asks for was passed over, because it is beyond the bounds or of another form. */
  readonly isCut: boolean
}

export interface JsonPrunerOptions {
  readonly shape: JsonShape
  /** Whether each item of the answer's list, or of each list that is a member of the answer, is a unit of its own. */
  readonly isSplit: boolean
  readonly bounds?: JsonBounds
  readonly onUnit: (unit: JsonUnit) => void
}

/** The bytes are no JSON. */
export class MalformedJson extends Error {}

/** What may come next outside of a token. */
type Expected = 'value' | 'name' | 'colon' | 'next' | 'nothing'

/** What the next byte is part of. */
type Part = 'structure' | 'text' | 'literal' | 'passed over'

interface Frame {
  readonly shape: JsonShape
  readonly isObject: boolean
  /** Members or items that have begun, passed over ones included. */
  begun: number
  /** Those that are kept. */
  kept: number
}

/**
 * Reads JSON as it comes, in bounded memory, and keeps what a shape asks for within bounds. So what an engine sends, however large
 * or deep, is parsed in small units, and each unit takes a bounded time to parse and to check. Bytes are looked at once.
 */
export class JsonPruner {
  readonly #options: JsonPrunerOptions
  readonly #bounds: JsonBounds
  readonly #out = new JsonWriter()
  readonly #text = new KeptText(this.#out)
  readonly #passedOver = new PassedOver()
  readonly #frames: Frame[] = []
  #expect: Expected = 'value'
  #within: Part = 'structure'
  /** The shape of the value that is expected next in an object; null where it is passed over. */
  #member: JsonShape | null = null
  /** How many frames stand outside of the present unit; -1 outside of all units. */
  #base = -1
  #isCut = false
  /** Values that the present unit has. */
  #values = 0
  #key: string | null = null
  /** Whether what is passed over is the rest of a list or a map. */
  #isRest = false
  #isKept = false
  /** Where the present token begins in what is kept. */
  #tokenAt = 0
  #isName = false
  /** Bytes of a number or a word that may still come. */
  #room = 0

  constructor(options: JsonPrunerOptions) {
    this.#options = options
    this.#bounds = options.bounds ?? UNIT_BOUNDS
  }

  /** @throws MalformedJson */
  push(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#within === 'text') at = this.#readText(chunk, at)
      else if (this.#within === 'literal') at = this.#readLiteral(chunk, at)
      else if (this.#within === 'passed over') at = this.#passOver(chunk, at)
      else if (this.#isAtRest()) this.#passOverRest()
      else {
        this.#readStructure(chunk[at] ?? 0)
        at += 1
      }
    }
  }

  /** Whether a list or a map within a unit has all that it takes. What follows is passed over, to its end. */
  #isAtRest(): boolean {
    if (this.#base === -1 || (this.#expect !== 'value' && this.#expect !== 'name')) return false
    const frame = this.#top()
    // The value of a name that was kept is its own.
    if (frame.shape.kind === 'object' || frame.isObject !== (this.#expect === 'name')) return false
    return this.#isFull(frame)
  }

  #passOverRest(): void {
    this.#beginPassingOver()
    this.#isRest = true
  }

  /** The end of the bytes. @throws MalformedJson where the value has not ended, or has not begun */
  end(): void {
    if (this.#within === 'literal') this.#endLiteral()
    if (this.#expect !== 'nothing') throw new MalformedJson('the value has no end')
  }

  /** Whether no value has begun. */
  get isIdle(): boolean {
    return this.#frames.length === 0 && this.#expect === 'value' && this.#within === 'structure'
  }

  /** Begins the next value. Returns what was kept of one that has not ended. */
  reset(): string {
    const unfinished = this.#base === -1 ? '' : this.#out.text(0)
    this.#frames.length = 0
    this.#expect = 'value'
    this.#within = 'structure'
    this.#base = -1
    this.#key = null
    this.#isRest = false
    return unfinished
  }

  #readStructure(byte: number): void {
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return
    const expect = this.#expect
    if (expect === 'next' && byte === COMMA) this.#expect = this.#top().isObject ? 'name' : 'value'
    else if (expect === 'colon' && byte === COLON) this.#expect = 'value'
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#close(byte)
    else if (expect === 'name' && byte === QUOTE) this.#beginName()
    else if (expect !== 'value' || byte === COMMA || byte === COLON) throw new MalformedJson('a token out of place')
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#open(byte)
    else if (byte === QUOTE) this.#beginText()
    else this.#beginLiteral(byte)
  }

  #open(byte: number): void {
    const isObject = byte === OPEN_OBJECT
    const shape = this.#shapeOfNext()
    if (this.#base === -1 && this.#options.isSplit && shape !== null && this.#isOuter(shape, isObject)) {
      this.#push(shape, isObject)
      return
    }
    const isFit =
      shape !== null && fits(shape, isObject) && this.#frames.length - this.#base < MAX_DEPTH && !this.#isUnitSpent
    if (isFit) {
      this.#beginValue()
      this.#out.byte(byte)
      this.#push(shape, isObject)
      return
    }
    if (shape !== null) {
      this.#beginValue()
      this.#out.ascii('null')
      if (shape.kind !== 'unread') this.#isCut = true
    }
    this.#beginPassingOver()
  }

  #beginPassingOver(): void {
    this.#within = 'passed over'
    this.#passedOver.begin()
  }

  /** Whether the value holds units, rather than being in one: the answer itself, or a list that is a member of it. */
  #isOuter(shape: JsonShape, isObject: boolean): boolean {
    const depth = this.#frames.length
    if (depth === 0) return isObject ? shape.kind === 'object' : shape.kind === 'list'
    return depth === 1 && this.#top().isObject && !isObject && shape.kind === 'list'
  }

  #push(shape: JsonShape, isObject: boolean): void {
    this.#frames.push({ shape, isObject, begun: 0, kept: 0 })
    this.#expect = isObject ? 'name' : 'value'
  }

  #close(byte: number): void {
    const frame = this.#frames.pop()
    const isDue = this.#expect === 'next' || (frame?.begun === 0 && this.#expect !== 'colon')
    if (frame === undefined || !isDue || frame.isObject !== (byte === CLOSE_OBJECT))
      throw new MalformedJson('an end out of place')
    if (this.#base !== -1) this.#out.byte(byte)
    this.#endValue()
  }

  /** Null where the value is passed over. */
  #shapeOfNext(): JsonShape | null {
    const frame = this.#frames.at(-1)
    if (frame === undefined) return this.#options.shape
    if (frame.isObject) return this.#member
    frame.begun += 1
    return frame.shape.kind === 'list' ? frame.shape.item : ANY
  }

  /** Whether a list or a map within a unit takes no more. */
  #isFull(frame: Frame): boolean {
    const isFull = frame.kept >= this.#mostMembers(frame) || this.#isUnitSpent
    if (isFull) this.#isCut = true
    return isFull
  }

  #mostMembers({ shape }: Frame): number {
    const { members, unitBytes, values } = this.#bounds
    if (this.#values >= values * FREE_VALUES && (isOfLists(shape) || this.#isRepeated()))
      return Math.min(members, FEWEST_MEMBERS)
    return this.#out.size >= unitBytes ? FEW_MEMBERS : members
  }

  /** Whether the present list or map stands within another one of the unit. */
  #isRepeated(): boolean {
    return this.#frames.slice(this.#base, -1).some(({ shape }) => shape.kind !== 'object')
  }

  /** Whether the unit takes no more than the scalars of the objects that are open. */
  get #isUnitSpent(): boolean {
    return this.#base !== -1 && (this.#values >= this.#bounds.values || this.#out.size >= 2 * this.#bounds.unitBytes)
  }

  /** Begins a value that is kept, and a unit where it is one. */
  #beginValue(): void {
    const frame = this.#frames.at(-1)
    if (this.#base === -1) {
      this.#base = this.#frames.length
      this.#isCut = false
      this.#values = 0
      this.#out.clear()
    } else if (frame !== undefined && !frame.isObject) {
      if (frame.kept > 0) this.#out.byte(COMMA)
      frame.kept += 1
    }
    this.#values += 1
  }

  #endValue(): void {
    this.#within = 'structure'
    const depth = this.#frames.length
    this.#expect = depth === 0 ? 'nothing' : 'next'
    if (this.#base !== depth) return
    this.#base = -1
    const isItem = depth > 0 && !this.#top().isObject
    this.#options.onUnit({ key: this.#key, isItem, json: this.#out.text(0), isCut: this.#isCut })
  }

  #beginName(): void {
    const frame = this.#top()
    frame.begun += 1
    const { shape } = frame
    this.#within = 'text'
    this.#isName = true
    if (this.#base === -1) this.#out.clear()
    this.#tokenAt = this.#out.size
    // A map that is full is passed over before a name begins.
    this.#isKept = shape.kind !== 'object' || frame.kept < MAX_OBJECT_MEMBERS
    this.#text.begin(this.#isKept ? this.#textRoom() : 0)
    if (!this.#isKept) return
    if (this.#base !== -1 && frame.kept > 0) this.#out.byte(COMMA)
    this.#out.byte(QUOTE)
  }

  #endName(): void {
    this.#within = 'structure'
    this.#expect = 'colon'
    const frame = this.#top()
    this.#member = this.#isKept ? this.#memberOf(frame) : null
    if (this.#base === -1) return
    if (this.#member === null) this.#out.cutBack(this.#tokenAt)
    else {
      frame.kept += 1
      this.#out.byte(QUOTE)
      this.#out.byte(COLON)
    }
  }

  #memberOf({ shape, kept }: Frame): JsonShape | null {
    if (shape.kind === 'map') return shape.value
    if (shape.kind !== 'object') return ANY
    const comma = this.#base !== -1 && kept > 0 ? 1 : 0
    const name = unescaped(this.#out.text(this.#tokenAt + comma + 1))
    if (this.#base === -1) this.#key = name
    return shape.members.get(name) ?? null
  }

  #textRoom(): number {
    return this.#base !== -1 && this.#out.size >= this.#bounds.unitBytes ? SMALL_TEXT_BYTES : this.#bounds.textBytes
  }

  #beginText(): void {
    const isKept = this.#shapeOfNext() !== null
    if (isKept) this.#beginValue()
    this.#within = 'text'
    this.#isName = false
    this.#isKept = isKept
    this.#text.begin(isKept ? this.#textRoom() : 0)
    if (isKept) this.#out.byte(QUOTE)
  }

  #endText(): void {
    if (this.#isKept && this.#text.isCut) this.#isCut = true
    if (this.#isName) {
      this.#endName()
      return
    }
    if (this.#isKept) this.#out.byte(QUOTE)
    this.#endValue()
  }

  #readText(chunk: Buffer, from: number): number {
    const at = this.#text.read(chunk, from)
    if (this.#text.isOver) this.#endText()
    return at
  }

  #beginLiteral(byte: number): void {
    this.#isKept = this.#shapeOfNext() !== null
    if (this.#isKept) this.#beginValue()
    this.#within = 'literal'
    this.#tokenAt = this.#out.size
    this.#room = MAX_LITERAL_BYTES
    this.#keepLiteral(byte)
  }

  #keepLiteral(byte: number): void {
    if (this.#isKept && this.#room > 0) this.#out.byte(byte)
    this.#room -= 1
  }

  #readLiteral(chunk: Buffer, from: number): number {
    for (let at = from; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0
      if (ENDS_LITERAL.has(byte)) {
        this.#endLiteral()
        return at
      }
      this.#keepLiteral(byte)
    }
    return chunk.length
  }

  #endLiteral(): void {
    if (this.#isKept && this.#room < 0) {
      this.#out.cutBack(this.#tokenAt)
      this.#out.ascii('null')
      this.#isCut = true
    }
    this.#endValue()
  }

  #endPassedOver(): void {
    if (!this.#isRest) {
      this.#endValue()
      return
    }
    this.#isRest = false
    this.#expect = 'next'
    this.#close(this.#top().isObject ? CLOSE_OBJECT : CLOSE_LIST)
  }

  #passOver(chunk: Buffer, from: number): number {
    const at = this.#passedOver.read(chunk, from)
    if (this.#passedOver.isOver) this.#endPassedOver()
    return at
  }

  #top(): Frame {
    const frame = this.#frames.at(-1)
    if (frame === undefined) throw new MalformedJson('a token out of place')
    return frame
  }
}

/** Whether the members are no scalars. */
function isOfLists(shape: JsonShape): boolean {
  return (
    (shape.kind === 'map' && shape.value.kind !== 'scalar') || (shape.kind === 'list' && shape.item.kind !== 'scalar')
  )
}

/** Whether a list or an object has the form that the shape asks for. */
function fits({ kind }: JsonShape, isObject: boolean): boolean {
  return kind === 'any' || (isObject ? kind === 'object' || kind === 'map' : kind === 'list')
}

/** The name that is meant: JSON allows any character of it to be written as an escape. One with a wrong escape is no member's name. */
function unescaped(name: string): string {
  if (!name.includes('\\')) return name
  try {
    return String(JSON.parse(`"${name}"`))
  } catch {
    return name
  }
}
