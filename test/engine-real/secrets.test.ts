import { ROUTES } from '../../api/http/routes.js'
import { SCOPES } from '../../api/model/scope.js'
import { describeReal, docker, FIXTURE_LABEL, type Inspected, inspect, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 15_000

/** What `scripts/engine` planted, and where `docker inspect` shows it. */
const PLANTED: readonly [secret: string, container: string, of: (raw: Inspected) => unknown][] = [
  ['planted-env-password', 'secretive', ({ Config }) => Config.Env],
  ['planted/env/aws/key/000000000000000000000', 'secretive', ({ Config }) => Config.Env],
  ['planted-env-url-password', 'secretive', ({ Config }) => Config.Env],
  ['cGxhbnRlZC1zaWduYXR1cmUtb2YtYS10b2tlbg', 'secretive', ({ Config }) => Config.Env],
  ['$apr1$planted0$plantedlabelhash00000.', 'secretive', ({ Config }) => Config.Labels],
  ['planted-label-key', 'secretive', ({ Config }) => Config.Labels],
  ['planted-label-url-password', 'secretive', ({ Config }) => Config.Labels],
  ['planted-arg-password', 'secretive', ({ Config }) => Config.Cmd],
  ['planted-arg-token', 'secretive', ({ Config }) => Config.Cmd],
  ['planted-arg-url-password', 'secretive', ({ Config }) => Config.Cmd],
  ['cGxhbnRlZC1zaWduYXR1cmUtb2YtYS10b2tlbg', 'secretive', ({ Config }) => Config.Cmd],
  ['planted-health-password', 'unhealthy', ({ Config }) => Config.Healthcheck.Test],
  ['planted-health-password', 'unhealthy', ({ State }) => State.Health.Log],
  ['planted-health-token', 'unhealthy', ({ State }) => State.Health.Log],
]

/** Each secret holds one of these: the word, and the word in base64 as tokens carry it. */
const MARKS = ['planted', 'cGxhbnRlZ', 'eyJzdWIiOiJwbGFudGVkIn0']

let service: EngineService
let ids: readonly string[]

/** Every route, over every container where it is of one. */
function everyPath(): string[] {
  return ROUTES.flatMap(({ path }) => (path.includes(':id') ? ids.map((id) => path.replace(':id', id)) : [path]))
}

function marksIn(text: string): string[] {
  return MARKS.filter((mark) => text.includes(mark))
}

describeReal('secrets that a real engine holds', () => {
  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath))
    await service.sampled()
    ids = (await service.items(`/api/containers?label=${FIXTURE_LABEL}`)).map(({ id }) => id)
  }, PATIENCE_MS)
  afterAll(() => service.stop())

  test.each(PLANTED)('are really there: %s, as docker inspect %s shows', async (secret, name, of) => {
    const [raw] = await inspect([name])
    expect(JSON.stringify(of(raw))).toContain(secret)
    expect(marksIn(secret)).not.toHaveLength(0)
  })

  test('are all on the list above: docker inspect shows no mark outside of the places that it names', async () => {
    for (const raw of await inspect(ids)) {
      const places = PLANTED.filter(([, name]) => raw.Name === `/${name}`).map(([, , of]) => JSON.stringify(of(raw)))
      let rest = JSON.stringify(raw)
      for (const place of places) rest = rest.replace(place, '')
      // The engine keeps the command a second time, as path and arguments.
      rest = rest.replace(JSON.stringify(raw.Args), '')
      expect(marksIn(rest)).toEqual([])
    }
  })

  test.each([
    ['everything', SCOPES],
    ['containers and statistics alone', ['containers:read', 'stats:read'] as const],
  ])('leave by no route, over every container, for a caller who may read %s', async (_what, scopes) => {
    const token = tokenFor({ scopes })
    const paths = everyPath()
    expect(paths.length).toBeGreaterThan(2 * ids.length)
    let answered = 0
    for (const path of paths) {
      const { status, text, headers } = await service.get(path, token)
      expect([200, 403, 409]).toContain(status)
      answered += status === 200 ? 1 : 0
      expect({ path, marks: marksIn(text + JSON.stringify([...headers])) }).toEqual({ path, marks: [] })
    }
    expect(answered).toBeGreaterThan(2 * ids.length - 2)
  })

  test('leave their names behind, so that whoever reads knows what there is', async () => {
    const { id } = await service.container('secretive')
    const { body } = await service.get(`/api/containers/${id}`)
    expect(body.env.map(({ name }: { name: string }) => name)).toEqual(
      expect.arrayContaining(['POSTGRES_PASSWORD', 'AWS_SECRET_ACCESS_KEY', 'DATABASE_URL', 'SESSION']),
    )
    expect(body.command.slice(3)).toEqual([
      'app',
      '--password=[redacted]',
      '--token',
      '[redacted]',
      '--upstream',
      'https://[redacted]@upstream.internal/',
      '--jwt',
      '[redacted]',
    ])
    expect(body.labels).toMatchObject({
      'app.api-key': '[redacted]',
      'app.upstream': 'https://[redacted]@upstream.internal/',
      'traefik.http.middlewares.admin.basicauth.users': '[redacted]',
    })
    // Four environment variables with PATH, three labels, four arguments.
    expect(body.redactions).toBe(5 + 3 + 4)
    const sick = (await service.get(`/api/containers/${(await service.container('unhealthy')).id}`)).body
    expect(sick.healthLog.at(-1).output).toBe('GET http://[redacted]@localhost/ failed, token=[redacted]\n')
  })

  test('cannot be guessed at with a filter, which would tell a right guess from a wrong one', async () => {
    const guesses = [
      'app.api-key=planted-label-key',
      'app.upstream=https://svc:planted-label-url-password@upstream.internal/',
    ]
    for (const guess of guesses) {
      expect(await docker(['ps', '--all', '--quiet', '--filter', `label=${guess}`])).not.toBe('')
      const filter = `label=${encodeURIComponent(guess)}`
      expect((await service.get(`/api/containers?${filter}`)).body.total).toBe(0)
      expect((await service.get(`/api/stats?${filter}`)).body.total).toBe(0)
    }
    const bound = tokenFor({ selectors: ['app.api-key=planted-label-key'] })
    expect((await service.get('/api/containers', bound)).body.total).toBe(0)
  })

  test('stand in no line of the log, whose most talkative level is on', () => {
    // Each request made one, and each second a health check's event brought its whole command line.
    expect(service.lines.length).toBeGreaterThan(2 * ids.length)
    for (const line of service.lines) expect(marksIn(line)).toEqual([])
  })
})
