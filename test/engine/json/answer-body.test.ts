import { z } from 'zod'
import { LoopShare } from '../../../api/concurrency/event-loop-yield.js'
import { AnswerBody } from '../../../api/engine/json/answer-body.js'
import { itemAnswer, MAX_ITEMS, memberAnswer, wholeAnswer } from '../../../api/engine/json/answer-reader.js'
import { MalformedJson } from '../../../api/engine/json/json-pruner.js'

const ITEM = z.object({ id: z.number() })
const list = itemAnswer(ITEM, {
  what: 'the list',
  decode: (value) => ITEM.safeParse(value).data?.id ?? null,
  finish: (all) => all,
})

/** Counts the turns that work waits for. */
class CountedShare extends LoopShare {
  turns = 0

  override turn(party: string): Promise<void> {
    this.turns += 1
    return super.turn(party)
  }
}

/** Ends each slice at once. */
class ShortShare extends CountedShare {
  constructor() {
    let now = 0
    super(() => {
      now += 2
      return now
    })
  }
}

const bodyOf = (make: typeof list, share: LoopShare) => new AnswerBody(make(), { loopShare: share, name: 'local' })

const listOf = (count: number) => Buffer.from(JSON.stringify(Array.from({ length: count }, (_, id) => ({ id }))))

describe('AnswerBody', () => {
  test('works on few bytes as they come', () => {
    const share = new CountedShare()
    const body = new AnswerBody(list(), { loopShare: share, name: 'local' })
    expect(body.push(listOf(3))).toBeNull()
    expect([body.end().items, share.turns]).toEqual([[0, 1, 2], 0])
  })

  test.each([
    [16 * 1024, 0],
    [16 * 1024 + 1, 1],
  ])('lets %i bytes wait for %i turns', async (size, turns) => {
    const share = new CountedShare(() => 0)
    const body = bodyOf(list, share)
    await body.push(Buffer.concat([Buffer.from('['), Buffer.alloc(size - 1, 0x20)]))
    expect(share.turns).toBe(turns)
  })

  test('lets few bytes wait where its party has used more than its share', async () => {
    const share = new CountedShare(() => 0)
    share.charge('local', 1_001)
    const pushed = bodyOf(list, share).push(listOf(3))
    expect(pushed).not.toBeNull()
    await pushed
    expect(share.turns).toBe(1)
  })

  test('looks at the clock after each kilobyte, and yields where the slice is over', async () => {
    const share = new ShortShare()
    const body = bodyOf(list, share)
    const bytes = listOf(10_000)
    await body.push(bytes)
    expect(share.turns).toBe(Math.ceil(bytes.length / 1_024) + 1)
  })

  test('refuses what is no JSON, and what has no end', () => {
    const share = new LoopShare()
    expect(() => bodyOf(list, share).push(Buffer.from('[}'))).toThrow(MalformedJson)
    const body = bodyOf(list, share)
    void body.push(Buffer.from('[{"id":1}'))
    expect(() => body.end()).toThrow(MalformedJson)
  })

  test('refuses a value that only looks like JSON', () => {
    expect(() => bodyOf(list, new LoopShare()).push(Buffer.from('[{"id":01}]'))).toThrow(/no JSON/)
  })
})

describe('a list', () => {
  const read = async (bytes: Buffer) => {
    const body = bodyOf(list, new LoopShare(() => 0))
    await body.push(bytes)
    return body.isFull ? body.endEarly() : body.end()
  }

  test.each([
    [MAX_ITEMS - 1, MAX_ITEMS - 1, false],
    [MAX_ITEMS, MAX_ITEMS, false],
    [MAX_ITEMS + 1, MAX_ITEMS, true],
    [MAX_ITEMS * 3, MAX_ITEMS, true],
  ])('of %i items has %i, and says whether it goes on: %s', async (count, kept, isTruncated) => {
    const { items, ...rest } = await read(listOf(count))
    expect([items.length, items.at(-1), rest]).toEqual([kept, kept - 1, { omitted: 0, isTruncated }])
  })

  test('counts what does not fit, and is a bad answer where nothing fits', async () => {
    expect(await read(Buffer.from('[{"id":1},null,{},[],{"id":"x"},{"id":2}]'))).toEqual({
      items: [1, 2],
      omitted: 4,
      isTruncated: false,
    })
    await expect(read(Buffer.from('[{},null]'))).rejects.toMatchObject({ code: 'engine-bad-answer' })
    expect((await read(Buffer.from('[]'))).items).toEqual([])
  })

  test.each(['{}', 'null', '7', '"x"'])('that is %s is a bad answer', async (json) => {
    await expect(async () => read(Buffer.from(json))).rejects.toMatchObject({ code: 'engine-bad-answer' })
  })
})

describe('an object of lists', () => {
  const members = memberAnswer({
    what: 'the use',
    lists: { a: z.number(), b: z.string() },
    rest: z.object({ size: z.number().nullish() }),
    finish: (all, isTruncated) => ({ ...all, isTruncated }),
  })
  const read = (json: string) => {
    const body = new AnswerBody(members(), { loopShare: new LoopShare(), name: 'local' })
    void body.push(Buffer.from(json))
    return body.end()
  }

  test('has what fits of each, and its other members', () => {
    expect(read('{"a":[1,"x",2],"b":null,"size":7,"other":[1]}')).toEqual({
      a: [1, 2],
      b: [],
      size: 7,
      isTruncated: false,
    })
  })

  test.each(['[]', 'null', '{"a":7}', '{"a":{}}', '{"a":["x"]}', '{"size":"x"}'])(
    'is a bad answer where it is %s',
    (json) => {
      expect(() => read(json)).toThrow(expect.objectContaining({ code: 'engine-bad-answer' }))
    },
  )
})

test('one value is read whole, and says whether it was cut', () => {
  const whole = wholeAnswer(z.object({ words: z.array(z.string()) }), (value, isCut) => ({ value, isCut }))
  const read = (json: string) => {
    const body = new AnswerBody(whole(), { loopShare: new LoopShare(), name: 'local' })
    void body.push(Buffer.from(json))
    return body.end()
  }
  expect(read('{"words":["a"],"other":1}')).toEqual({ value: { words: ['a'] }, isCut: false })
  expect(read('{"words":["a",[]]}')).toEqual({ value: { words: ['a', null] }, isCut: true })
})
