import type { IncomingMessage } from 'node:http'
import { fieldValues } from '../../../api/http/middleware/field-values.js'

test('returns each field of a name, in any case, and no value that equals the name', () => {
  const rawHeaders = ['Host', 'a', 'X', 'host', 'HOST', 'b', 'Hosts', 'c', 'host', '']
  const message = { rawHeaders } as IncomingMessage
  expect(fieldValues(message, 'host')).toEqual(['a', 'b', ''])
  expect(fieldValues(message, 'authorization')).toEqual([])
})
