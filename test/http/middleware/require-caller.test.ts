import request from 'supertest'
import { ANONYMOUS } from '../../../api/auth/token.js'
import { identify } from '../../../api/http/middleware/identify.js'
import { callerOf, requireCaller } from '../../../api/http/middleware/require-caller.js'
import { ApiError } from '../../../api/model/error.js'
import { appOf } from '../../support/middleware-app.js'

const PER_ADDRESS = 7

function open(record: () => Promise<void> = async () => {}) {
  const recorded: unknown[] = []
  const authenticator = {
    authenticate: (token: string) => {
      if (token === 'good') return ANONYMOUS
      throw new ApiError('invalid-token', 'token refused: not three parts')
    },
    isStillValid: async () => true,
  }
  const recordRefusal = async (...given: readonly unknown[]) => {
    recorded.push(given)
    await record()
  }
  const tickets = { redeem: async () => ANONYMOUS }
  const middlewares = [
    identify({ authenticator, tickets, isStream: () => false }),
    requireCaller(recordRefusal, PER_ADDRESS),
  ]
  const app = appOf(middlewares, (res) => ({ subject: callerOf(res).subject }))
  const ask = async (...token: readonly string[]) => {
    const asked = request(app).get('/')
    for (const one of token) asked.set('Authorization', `Bearer ${one}`)
    const { status, body } = await asked
    return [status, body.code ?? body.subject]
  }
  return { ask, recorded }
}

test('lets a caller pass, and identifies it', async () => {
  const { ask, recorded } = open()
  expect(await ask('good')).toEqual([200, ANONYMOUS.subject])
  expect(recorded).toEqual([])
})

test('refuses a request without a token, and records nothing', async () => {
  const { ask, recorded } = open()
  expect(await ask()).toEqual([401, 'unauthenticated'])
  expect(recorded).toEqual([])
})

test('refuses and records an invalid token, with the reason, which the client does not get', async () => {
  const { ask, recorded } = open()
  expect(await ask('bad')).toEqual([401, 'invalid-token'])
  const event = { action: 'token-refused', decision: 'deny', reason: 'token refused: not three parts' }
  expect(recorded).toEqual([[expect.objectContaining(event), PER_ADDRESS]])
})

test('answers that the audit is unavailable if a refusal cannot be recorded', async () => {
  const { ask } = open(() => Promise.reject(new ApiError('audit-unavailable', 'broken')))
  expect(await ask('bad')).toEqual([503, 'audit-unavailable'])
})

test('there is no caller on a route without requireCaller', async () => {
  const app = appOf([], (res) => callerOf(res))
  expect((await request(app).get('/')).status).toBe(401)
})
