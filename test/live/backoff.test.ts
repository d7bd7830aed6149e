import { backoff } from '../../api/live/backoff.js'

describe('backoff', () => {
  test('starts at once, doubles, and stops growing at two seconds', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((attempt) => backoff(attempt, 0))).toEqual([
      0, 200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000,
    ])
  })

  test('removes up to half at random', () => {
    expect(backoff(6, 0.999)).toBeGreaterThanOrEqual(1_000)
    expect(backoff(6, 0.5)).toBe(1_500)
  })
})
