import { createServer } from 'node:http'
import request from 'supertest'
import type { Caller } from '../../../api/auth/caller.js'
import { ANONYMOUS } from '../../../api/auth/token.js'
import { actorOf, identify, identityFault, knownCaller } from '../../../api/http/middleware/identify.js'
import { listen } from '../../../api/http/server.js'
import { ApiError } from '../../../api/model/error.js'
import { createRig } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { appOf } from '../../support/middleware-app.js'
import { sendRaw } from '../../support/raw-http.js'
import { tokenFor } from '../../support/tokens.js'

const cleanup = cleanupAfterEach()
const callerOf = (subject: string): Caller => ({ ...ANONYMOUS, subject })

/** The identity that a request gets if only the token `good` and the ticket `ticket` are valid. */
function appWith(authenticate: (token: string) => Caller | Promise<Caller>, isStillValid = async () => true) {
  const parts = {
    authenticator: { authenticate, isStillValid },
    tickets: {
      redeem: async (ticket: string, path: string) => {
        if (ticket !== 'ticket') throw new ApiError('invalid-token', 'ticket refused')
        return callerOf(`ticket for ${path}`)
      },
    },
    isStream: (path: string) => path.endsWith('/stream'),
  }
  return appOf([identify(parts)], (res) => ({
    subject: knownCaller(res)?.subject ?? null,
    fault: identityFault(res)?.code ?? null,
    actor: actorOf(res.req, res).subject,
  }))
}

const known = (subject: string) => ({ subject, fault: null, actor: subject })
const unknown = (fault: string) => ({ subject: null, fault, actor: null })

describe('the caller', () => {
  const ask = async (app: ReturnType<typeof appWith>, fields: Record<string, string> = {}, path = '/') =>
    (await request(app).get(path).set(fields)).body
  const bearer = { Authorization: 'Bearer good' }

  test('is known from the token, cached or verified now', async () => {
    expect(await ask(appWith(callerOf), bearer)).toEqual(known('good'))
    expect(
      await ask(
        appWith(async (token) => callerOf(token)),
        bearer,
      ),
    ).toEqual(known('good'))
  })

  test('is unknown without a token or with a refused one, and the request continues', async () => {
    const refuse = () => {
      throw new ApiError('invalid-token', 'refused')
    }
    expect(await ask(appWith(callerOf))).toEqual(unknown('unauthenticated'))
    expect(await ask(appWith(refuse), bearer)).toEqual(unknown('invalid-token'))
    expect(
      await ask(
        appWith(async () => refuse()),
        bearer,
      ),
    ).toEqual(unknown('invalid-token'))
    expect(await ask(appWith(callerOf), { Authorization: 'Basic Z29vZA==' })).toEqual(unknown('invalid-token'))
  })

  test('is not guessed if the check itself fails', async () => {
    const fail = () => {
      throw new Error('broken')
    }
    for (const app of [appWith(fail), appWith(async () => fail())])
      expect((await request(app).get('/').set(bearer)).status).toBe(500)
  })

  test('is anonymous if authentication is off', async () => {
    const parts = { authenticator: null, tickets: { redeem: async () => ANONYMOUS }, isStream: () => true }
    const app = appOf([identify(parts)], (res) => ({ isAnonymous: knownCaller(res) === ANONYMOUS }))
    expect((await request(app).get('/').set(bearer)).body).toEqual({ isAnonymous: true })
  })
})

describe('a ticket', () => {
  const ask = async (method: 'get' | 'post', path: string, isStillValid = async () => true) =>
    (await request(appWith(callerOf, isStillValid))[method](path)).body

  test('opens a stream', async () => {
    expect(await ask('get', '/a/stream?ticket=ticket')).toEqual(known('ticket for /a/stream'))
  })

  test.each([
    ['get', '/a?ticket=ticket'],
    ['post', '/a/stream?ticket=ticket'],
    ['get', '/a/stream?other=ticket'],
  ] as const)('is not read from a %s of %s', async (method, path) => {
    expect(await ask(method, path)).toEqual(unknown('unauthenticated'))
  })

  test.each(['/a/stream?ticket=other', '/a/stream?ticket=ticket&ticket=ticket', '/a/stream?ticket='])(
    'is refused: %s',
    async (path) => {
      expect(await ask('get', path)).toEqual(unknown('invalid-token'))
    },
  )

  test('is refused once its token has expired or was revoked', async () => {
    expect(await ask('get', '/a/stream?ticket=ticket', async () => false)).toEqual(unknown('invalid-token'))
  })

  test('is not read if there is a token', async () => {
    const answer = await request(appWith(callerOf)).get('/a/stream?ticket=ticket').set('Authorization', 'Bearer good')
    expect(answer.body).toEqual(known('good'))
  })
})

test('two Authorization fields are not credentials', async () => {
  const server = createServer(createRig().app)
  cleanup(() => server.close())
  const field = `Authorization: Bearer ${tokenFor()}`
  const head = ['GET /api/containers HTTP/1.1', 'Host: x', field, field, 'Connection: close', '', ''].join('\r\n')
  const answer = await sendRaw(await listen(server, '127.0.0.1', 0), head)
  expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
})
