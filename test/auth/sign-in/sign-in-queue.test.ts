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
  test('runs one at a time, and resolves with each result', async () => {
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
    for (const name of ['b', 'a2', 'a3', 'a4', 'a6']) await end(name)
    await Promise.all([running, ...waiting, other, again])
    expect(began).toEqual(['a0', 'a1', 'b', 'a2', 'a3', 'a4', 'a6'])
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

  /** Every guess that is sent again as soon as it is refused or answered, as a flood is. */
  const flood = async (addresses: readonly string[], owner: string) => {
    const queue = new SignInQueue()
    const { began, work, end } = openWork()
    const refused: string[] = []
    let next = 0
    const guess = () => {
      const address = addresses[next % addresses.length] ?? ''
      const name = `guess ${next}`
      next += 1
      queue.enter(address, work(name)).catch(() => refused.push(name))
    }
    for (let i = 0; i < 6_000; i += 1) guess()
    const signedIn = queue.enter(owner, work('owner')).then(
      () => true,
      () => false,
    )
    let turns = 0
    for (; turns < 200 && !began.includes('owner'); turns += 1) {
      for (let i = 0; i < 30; i += 1) guess()
      await end(began.at(-1) ?? '')
    }
    await end('owner')
    return { turns, isSignedIn: began.includes('owner') && (await signedIn), refused: refused.length }
  }

  test('lets an owner at a new address in while 6,000 addresses of one provider guess', async () => {
    const addresses = range(6_000).map((i) => `2001:db8:${(i >> 8).toString(16)}:${(i & 255).toString(16)}00::/56`)
    const { turns, isSignedIn, refused } = await flood(addresses, '2001:db9::/56')
    expect(isSignedIn).toBe(true)
    expect(turns).toBeLessThanOrEqual(3)
    expect(refused).toBeGreaterThan(5_900)
  })

  test('lets an owner at a new address in while 32 networks of IPv4 guess', async () => {
    const addresses = range(6_000).map((i) => `10.${i % 32}.${(i >> 8) & 255}.${i & 255}`)
    const { turns, isSignedIn } = await flood(addresses, '192.0.2.1')
    expect(isSignedIn).toBe(true)
    expect(turns).toBeLessThanOrEqual(66)
  })

  test('cannot hold a place for an owner while more networks guess than there are places', async () => {
    const addresses = range(6_000).map((i) => `10.${i % 65}.0.${i & 255}`)
    expect((await flood(addresses, '192.0.2.1')).isSignedIn).toBe(false)
  })

  test('gives a place of the network that holds most, its newest, and refuses that one', async () => {
    const queue = new SignInQueue()
    const { began, work, end } = openWork()
    void queue.enter('running', work('running'))
    const outcomes = range(64).map((i) =>
      queue.enter(`10.0.0.${i}`, work(`guess ${i}`)).then(
        () => 'done',
        (error: unknown) => (error instanceof ApiError ? error.code : 'other'),
      ),
    )
    void queue.enter('192.0.2.1', work('owner'))
    expect(await outcomes[63]).toBe('rate-limited')
    for (const name of ['running', 'guess 0', 'owner', 'guess 1']) await end(name)
    expect(began.slice(0, 5)).toEqual(['running', 'guess 0', 'owner', 'guess 1', 'guess 2'])
    for (const i of range(63)) await end(`guess ${i}`)
    expect((await Promise.all(outcomes)).filter((outcome) => outcome === 'done')).toHaveLength(63)
  })

  test('counts those that gave their place up no longer: their address may wait again', async () => {
    const queue = new SignInQueue()
    const { work } = openWork()
    void queue.enter('running', work('running'))
    const guesses = range(64).map((i) => queue.enter(`10.0.${i >> 2}.0`, work(`guess ${i}`)))
    for (const guess of guesses) guess.catch(() => {})
    void queue.enter('192.0.2.1', work('owner'))
    await expect(guesses[63]).rejects.toMatchObject({ code: 'rate-limited' })
    // Full, and its network holds most, so it is refused for that and not for its address.
    await expect(queue.enter('10.0.15.0', work('again'))).rejects.toThrow('too many sign-ins wait already')
    await expect(queue.enter('10.0.0.0', work('again'))).rejects.toThrow('4 sign-ins of this address wait already')
  })
})
