import { NextMatch } from '../../api/redaction/next-match.js'

test('gives the next match from each position, and the end of the text behind the last', () => {
  const text = 'a.b..c'
  const dots = new NextMatch(text, /\./g)
  expect([0, 1, 2, 3, 3, 4, 5, 6].map((position) => dots.indexFrom(position))).toEqual([1, 1, 3, 3, 3, 4, 6, 6])
  expect(dots.from(6)).toBeNull()
})

test('searches no ground twice', () => {
  let searches = 0
  class Counted extends RegExp {
    override exec(text: string) {
      searches += 1
      return super.exec(text)
    }
  }
  const text = `${'a'.repeat(50)}.${'a'.repeat(50)}`
  const dots = new NextMatch(text, new Counted('\\.', 'g'))
  for (let position = 0; position < text.length; position += 1) dots.from(position)
  expect(searches).toBe(2)
})
