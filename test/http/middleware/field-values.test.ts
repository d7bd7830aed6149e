import type { IncomingMessage } from 'node:http'
import { fieldValues } from '../../../api/http/middleware/field-values.js'

test('gives each field of a name, in whatever case it came, and no value that reads like the name', () => {
  const rawHeaders = ['Host', 'a', 'X', 'host', 'HOST', 'b', 'Hosts', 'c', 'host', '']
  const message = { rawHeaders } as IncomingMessage
  expect(fieldValues(message, 'host')).toEqual(['a', 'b', ''])
  expect(fieldValues(message, 'authorization')).toEqual([])
})
