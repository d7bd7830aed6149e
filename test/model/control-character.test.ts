import { hasControlCharacter } from '../../api/model/control-character.js'

describe('hasControlCharacter', () => {
  test.each(['\u0000', 'a\nb', 'a\tb', '\u001b[2J', 'a\u007f', '\u009b2J'])('finds that of %j', (text) => {
    expect(hasControlCharacter(text)).toBe(true)
  })

  test.each(['', 'plain text', '\u00e9 \u6f22\u5b57', 'a\u00a0b', '\u{1f600}'])('finds none in %j', (text) => {
    expect(hasControlCharacter(text)).toBe(false)
  })
})
