import { type Command, StaticTexts } from '../../../api/engine/decode/static-texts.js'
import { MAX_ITEMS } from '../../../api/engine/json/answer-reader.js'

const idOf = (i: number) => i.toString(16).padStart(64, '0')
const labelsOf = (value: string) => ({ value: new Map([['a', value]]), redactions: 1 })

function commandOf(characters: number) {
  const value: Command = { entrypoint: [], command: ['x'.repeat(characters)], healthCheck: null }
  return { value, redactions: 0 }
}

/** Counts how often it scrubs. */
function scrubber<T>(made: T) {
  const scrub = jest.fn(() => made)
  return { scrub, times: () => scrub.mock.calls.length }
}

describe('labels', () => {
  test('are scrubbed once, and counted each time', () => {
    const texts = new StaticTexts()
    const { scrub, times } = scrubber(labelsOf('1'))
    const [first, second] = [texts.labels(idOf(1), scrub), texts.labels(idOf(1), scrub)]
    expect([second, second.redactions, times()]).toEqual([first, 1, 1])
    expect(texts.knownLabels(idOf(1))).toBe(first.value)
    expect(texts.knownLabels(idOf(2))).toBeUndefined()
  })

  test('of as many containers as a list may have are remembered, the least used go first', () => {
    const texts = new StaticTexts()
    for (let i = 0; i < MAX_ITEMS; i += 1) texts.labels(idOf(i), () => labelsOf('1'))
    texts.labels(idOf(0), () => labelsOf('2'))
    texts.labels(idOf(MAX_ITEMS), () => labelsOf('1'))
    expect([0, 1, 2].map((i) => texts.knownLabels(idOf(i))?.get('a'))).toEqual(['1', undefined, '1'])
  })
})

describe('commands', () => {
  test('are scrubbed once', () => {
    const texts = new StaticTexts()
    const { scrub, times } = scrubber(commandOf(3))
    expect(texts.command(idOf(1), scrub)).toBe(texts.command(idOf(1), scrub))
    expect(times()).toBe(1)
  })

  test.each([
    ['as many as there is room for', 1_024 * 1_024 - 256, 1],
    ['one character more each', 1_024 * 1_024 - 255, 2],
  ])('are remembered by their characters: of four, %s', (_name, characters, times) => {
    const texts = new StaticTexts()
    const first = scrubber(commandOf(characters))
    texts.command(idOf(1), first.scrub)
    for (const i of [2, 3, 4]) texts.command(idOf(i), () => commandOf(characters))
    texts.command(idOf(1), first.scrub)
    expect(first.times()).toBe(times)
  })

  test('of one that is larger than all room is remembered while no other comes', () => {
    const texts = new StaticTexts()
    const { scrub, times } = scrubber(commandOf(10_000_000))
    texts.command(idOf(1), scrub)
    texts.command(idOf(1), scrub)
    expect(times()).toBe(1)
    texts.command(idOf(2), () => commandOf(1))
    texts.command(idOf(1), scrub)
    expect(times()).toBe(2)
  })
})
