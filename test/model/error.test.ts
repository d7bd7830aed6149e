import { ERROR_CODES } from '../../api/model/error.js'

test('there are the error codes of the contract and those of decisions 0011 and 0015', () => {
  expect(ERROR_CODES).toHaveLength(19 + 4)
})
