import { StaticTexts } from '../../../api/engine/decode/static-texts.js'

const labelled = (characters: number) => ({ value: new Map([['a', 'x'.repeat(characters)]]), redactions: 0 })

test('labels are looked at once, and those used last are remembered', () => {
  const texts = new StaticTexts()
  let count = 0
  const look = () => {
    count += 1
    return labelled(10)
  }
  texts.labels('one', look)
  texts.labels('one', look)
  expect([count, texts.knownLabels('one')?.get('a'), texts.knownLabels('two')]).toEqual([1, 'x'.repeat(10), undefined])
})

test('the labels of ever new containers are remembered up to a number of characters', () => {
  const texts = new StaticTexts()
  const ids = Array.from({ length: 5_000 }, (_, i) => String(i))
  for (const id of ids) texts.labels(id, () => labelled(16_000))
  const known = ids.filter((id) => texts.knownLabels(id) !== undefined)
  expect(known.length * 16_000).toBeGreaterThan(30 * 1024 * 1024)
  expect(known.length * 16_000).toBeLessThanOrEqual(32 * 1024 * 1024)
  expect(known.at(-1)).toBe('4999')
})

test('what is used again stays, and many small ones count too', () => {
  const texts = new StaticTexts()
  const tiny = { value: new Map(Array.from({ length: 256 }, (_, i) => [`${i}`, ''])), redactions: 0 }
  for (let i = 0; i < 20_000; i += 1) {
    texts.labels('first', () => tiny)
    texts.labels(`other ${i}`, () => tiny)
  }
  const known = Array.from({ length: 20_000 }, (_, i) => texts.knownLabels(`other ${i}`)).filter(Boolean)
  expect(texts.knownLabels('first')).toBeDefined()
  expect(known.length).toBeLessThan(3_000)
})
