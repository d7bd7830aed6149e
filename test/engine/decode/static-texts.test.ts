import { type Command, StaticTexts } from '../../../api/engine/decode/static-texts.js'

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

  test('of ever new containers are remembered up to a number of characters', () => {
    const texts = new StaticTexts()
    const ids = Array.from({ length: 5_000 }, (_, i) => idOf(i))
    for (const id of ids) texts.labels(id, () => labelsOf('x'.repeat(16_000)))
    const known = ids.filter((id) => texts.knownLabels(id) !== undefined)
    expect(known.length * 16_000).toBeGreaterThan(30 * 1024 * 1024)
    expect(known.length * 16_000).toBeLessThanOrEqual(32 * 1024 * 1024)
    expect(known.at(-1)).toBe(ids.at(-1))
  })

  test('that are used again stay, and many small ones count too', () => {
    const texts = new StaticTexts()
    const tiny = { value: new Map(Array.from({ length: 256 }, (_, i) => [`${i}`, ''])), redactions: 0 }
    for (let i = 1; i < 20_000; i += 1) {
      texts.labels(idOf(0), () => tiny)
      texts.labels(idOf(i), () => tiny)
    }
    const known = Array.from({ length: 20_000 }, (_, i) => texts.knownLabels(idOf(i))).filter(Boolean)
    expect(texts.knownLabels(idOf(0))).toBeDefined()
    expect(known.length).toBeLessThan(3_000)
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
