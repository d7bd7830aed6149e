import { createLog } from '../api/log.js'
import { ApiError } from '../api/model/error.js'

function logged(err: unknown): Record<string, unknown> {
  const lines: string[] = []
  createLog('info', { write: (line) => lines.push(line) }).error({ err }, 'failed')
  expect(lines).toHaveLength(1)
  return JSON.parse(lines[0] ?? '{}')
}

describe('createLog', () => {
  test('writes one JSON object per line with time, level and message', () => {
    expect(logged(undefined)).toMatchObject({
      level: 'error',
      msg: 'failed',
      time: expect.stringMatching(/^\d{4}-.*Z$/),
    })
  })

  test('names an error by type, code and message, with its causes, and redacts secrets', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', key: 'PRIVATE' })
    const line = logged(new ApiError('engine-unavailable', 'postgres://u:hunter2@db is down', { cause }))
    expect(line['err']).toEqual({
      type: 'ApiError',
      message: 'postgres://[redacted]@db is down',
      code: 'engine-unavailable',
      cause: { type: 'Error', message: 'connect ECONNREFUSED', code: 'ECONNREFUSED' },
    })
  })

  test('logs the stack of an unexpected error only', () => {
    expect(logged(new TypeError('x is not a function'))['err']).toMatchObject({
      stack: expect.stringContaining('log.test'),
    })
    expect(logged(new ApiError('internal', 'x'))['err']).not.toHaveProperty('stack')
  })

  test('bounds the message of an error, and never cuts a secret in half', () => {
    const secret = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(300)}.${'b'.repeat(300)}`
    const { message } = logged(new ApiError('internal', `${'x '.repeat(450)}${secret}${'y'.repeat(5_000)}`))['err'] as {
      message: string
    }
    expect(message.length).toBeLessThanOrEqual(1_000)
    expect(message).not.toContain('eyJ')
  })

  test('survives a value that is not an error, and causes without end', () => {
    expect(logged('text')['err']).toEqual({ type: 'string', message: 'not an Error' })
    const loop = new Error('a')
    loop.cause = loop
    expect(JSON.stringify(logged(loop)).length).toBeLessThan(20_000)
  })

  test('cannot be made to write two lines', () => {
    const lines: string[] = []
    createLog('info', { write: (line) => lines.push(line) }).info({ path: 'a\n{"level":"fatal"}\r\u2028' }, 'x\ny')
    expect(lines.join('').trimEnd()).not.toContain('\n')
  })
})
