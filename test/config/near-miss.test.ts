import { isNearMiss } from '../../api/config/near-miss.js'

describe('isNearMiss', () => {
  test.each([
    ['LOG_LEVELS', 'LOG_LEVEL'],
    ['LOG_LEVE', 'LOG_LEVEL'],
    ['LOG_LEVAL', 'LOG_LEVEL'],
    // Two edits, where the name is long.
    ['RATE_LIMITS_GENERALS', 'RATE_LIMIT_GENERAL'],
  ])('%s is a slip for %s', (name, known) => {
    expect(isNearMiss(name, known)).toBe(true)
  })

  test.each([
    ['LOG_LVELES', 'LOG_LEVEL'],
    ['HOME', 'HOST'],
    ['PORTS', 'PORT'],
    ['RATE_GENERAL', 'RATE_LIMIT_GENERAL'],
  ])('%s is no slip for %s', (name, known) => {
    expect(isNearMiss(name, known)).toBe(false)
  })
})
