import { z } from 'zod'
import type { JsonBounds } from '../../../api/engine/json/json-bounds.js'
import { JsonPruner, type JsonUnit, MalformedJson } from '../../../api/engine/json/json-pruner.js'
import { ANY, type JsonShape, shapeOf } from '../../../api/engine/json/json-shape.js'

const UNBOUNDED: JsonBounds = { textBytes: Infinity, members: Infinity, unitBytes: Infinity, values: Infinity }

interface PruneOptions {
  readonly shape?: JsonShape
  readonly isSplit?: boolean
  readonly bounds?: JsonBounds
  readonly pieceBytes?: () => number
}

function prune(json: string, options: PruneOptions = {}): JsonUnit[] {
  const { shape = ANY, isSplit = false, bounds = UNBOUNDED, pieceBytes = () => 1_000 } = options
  const units: JsonUnit[] = []
  const pruner = new JsonPruner({ shape, isSplit, bounds, onUnit: (unit) => units.push(unit) })
  const bytes = Buffer.from(json)
  for (let at = 0; at < bytes.length; ) {
    const size = pieceBytes()
    pruner.push(bytes.subarray(at, at + size))
    at += size
  }
  pruner.end()
  return units
}

const valuesOf = (units: readonly JsonUnit[]) => units.map(({ json }) => JSON.parse(json))

