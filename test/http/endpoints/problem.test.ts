import { problemOf, statusOf } from '../../../api/http/endpoints/problem.js'
import { ApiError, type ApiErrorOptions, ERROR_CODES, type ErrorCode } from '../../../api/model/error.js'

const REQUEST_ID = '3edfaf61-daca-4326-bd17-30ffed3ea0c3'

function fieldsOf(code: ErrorCode, options: ApiErrorOptions = {}): object {
  return problemOf(new ApiError(code, 'the reason', options), REQUEST_ID).fields
}

describe('a problem', () => {
  test.each(ERROR_CODES)('%s names its code, its status and its request', (code) => {
    const { status, body } = problemOf(new ApiError(code, 'the reason'), REQUEST_ID)
    expect(status).toBe(statusOf(code))
    expect(body).toEqual({
      type: `urn:porthole:problem:${code}`,
      title: expect.stringMatching(/^[A-Z]/),
      status,
      detail: expect.stringMatching(/^[A-Z].*\.$/),
      instance: `urn:uuid:${REQUEST_ID}`,
      code,
      requestId: REQUEST_ID,
    })
  })

  test("has the error's own detail and faults where it carries them, and never its reason or cause", () => {
    const faults = [{ path: 'limit', message: 'must be 1 or more' }]
    const error = new ApiError('invalid-request', 'the reason', {
      cause: new Error('the cause'),
      detail: 'A detail.',
      faults,
    })
    const { body } = problemOf(error, REQUEST_ID)
    expect(body).toMatchObject({ detail: 'A detail.', errors: faults })
    expect(JSON.stringify(body)).not.toMatch(/the reason|the cause/)
  })

  test.each([new Error('secret'), new TypeError('secret'), 'secret', null, undefined, { code: 'not-found' }])(
    'of an unexpected error is internal and reveals nothing of it: %p',
    (error) => {
      const { status, body } = problemOf(error, REQUEST_ID)
      expect([status, body['code']]).toEqual([500, 'internal'])
      expect(JSON.stringify(body)).not.toContain('secret')
    },
  )

  test.each<[ErrorCode, ApiErrorOptions, object]>([
    ['unauthenticated', {}, { 'WWW-Authenticate': 'Bearer realm="porthole"' }],
    ['invalid-credentials', {}, { 'WWW-Authenticate': 'Bearer realm="porthole"' }],
    ['invalid-token', {}, { 'WWW-Authenticate': 'Bearer realm="porthole", error="invalid_token"' }],
    ['insufficient-scope', {}, {}],
    [
      'insufficient-scope',
      { missingScope: 'logs:read' },
      { 'WWW-Authenticate': 'Bearer realm="porthole", error="insufficient_scope", scope="logs:read"' },
    ],
    ['method-not-allowed', { allowedMethods: ['GET', 'HEAD'] }, { Allow: 'GET, HEAD' }],
    ['rate-limited', { retryAfterSeconds: 890 }, { 'Retry-After': '890' }],
    ['too-many-streams', {}, { 'Retry-After': '5' }],
    ['audit-unavailable', {}, { 'Retry-After': '5' }],
    ['engine-unavailable', {}, { 'Retry-After': '5' }],
    ['engine-timeout', {}, { 'Retry-After': '5' }],
    ['not-found', { retryAfterSeconds: 1, allowedMethods: ['GET'], missingScope: 'logs:read' }, {}],
  ])('%s with %j carries its response fields', (code, options, fields) => {
    expect(fieldsOf(code, options)).toEqual(fields)
  })
})
