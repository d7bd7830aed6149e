import { WaitingLine } from '../../../api/auth/sign-in/waiting-line.js'

interface Item {
  readonly addressKey: string
  readonly name: string
}

function lineOf(limit: number) {
  const line = new WaitingLine<Item>(limit)
  /** Adds one from an address, and returns the name of the one that has to go. */
  const push = (addressKey: string, name: string) => line.push({ addressKey, name })?.name ?? null
  const rest = () => {
    const names: string[] = []
    for (let item = line.shift(); item !== undefined; item = line.shift()) names.push(item.name)
    return names
  }
  return { line, push, rest }
}

describe('a waiting line', () => {
  test('is in order of arrival where all come from one address, and empty in the end', () => {
    const { line, push, rest } = lineOf(3)
    for (const name of ['a', 'b', 'c']) expect(push('10.0.0.1', name)).toBeNull()
    expect(rest()).toEqual(['a', 'b', 'c'])
    expect(line.shift()).toBeUndefined()
  })

  test('lets networks take turns, and within each the addresses', () => {
    const { push, rest } = lineOf(10)
    for (const name of ['a1', 'a2', 'a3']) push('10.0.0.1', name)
    for (const name of ['b1', 'b2']) push('10.0.0.2', name)
    for (const name of ['c1', 'c2']) push('10.1.0.1', name)
    expect(rest()).toEqual(['a1', 'c1', 'b1', 'c2', 'a2', 'b2', 'a3'])
  })

  test('at its bound lets in who would hold no more than the greediest network has left', () => {
    const { push, rest } = lineOf(3)
    expect(['a1', 'a2', 'a3'].map((name) => push('10.0.0.1', name))).toEqual([null, null, null])
    expect(push('10.1.0.1', 'b1')).toBe('a3')
    // Two against one: the place would only change sides.
    expect(push('10.1.0.1', 'b2')).toBe('b2')
    expect(push('10.2.0.1', 'c1')).toBe('a2')
    expect(push('10.3.0.1', 'd1')).toBe('d1')
    expect(rest()).toEqual(['a1', 'b1', 'c1'])
  })

  test('at its bound shares the places of one network among its addresses', () => {
    const { push, rest } = lineOf(4)
    for (const name of ['a1', 'a2', 'a3']) push('10.0.0.1', name)
    push('10.0.0.2', 'b1')
    expect(push('10.0.0.1', 'a4')).toBe('a4')
    expect(push('10.0.0.3', 'c1')).toBe('a3')
    expect(push('10.0.0.2', 'b2')).toBe('b2')
    expect(push('10.0.0.4', 'd1')).toBe('a2')
    expect(push('10.0.0.5', 'e1')).toBe('e1')
    expect(rest()).toEqual(['a1', 'b1', 'c1', 'd1'])
  })

  test('has room again for who came and went', () => {
    const { line, push } = lineOf(1)
    for (let i = 0; i < 100; i += 1) {
      expect(push('10.0.0.1', `a${i}`)).toBeNull()
      expect(push('10.0.0.1', 'over')).toBe('over')
      expect(line.shift()?.name).toBe(`a${i}`)
    }
  })
})
