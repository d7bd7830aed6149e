import { isLoopback } from '../../api/model/loopback.js'

describe('isLoopback', () => {
  test.each(['localhost', '127.0.0.1', '127.255.255.254', '::1', '[::1]'])('%s is', (host) => {
    expect(isLoopback(host)).toBe(true)
  })

  test.each(['', '0.0.0.0', '::', '128.0.0.1', 'localhost.example.com', '127.0.0.1.example.com', 'LOCALHOST', '127.1'])(
    '%j is not',
    (host) => {
      expect(isLoopback(host)).toBe(false)
    },
  )
})