/** Numbers from 0 up to but not 1, the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

class Values {
  readonly #random: () => number

  constructor(random: () => number) {
    this.#random = random
  }

  upTo(count: number): number {
    return Math.floor(this.#random() * count)
  }

  text(): string {
    const parts = ['"', '\\', '\n', '\u0001', '\u00e9', '\u{1f600}', '\u20ac', 'abc', ',', ':', '{', '}', '[', ']', ' ']
    return Array.from({ length: this.upTo(40) }, () => parts[this.upTo(parts.length)]).join('')
  }

  value(depth = 0): unknown {
    const kind = depth > 4 ? 0 : this.upTo(3)
    if (kind === 0) return [null, true, false, 1.5e-10, -3, 12_345_678_901, this.text(), ''][this.upTo(8)]
    if (kind === 1) return Array.from({ length: this.upTo(6) }, () => this.value(depth + 1))
    return Object.fromEntries(Array.from({ length: this.upTo(6) }, () => [this.text(), this.value(depth + 1)]))
  }
}

describe('without bounds', () => {
  test('any JSON stays what it is, however it is cut into pieces and indented', () => {
    const random = randomNumbers(1)
    const values = new Values(random)
    for (let round = 0; round < 3_000; round += 1) {
      const value = values.value()
      const largest = 1 + values.upTo(20)
      const json = JSON.stringify(value, null, ['', '  ', '\t'][values.upTo(3)])
      expect(valuesOf(prune(json, { pieceBytes: () => 1 + values.upTo(largest) }))).toEqual([value])
    }
  })

  test('what JSON.parse refuses is refused, or is refused by it still', () => {
    const values = new Values(randomNumbers(2))
    const isJson = (text: string) => {
      try {
        JSON.parse(text)
        return true
      } catch {
        return false
      }
    }
    for (let round = 0; round < 3_000; round += 1) {
      const bytes = Buffer.from(JSON.stringify(values.value()))
      bytes[values.upTo(bytes.length)] = values.upTo(128)
      const text = bytes.toString('latin1')
      let pruned: readonly JsonUnit[] = []
      try {
        pruned = prune(text)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedJson)
      }
      if (isJson(text)) expect(pruned.map(({ json }) => isJson(json))).toEqual([true])
      else expect(pruned.filter(({ json }) => isJson(json))).toEqual([])
    }
  })

  test.each([
    '',
    '[',
    '{"a"',
    '[1,]',
    '[,1]',
    '{"a":1,}',
    '{,}',
    '[}',
    '{]',
    ']',
    '[1 2]',
    '{"a" 1}',
    '{1:2}',
    '[],',
    '[][]',
  ])('%j is refused', (text) => {
    expect(() => prune(text)).toThrow(MalformedJson)
  })
})

describe('a shape', () => {
  const SHAPE = shapeOf(
    z.object({
      id: z.string(),
      labels: z.record(z.string(), z.string().nullable().catch(null)).nullish(),
      words: z.union([z.array(z.string()), z.string().transform((word) => [word])]).nullish(),
      ports: z.array(z.object({ port: z.number() })),
      networks: z.record(z.string(), z.unknown()),
    }),
  )

  test('keeps the members that it knows, and passes over all else', () => {
    const value = {
      other: { id: 'x', list: [[[{}]]], text: 'a "quoted" \\ text' },
      id: 'a',
      labels: { 'any name': 'x' },
      words: 'one',
      ports: [{ port: 80, more: [1] }],
      networks: { bridge: { a: 1 } },
      last: 7,
    }
    const [unit] = prune(JSON.stringify(value), { shape: SHAPE })
    expect(JSON.parse(unit?.json ?? '')).toEqual({
      id: 'a',
      labels: { 'any name': 'x' },
      words: 'one',
      ports: [{ port: 80 }],
      networks: { bridge: null },
    })
    expect(unit?.isCut).toBe(false)
  })

  test('knows a member by its name, however that is escaped', () => {
    const [unit] = prune('{"\\u0069d":"a","\\u0070orts":[{"p\\u006frt":80}],"i\\d":"b","\\"":1}', { shape: SHAPE })
    expect(JSON.parse(unit?.json ?? '')).toEqual({ id: 'a', ports: [{ port: 80 }] })
    const [item] = prune('{"p\\u006frts":[{"port":80}]}', { shape: SHAPE, isSplit: true })
    expect(item).toEqual({ key: 'ports', isItem: true, json: '{"port":80}', isCut: false })
  })

  test.each([
    ['an object for a text', { id: {} }, { id: null }],
    ['a list for a map', { labels: [1, [2]] }, { labels: null }],
    ['an object for a list', { ports: { a: 1 } }, { ports: null }],
    ['a list within a list of texts', { words: [['x'], 'y'] }, { words: [null, 'y'] }],
  ])('makes null of %s, and says that it is cut', (_name, value, expected) => {
    const [unit] = prune(JSON.stringify(value), { shape: SHAPE })
    expect([JSON.parse(unit?.json ?? ''), unit?.isCut]).toEqual([expected, true])
  })

  test('brackets without end take no memory', () => {
    expect(() => prune(`{"id":${'['.repeat(200_000)}`, { shape: SHAPE })).toThrow(MalformedJson)
  })
})

describe('units', () => {
  const LIST: JsonShape = { kind: 'list', item: ANY }

  test('are the items of a list', () => {
    const units = prune('[1, "a", {"b": [2]}, [], null]', { shape: LIST, isSplit: true })
    expect(valuesOf(units)).toEqual([1, 'a', { b: [2] }, [], null])
    expect(units.every(({ isItem, key }) => isItem && key === null)).toBe(true)
  })

  test('are the items of the lists in an object, and its other members', () => {
    const shape: JsonShape = {
      kind: 'object',
      members: new Map([
        ['a', LIST],
        ['b', LIST],
        ['size', ANY],
      ]),
    }
    const units = prune('{"a":[1,[2]],"other":[3],"b":null,"size":7}', { shape, isSplit: true })
    expect(units.map(({ key, isItem, json }) => [key, isItem, json])).toEqual([
      ['a', true, '1'],
      ['a', true, '[2]'],
      ['b', false, 'null'],
      ['size', false, '7'],
    ])
  })

  test.each(['{}', '"x"', '7', 'null'])('of %s in place of a list are the answer itself', (json) => {
    const [unit] = prune(json, { shape: LIST, isSplit: true })
    expect(unit?.isItem).toBe(false)
  })
})

describe('bounds', () => {
  const bounded = (json: string, bounds: Partial<JsonBounds>, shape?: JsonShape, pieceSize = 1_000) => {
    const [unit] = prune(json, {
      pieceBytes: () => pieceSize,
      bounds: { ...UNBOUNDED, ...bounds },
      ...(shape === undefined ? {} : { shape }),
    })
    return { value: JSON.parse(unit?.json ?? ''), isCut: unit?.isCut }
  }

  test.each([
    [9, 9, false],
    [10, 10, false],
    [11, 10, true],
    [100_000, 10, true],
  ])('of a text: %i bytes are %i', (length, kept, isCut) => {
    expect(bounded(JSON.stringify(['x'.repeat(length)]), { textBytes: 10 })).toEqual({
      value: ['x'.repeat(kept)],
      isCut,
    })
  })

  test('cut no character and no escape in two', () => {
    for (const character of ['\u20ac', '\u{1f600}', '\n', '"', '\\', '\u0001'])
      for (let textBytes = 1; textBytes < 30; textBytes += 1)
        for (const [before, pieceSize] of [
          ['', 1],
          ['x', 2],
          ['xx', 3],
          ['xx', 1_000],
        ] as const) {
          const { value } = bounded(
            JSON.stringify([before + character.repeat(40)]),
            { textBytes },
            undefined,
            pieceSize,
          )
          // A character that two pieces share may be cut within, which shows as U+FFFD.
          expect((before + character.repeat(40)).startsWith(value[0].replace(/\ufffd$/, ''))).toBe(true)
        }
  })

  test.each([
    [2, 2, false],
    [3, 3, false],
    [4, 3, true],
  ])('of a list and a map: of %i members %i are kept', (count, kept, isCut) => {
    const list = Array.from({ length: count }, (_, i) => i)
    const map = Object.fromEntries(list.map((i) => [`k${i}`, i]))
    expect(bounded(JSON.stringify(list), { members: 3 })).toEqual({ value: list.slice(0, kept), isCut })
    expect(Object.keys(bounded(JSON.stringify(map), { members: 3 }).value)).toHaveLength(kept)
  })

  test('of a unit: what stands behind is kept in short', () => {
    const shape = shapeOf(
      z.object({ big: z.array(z.string()), state: z.string(), list: z.array(z.string()), long: z.string() }),
    )
    const value = {
      big: Array.from({ length: 5_000 }, () => 'x'.repeat(100)),
      state: 'running',
      list: Array.from({ length: 300 }, () => 'a'),
      long: 'y'.repeat(5_000),
    }
    const { value: kept, isCut } = bounded(JSON.stringify(value), { unitBytes: 50_000 }, shape)
    expect(kept.big.length).toBeLessThan(600)
    expect([kept.state, kept.list.length, kept.long.length, isCut]).toEqual(['running', 256, 256, true])
  })

  describe('of a unit in values', () => {
    const shape = shapeOf(
      z.object({ map: z.record(z.string(), z.array(z.object({ a: z.string() }))), state: z.string() }),
    )
    const kept = (lists: number, length: number) => {
      const map = Object.fromEntries(Array.from({ length: lists }, (_, i) => [`k${i}`, Array(length).fill({ a: 'b' })]))
      const json = JSON.stringify({ map, state: 'running' })
      const { value, isCut } = bounded(json, { members: 1_024, values: 4_000 }, shape)
      const lengths = Object.values(value.map ?? {}).map((list) => (list as readonly unknown[]).length)
      return { state: value.state, count: lengths.reduce((sum, one) => sum + one, 0), isCut }
    }

    // Each item is an object and a text; the answer, its map and each list are values too.
    test.each([
      ['under a quarter', 1, 498, 498, false],
      ['at a quarter', 1, 499, 499, false],
      ['over a quarter', 1, 500, 499, true],
      ['far over a quarter', 3, 300, 626, true],
    ])('%s: of %i lists of %i items %i are kept', (_, lists, length, count, isCut) => {
      expect(kept(lists, length)).toEqual({ state: 'running', count, isCut })
    })

    test('a map of lists holds no more than all of them, and what stands behind is known', () => {
      for (const length of [0, 1, 30, 63, 64, 65, 1_024]) {
        const { state, count } = kept(1_024, length)
        expect([state, count <= 2_000]).toEqual(['running', true])
      }
    })

    test('a name that is repeated holds no more than one', () => {
      const map = JSON.stringify({ k: Array(100).fill({ a: 'b' }) })
      const json = `{${`"map":${map},`.repeat(200)}"state":"running"}`
      const [unit] = prune(json, { shape, bounds: { ...UNBOUNDED, members: 1_024, values: 4_000 } })
      expect(unit?.json.length).toBeLessThan(40_000)
      expect(JSON.parse(unit?.json ?? '')).toMatchObject({ state: 'running' })
    })
  })

  test('of a unit in bytes: from twice as many on no list is begun', () => {
    const shape = shapeOf(z.object({ list: z.array(z.string()), state: z.string() }))
    const json = `{${`"list":${JSON.stringify(Array(100).fill('x'.repeat(100)))},`.repeat(200)}"state":"running"}`
    const { value, isCut } = bounded(json, { unitBytes: 50_000 }, shape)
    expect([value, isCut]).toEqual([{ list: null, state: 'running' }, true])
  })

  test('of a number: one that no double has is null', () => {
    expect(bounded(`[${'1'.repeat(40)},${'1'.repeat(41)},2]`, {})).toEqual({
      value: [Number('1'.repeat(40)), null, 2],
      isCut: true,
    })
  })

  test('of levels, where any are taken', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect([63, 64, 65].map((depth) => bounded(nested(depth), {}).isCut)).toEqual([false, false, true])
  })
})
