import { matchesSelectors, parseLabelSelector } from '../../api/model/label-selector.js'

describe('parseLabelSelector', () => {
  test('reads a key, and a key with a value that may itself hold =', () => {
    expect(parseLabelSelector('team')).toEqual({ key: 'team', value: null })
    expect(parseLabelSelector('team=')).toEqual({ key: 'team', value: '' })
    expect(parseLabelSelector('a.b/c=x=y z')).toEqual({ key: 'a.b/c', value: 'x=y z' })
  })

  test.each(['', '=x', 'a b=c', 'a\n', 'a\u0000b', 'a\u009bb', `k=${'x'.repeat(511)}`])('refuses %j', (text) => {
    expect(parseLabelSelector(text)).toBeNull()
  })

  test('accepts the longest selector and refuses one character more', () => {
    expect(parseLabelSelector('k'.repeat(512))).not.toBeNull()
    expect(parseLabelSelector('k'.repeat(513))).toBeNull()
  })
})

describe('matchesSelectors', () => {
  const labels = new Map([
    ['team', 'web'],
    ['tier', ''],
  ])
  test.each([
    [[], true],
    [['team'], true],
    [['team=web'], true],
    [['team=web', 'tier='], true],
    [['team=we'], false],
    [['team='], false],
    [['owner'], false],
    [['team=web', 'owner'], false],
  ])('%j: %s', (texts, expected) => {
    const selectors = (texts as string[]).map((text) => parseLabelSelector(text) ?? { key: 'never', value: null })
    expect(matchesSelectors(labels, selectors)).toBe(expected)
  })
})
