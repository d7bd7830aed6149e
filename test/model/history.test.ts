import { type History, inSteps, mapColumns, withGaps } from '../../api/model/history.js'

function historyOf(rows: readonly (readonly [number, number | null])[], intervalMs = 10_000): History {
  return { intervalMs, times: rows.map(([time]) => time), columns: mapColumns(() => rows.map(([, value]) => value)) }
}

describe('withGaps', () => {
  test('adds one row of nulls where samples are missing', () => {
    const history = historyOf([
      [100_000, 1],
      [110_000, 2],
      [170_000, 3],
    ])
    expect(withGaps(history)).toMatchObject({
      times: [100_000, 110_000, 120_000, 170_000],
      columns: { cpuPercent: [1, 2, null, 3], pids: [1, 2, null, 3] },
    })
  })

  test.each([
    [10_000, 24_999, 2],
    [10_000, 25_000, 2],
    [10_000, 25_001, 3],
    [1_000, 15_000, 2],
    [1_000, 15_001, 3],
  ])('at an interval of %i ms takes %i ms between two for %i rows', (intervalMs, distance, rows) => {
    const history = historyOf(
      [
        [0, 1],
        [distance, 2],
      ],
      intervalMs,
    )
    expect(withGaps(history).times).toHaveLength(rows)
  })

  test('leaves an empty history empty', () => {
    expect(withGaps(historyOf([])).times).toEqual([])
  })
})

describe('inSteps', () => {
  test('returns means on multiples of the step, null for a step without a reading', () => {
    const history = historyOf([
      [61_000, 1],
      [89_999, 3],
      [90_000, 5],
      [151_000, null],
      [152_000, 7],
    ])
    expect(inSteps(history, 30_000)).toMatchObject({
      times: [60_000, 90_000, 120_000, 150_000],
      columns: { cpuPercent: [2, 5, null, 7] },
    })
  })

  test('has null for a step with unknown values only', () => {
    expect(inSteps(historyOf([[61_000, null]]), 60_000)).toMatchObject({ times: [60_000], columns: { pids: [null] } })
  })

  test('of an empty history are empty', () => {
    expect(inSteps(historyOf([]), 60_000).times).toEqual([])
  })
})
