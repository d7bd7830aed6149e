import { type JsonLine, JsonLines } from '../../../api/engine/json/json-lines.js'
import { ANY } from '../../../api/engine/json/json-shape.js'

function linesOf(text: string, pieceBytes = 1_000): string[] {
  const read: string[] = []
  const lines = new JsonLines(ANY, ({ unit, rest }: JsonLine) => read.push(unit?.json ?? `rest: ${rest}`))
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += pieceBytes) lines.push(bytes.subarray(at, at + pieceBytes))
  lines.end()
  return read
}

describe('JsonLines', () => {
  test('reads one value a line, however the bytes are cut', () => {
    for (const pieceBytes of [1, 2, 3, 7, 100])
      expect(linesOf('{"a":1}\n\n{"b":"x"}\r\n[1]', pieceBytes)).toEqual(['{"a":1}', '{"b":"x"}', '[1]'])
  })

  test.each([
    ['is no JSON', 'hunter2', 'rest: hunter2'],
    ['ends within a value', '{"a":"b', 'rest: {"a":"b'],
    ['has an end out of place', '{"a":1]', 'rest: {"a":1'],
    ['is megabytes of brackets', '['.repeat(3_000_000), `rest: ${'['.repeat(64)}null`],
  ])('goes on behind a line that %s', (_name, line, rest) => {
    const [first, second, ...more] = linesOf(`${line}\n{"c":2}\n`)
    expect([rest.startsWith(first?.slice(0, 20) ?? '?'), second, more]).toEqual([true, '{"c":2}', []])
  })

  test('takes a value with something behind it as a value and a line that is no JSON', () => {
    expect(linesOf('{"a":1} x\n{"b":2}\n')).toEqual(['{"a":1}', 'rest: ', '{"b":2}'])
  })
})
