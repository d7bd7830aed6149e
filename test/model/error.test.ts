import { ERROR_CODES } from '../../api/model/error.js'

test('there are the error codes of the contract, those of decisions 0011 and 0015, and those of an end that is ours', () => {
  expect(ERROR_CODES).toHaveLength(19 + 4 + 2)
})
