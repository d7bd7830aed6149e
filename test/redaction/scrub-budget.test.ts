import { REDACTED, scrubArguments, scrubLabels, scrubText } from '../../api/redaction/scrub.js'
import {
  CHARACTERS_PER_TEXT,
  CONTAINER_SCRUB_CHARACTERS,
  LINE_SCRUB_CHARACTERS,
  ScrubBudget,
} from '../../api/redaction/scrub-budget.js'

/** Pays for texts of these lengths, and no character more. */
const budgetFor = (...lengths: readonly number[]) =>
  new ScrubBudget(lengths.reduce((sum, length) => sum + CHARACTERS_PER_TEXT + length, 0))

describe('a budget', () => {
  test.each([
    [99, 99],
    [100, 100],
    [101, 100],
    [100_000, 100],
  ])('for 100 characters lets of a text of %i be looked at %i', (length, looked) => {
    expect(budgetFor(100).affords(length)).toBe(length <= 100)
    expect(budgetFor(100).spend(length)).toBe(looked)
  })

  test('is spent by the first text that does not fit, and lets no shorter one be looked at after it', () => {
    const budget = budgetFor(100)
    expect(budget.spend(101)).toBe(100)
    expect([budget.isSpent, budget.affords(1), budget.spend(1)]).toEqual([true, false, 0])
  })

  test('counts each text besides its characters, and an empty one for nothing', () => {
    const budget = budgetFor(1, 1)
    expect([budget.spend(0), budget.spend(1), budget.isSpent]).toEqual([0, 1, false])
    expect([budget.spend(1), budget.isSpent]).toEqual([1, true])
    expect([budget.affords(0), budget.spend(0)]).toEqual([true, 0])
  })

  test.each([0, 1, CHARACTERS_PER_TEXT])('of %i characters is spent from the beginning', (characters) => {
    expect(new ScrubBudget(characters).isSpent).toBe(true)
    expect(new ScrubBudget(characters).spend(5)).toBe(0)
  })
})

describe('a text', () => {
  const words = 'word '.repeat(1_000)

  test('within its budget reads as it does without one', () => {
    const text = `${words}password=hunter2`
    expect(scrubText(text, budgetFor(text.length))).toEqual(scrubText(text))
    expect(scrubText('', new ScrubBudget(0))).toEqual({ value: '', redactions: 0 })
  })

  test('beyond it is redacted from a space on, and counts as one secret more', () => {
    const { value, redactions } = scrubText(words, budgetFor(words.length - 1))
    expect(value).toMatch(/^(?:word ){890,900}\[redacted\]$/)
    expect(redactions).toBe(1)
    const withSecret = `password=hunter2 ${words}`
    expect(scrubText(withSecret, budgetFor(3_000))).toMatchObject({ redactions: 2 })
  })

  test('that is beyond it whole is not shown at all', () => {
    expect(scrubText('word', new ScrubBudget(0))).toEqual({ value: REDACTED, redactions: 1 })
    expect(scrubText('word', budgetFor(3))).toEqual({ value: REDACTED, redactions: 1 })
  })

  test.each([
    ['a token of three parts', `eyJhbGciOiJIUzI1NiJ9.${'hunter2'.repeat(200)}.sig`],
    ['a password in a URL', `postgres://app:${'hunter2'.repeat(70)}@db/x`],
    ['a password of a program', `mysql -p"${'hunter2 '.repeat(60)}" shop`],
    ['a password in SQL', `IDENTIFIED BY '${'hunter2 '.repeat(60)}'`],
  ])('shows no half of %s, wherever its budget ends', (_what, secret) => {
    const text = `${words}${secret} ${words}`
    for (let looked = words.length; looked < words.length + secret.length + 1_200; looked += 7)
      expect(scrubText(text, budgetFor(looked)).value).not.toContain('hunter2')
  })
})

describe('arguments', () => {
  const args = ['app', '--port', '80', '--password', 'hunter2', '', '--env', 'A=b']

  test('within their budget read as they do without one', () => {
    const budget = budgetFor(...args.filter((arg) => arg !== '').map((arg) => arg.length))
    expect(scrubArguments(args, budget)).toEqual(scrubArguments(args))
  })

  test('beyond it are redacted, each counted once', () => {
    expect(scrubArguments(args, budgetFor(3, 6))).toEqual({
      value: ['app', '--port', REDACTED, REDACTED, REDACTED, '', REDACTED, REDACTED],
      redactions: 5,
    })
  })

  test('are cut at the one where it ends', () => {
    expect(scrubArguments(args, budgetFor(3, 5)).value.slice(0, 3)).toEqual(['app', REDACTED, REDACTED])
  })

  test('show nothing of a value whose name is not looked at whole', () => {
    const arg = '--password=hunter2'
    for (let looked = 0; looked < arg.length; looked += 1)
      expect(scrubArguments([arg], budgetFor(looked)).value).toEqual([
        looked > arg.indexOf('=') ? `--password=${REDACTED}` : REDACTED,
      ])
    for (let looked = 0; looked < 10; looked += 1)
      expect(scrubArguments(['mysql', '-phunter2'], budgetFor(5, looked)).value[1]).not.toContain('hunter2')
  })
})

describe('labels', () => {
  const labels = { team: 'web', 'db.password': 'hunter2', note: 'x', empty: '' }

  test('within their budget read as they do without one', () => {
    expect(scrubLabels(labels, budgetFor(7, 18, 5))).toEqual(scrubLabels(labels))
  })

  test('beyond it are redacted by value, each counted once', () => {
    const { value, redactions } = scrubLabels(labels, budgetFor(7))
    expect(Object.fromEntries(value)).toEqual({ team: 'web', 'db.password': REDACTED, note: REDACTED, empty: '' })
    expect(redactions).toBe(2)
  })

  test('pay for their keys', () => {
    expect(scrubLabels({ team: 'web' }, budgetFor(7)).value.get('team')).toBe('web')
    for (const looked of [0, 3, 4, 5, 6])
      expect(scrubLabels({ team: 'web' }, budgetFor(looked))).toEqual({
        value: new Map([['team', REDACTED]]),
        redactions: 1,
      })
  })
})

test('one budget is spent by all texts of one container, in their order', () => {
  const budget = budgetFor(3, 7)
  expect(scrubArguments(['app'], budget).value).toEqual(['app'])
  expect(scrubLabels({ team: 'web' }, budget).value.get('team')).toBe('web')
  expect(scrubText('x', budget)).toEqual({ value: REDACTED, redactions: 1 })
})

test.each([
  ['a container', CONTAINER_SCRUB_CHARACTERS],
  ['a line', LINE_SCRUB_CHARACTERS],
])('that of %s lets as many characters be looked at as it says, in one text or in many', (_what, characters) => {
  const longest = characters - CHARACTERS_PER_TEXT
  for (const [length, isAfforded] of [
    [longest - 1, true],
    [longest, true],
    [longest + 1, false],
  ] as const)
    expect(new ScrubBudget(characters).affords(length)).toBe(isAfforded)
  const budget = new ScrubBudget(characters)
  let texts = 0
  while (!budget.isSpent) texts += budget.spend(1)
  expect(texts).toBe(Math.floor(characters / (CHARACTERS_PER_TEXT + 1)))
})
