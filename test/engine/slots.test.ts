import { Slots } from '../../api/engine/slots.js'

describe('Slots', () => {
  test('let no more in than there are places, in the order of asking', () => {
    const slots = new Slots(2)
    const began: string[] = []
    const [a, b] = ['a', 'b', 'c', 'd'].map((name) => slots.enter(() => began.push(name)))
    expect(began).toEqual(['a', 'b'])
    b?.()
    expect(began).toEqual(['a', 'b', 'c'])
    a?.()
    expect(began).toEqual(['a', 'b', 'c', 'd'])
  })

  test('who leaves the line is not called, and who leaves twice frees one place', () => {
    const slots = new Slots(1)
    const began: string[] = []
    const enter = (name: string) => slots.enter(() => began.push(name))
    const [a, b] = [enter('a'), enter('b'), enter('c'), enter('d')]
    b?.()
    a?.()
    a?.()
    b?.()
    expect(began).toEqual(['a', 'c'])
  })

  test('a place may be left before its beginning is over', () => {
    const slots = new Slots(1)
    const began: string[] = []
    for (const name of ['a', 'b', 'c']) {
      slots.enter((leave) => {
        began.push(name)
        leave()
      })
    }
    expect(began).toEqual(['a', 'b', 'c'])
  })
})
