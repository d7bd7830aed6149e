import request from 'supertest'
import { securityHeaders } from '../../../api/http/middleware/security-headers.js'
import { appOf } from '../../support/middleware-app.js'

/** What Node and Express write by themselves. */
const OF_ANY_ANSWER = ['connection', 'content-length', 'content-type', 'date']

test('forbids sniffing, framing, scripts and the Referer, asks for TLS, and sends no header that only affects pages', async () => {
  const { headers } = await request(appOf([securityHeaders()])).get('/')
  const own = Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_ANY_ANSWER.includes(name)))
  expect(own).toEqual({
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  })
})
