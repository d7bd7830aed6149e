import { scrubText } from '../../api/redaction/scrub.js'
import { cpuTime } from '../support/cpu-time.js'

describe('scrubText', () => {
  test('takes linear time on hostile text', () => {
    const hostile = [
      'a:',
      'a=',
      '--a ',
      'eyJ-',
      '://a:',
      '--password ',
      'password=',
      '-----BEGIN PRIVATE KEY-----',
      'a.b-c_',
      '$2y$',
      "'",
    ]
    for (const unit of hostile) {
      const text = unit.repeat(Math.ceil(65_536 / unit.length))
      const started = cpuTime()
      scrubText(text)
      expect(cpuTime() - started).toBeLessThan(2_000)
    }
  })

  test('no text takes long, whatever it is made of', () => {
    const pieces = [
      'eyJ-',
      'password=',
      '"',
      "'",
      '\\"',
      ' : ',
      '=[',
      '={',
      'name="',
      '<a>',
      '://a:',
      'a:b@',
      '-p ',
      'Cookie:="',
    ]
    for (const piece of pieces) {
      const startedAt = cpuTime()
      scrubText(piece.repeat(Math.ceil(65_536 / piece.length)))
      expect([piece, cpuTime() - startedAt < 1_500]).toEqual([piece, true])
    }
  })

  test('a text that is cut off behind a backslash takes no longer', () => {
    const text = 'token=\\"x '.repeat(6_500)
    const timeOf = (given: string) => {
      const startedAt = cpuTime()
      scrubText(given)
      return cpuTime() - startedAt
    }
    timeOf(text)
    // Where each quote is looked for until the end of the text, it is a hundred times.
    expect(timeOf(`${text}\\`)).toBeLessThan(10 * timeOf(text) + 100)
  })
})
