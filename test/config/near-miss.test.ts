import { isNearMiss } from '../../api/config/near-miss.js'

describe('isNearMiss', () => {
  test.each([
    ['LOG_LEVELS', 'LOG_LEVEL'],
    ['LOG_LEVE', 'LOG_LEVEL'],
    ['LOG_LEVAL', 'LOG_LEVEL'],
    // Two edits in a long name.
    ['RATE_LIMITS_GENERALS', 'RATE_LIMIT_GENERAL'],
  ])('%s is a typo of %s', (name, known) => {
    expect(isNearMiss(name, known)).toBe(true)
  })

  test.each([
    ['LOG_LVELES', 'LOG_LEVEL'],
    ['HOME', 'HOST'],
    ['PORTS', 'PORT'],
    ['RATE_GENERAL', 'RATE_LIMIT_GENERAL'],
  ])('%s is not a typo of %s', (name, known) => {
    expect(isNearMiss(name, known)).toBe(false)
  })
})
