import { SignInQueue } from '../../../api/auth/sign-in/sign-in-queue.js'
import { ApiError } from '../../../api/model/error.js'
import { settle } from '../../support/fake-clock.js'

/** Work that the test ends. */
function openWork() {
  const began: string[] = []
  const ends = new Map<string, { resolve(): void; reject(error: Error): void }>()
  const work = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      began.push(name)
      ends.set(name, { resolve: () => resolve(name), reject })
    })
  const end = async (name: string) => {
    ends.get(name)?.resolve()
    await settle()
  }
  return { began, ends, work, end }
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i)
}

async function refusalOf(entered: Promise<unknown>): Promise<ApiError> {
  const error = await entered.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ApiError)) throw new Error('nothing was refused')
  return error
}

describe('SignInQueue', () => {
  test('runs one at a time, in order of arrival, and resolves with each result', async () => {
    const { began, work, end } = openWork()
    const queue = new SignInQueue()
    const results = ['a', 'b', 'c'].map((name) => queue.enter(name, work(name)))
    await settle()
    expect(began).toEqual(['a'])
    await end('a')
    expect(began).toEqual(['a', 'b'])
    await end('b')
    expect(began).toEqual(['a', 'b', 'c'])
    await end('c')
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c'])
  })

  test('starts at once if no sign-in runs', () => {
    const { began, work } = openWork()
    void new SignInQueue().enter('a', work('a'))
    expect(began).toEqual(['a'])
  })

  test('continues after a failure, synchronous or later', async () => {
    const { began, ends, work, end } = openWork()
    const queue = new SignInQueue()
    const thrown = queue.enter('a', () => {
      throw new Error('at once')
    })
    await expect(thrown).rejects.toThrow('at once')
    const failing = queue.enter('b', work('b'))
    const next = queue.enter('c', work('c'))
    ends.get('b')?.reject(new Error('later'))
    await expect(failing).rejects.toThrow('later')
    await settle()
    expect(began).toEqual(['b', 'c'])
    await end('c')
    expect(await next).toBe('c')
  })

  test('lets no new sign-in run before one that waits', async () => {
    const { began, ends, work, end } = openWork()
    const queue = new SignInQueue()
    const first = queue.enter('a', work('a')).then(() => queue.enter('late', work('late')))
    void queue.enter('b', work('b'))
    ends.get('a')?.resolve()
    await settle()
    expect(began).toEqual(['a', 'b'])
    await end('b')
    expect(began).toEqual(['a', 'b', 'late'])
    await end('late')
    expect(await first).toBe('late')
  })

  test('lets four of one address wait and refuses a fifth, while others wait on', async () => {
    const { began, work, end } = openWork()
    const queue = new SignInQueue()
    const running = queue.enter('a', work('a0'))
    const waiting = range(4).map((i) => queue.enter('a', work(`a${i + 1}`)))
    const error = await refusalOf(queue.enter('a', work('a5')))
    expect(error.code).toBe('rate-limited')
    expect(error.retryAfterSeconds).toBe(1)
    const other = queue.enter('b', work('b'))
    for (const name of ['a0', 'a1']) await end(name)
    // One of the four runs, so another may wait.
    const again = queue.enter('a', work('a6'))
    for (const name of ['a2', 'a3', 'a4', 'b', 'a6']) await end(name)
    await Promise.all([running, ...waiting, other, again])
    expect(began).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'b', 'a6'])
  })

  test('lets 64 wait in all and refuses the next, from any address', async () => {
    const { began, work, end } = openWork()
    const queue = new SignInQueue()
    const all = range(65).map((i) => queue.enter(`address ${i}`, work(String(i))))
    const error = await refusalOf(queue.enter('address 65', work('65')))
    expect([error.code, error.retryAfterSeconds]).toEqual(['rate-limited', 1])
    for (const i of range(65)) await end(String(i))
    await Promise.all(all)
    expect(began).toEqual(range(65).map(String))
  })

  test('runs the preferred before the others, in their order, and has a quota for them', async () => {
    const queue = new SignInQueue()
    const done: string[] = []
    let open = () => {}
    const gate = new Promise<void>((resolve) => {
      open = resolve
    })
    const run = (name: string) => async () => {
      await gate
      done.push(name)
    }
    const first = queue.enter('first', run('first'))
    const crowd = range(64).map((i) => queue.enter(`crowd ${i}`, run(`crowd ${i}`)))
    await expect(queue.enter('one more', run('one more'))).rejects.toMatchObject({ code: 'rate-limited' })
    const owners = range(16).map((i) => queue.enter(`owner ${i}`, run(`owner ${i}`), true))
    await expect(queue.enter('owner 16', run('owner 16'), true)).rejects.toMatchObject({ code: 'rate-limited' })
    open()
    await Promise.all([first, ...crowd, ...owners])
    expect(done.slice(0, 18)).toEqual(['first', ...range(16).map((i) => `owner ${i}`), 'crowd 0'])
    expect(done).toHaveLength(81)
  })
})
