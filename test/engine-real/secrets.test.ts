import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { FEEDS, ROUTES, STREAMS } from '../../api/http/routes.js'
import { SCOPES } from '../../api/model/scope.js'
import {
  askEngine,
  describeReal,
  docker,
  FIXTURE_IMAGE,
  FIXTURE_LABEL,
  type Inspected,
  inspect,
  realEngine,
} from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { listenTo } from '../support/event-reader.js'
import { eventually } from '../support/eventually.js'
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

  test('leave their names visible, so that readers know that they exist', async () => {
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

  test('cannot be guessed with a filter, which would confirm a right guess', async () => {
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

/** Secrets in every place that an engine has for them, each with one of the marks; made for this file, and removed. */
describeReal('secrets that are planted everywhere', () => {
  const own = `canary-${process.pid}`
  const image = `${own}:1`
  const audit = join(tmpdir(), `${own}-audit.log`)
  const LONG_MS = 60_000
  const rm_ = (...args: string[]) => docker(args).catch(() => '')
  let canary: EngineService
  let id = ''

  beforeAll(async () => {
    // A mount path, a volume's options, a network's label, an image's label and its history.
    await docker([
      'volume',
      'create',
      '--opt',
      'type=tmpfs',
      '--opt',
      'device=tmpfs',
      '--opt',
      'o=size=1m,password=planted-volume-option',
      '--label',
      'backup.token=planted-volume-label',
      own,
    ]).catch(() => docker(['volume', 'create', '--label', 'backup.token=planted-volume-label', own]))
    await docker(['network', 'create', '--label', 'vpn.secret=planted-network-label', '--internal', own])
    const parent = (await docker(['create', FIXTURE_IMAGE, 'true'])).trim()
    await docker([
      'commit',
      '--change',
      'LABEL build.token=planted-image-label',
      '--message',
      'RUN |1 NPM_TOKEN=planted-image-history npm ci',
      parent,
      image,
    ])
    await docker(['rm', parent])
    canary = await serveEngine(unixEndpoint(realEngine().socketPath), {
      audit: { destination: { kind: 'file', path: audit }, onFailure: 'refuse' },
    })
    const key = ['-----BEGIN RSA PRIVATE KEY-----', `planted${'Aa0+'.repeat(14)}x`, '-----END RSA PRIVATE KEY-----']
    const script = `n=0; while :; do n=$((n+1))
      echo "log in as app with password=planted-log-line"
      echo "Authorization: Bearer planted-log-bearer-000000000" >&2
      printf '${key.join('\\n')}\\n'
      touch "/tmp/password=planted-changed-path"
      sleep 0.5; done`
    id = (
      await docker([
        ...['run', '--detach', '--name', own, '--network', 'none', '--stop-timeout', '1'],
        ...['--env', 'APP_PASSWORD=planted-env', '--label', 'app.secret=planted-label'],
        ...['--health-cmd', 'echo "token=planted-health-output"; false', '--health-interval', '1s'],
        ...['--volume', '/tmp/token=planted-mount-source:/mnt/token=planted-mount-target'],
        ...['--mount', `type=volume,source=${own}-data,target=/data`],
        ...[image, 'sh', '-c', script, 'app', '--password', 'planted-argument'],
      ])
    ).trim()
    await docker(['exec', own, 'sh', '-c', 'true --token planted-exec-command'])
    await eventually(
      () => canary.get(`/api/containers/${id}`),
      ({ body }) => body.healthLog?.length >= 2,
      PATIENCE_MS,
    )
    await canary.sampled()
  }, LONG_MS)
  afterAll(async () => {
    await canary?.stop()
    await rm_('rm', '--force', '--volumes', own)
    await rm_('volume', 'rm', own, `${own}-data`)
    await rm_('network', 'rm', own)
    await rm_('rmi', image)
    await rm('/tmp/token=planted-mount-source', { recursive: true, force: true })
    await rm(audit, { force: true })
  }, LONG_MS)

  test('are really there, as the engine shows them', async () => {
    const places: Readonly<Record<string, unknown>> = {
      'planted-env': (await inspect([own]))[0]?.Config.Env,
      'planted-label': (await inspect([own]))[0]?.Config.Labels,
      'planted-argument': (await inspect([own]))[0]?.Config.Cmd,
      'planted-health-output': (await inspect([own]))[0]?.State.Health.Log,
      'planted-mount-source': (await inspect([own]))[0]?.Mounts,
      'planted-mount-target': (await inspect([own]))[0]?.Mounts,
      'planted-log-line': await docker(['logs', '--tail', '20', own]),
      'planted-changed-path': await docker(['diff', own]),
      'planted-exec-command': await docker(['events', '--since', '1m', '--until', '0s']),
      'planted-volume-label': await askEngine('/volumes'),
      'planted-network-label': await askEngine('/networks'),
      'planted-image-label': await askEngine('/images/json'),
      'planted-image-history': await askEngine(`/images/${image}/history`),
    }
    for (const [secret, place] of Object.entries(places)) expect(JSON.stringify(place)).toContain(secret)
    expect(JSON.stringify(await docker(['top', own]))).toContain('planted-argument')
  })

  test('leave by no route, in no form', async () => {
    const paths = ROUTES.map(({ path }) => path.replace(':id', id))
    const queries = ['', '?noise=true', '?tail=5000', '?limit=1000']
    for (const path of paths)
      for (const query of queries)
        for (const accept of ['application/json', 'text/plain', 'application/x-ndjson']) {
          const answer = await fetch(`${canary.url}${path}${query}`, {
            headers: { authorization: `Bearer ${tokenFor()}`, accept },
          })
          const text = (await answer.text()) + JSON.stringify([...answer.headers])
          expect([200, 400]).toContain(answer.status)
          expect({ path, query, marks: marksIn(text) }).toEqual({ path, query, marks: [] })
        }
    const log = await canary.get(`/api/containers/${id}/logs?tail=20`)
    expect(log.body.redactions).toBeGreaterThan(5)
  })

  test('leave by no stream', async () => {
    const paths = [...STREAMS, ...FEEDS].map(({ path }) => path.replace(':id', id))
    const query = (path: string) =>
      path.includes('/stats') ? '?interval=1' : path.includes('/events') ? '?noise=true&since=1h' : ''
    for (const path of paths) {
      const stream = await listenTo(canary.port, `${path}${query(path)}`, tokenFor())
      await eventually(
        () => stream.events.length,
        (count) => count >= (path.includes('/stats') ? 1 : 5),
        PATIENCE_MS,
      )
      stream.close()
      expect({ path, marks: marksIn(JSON.stringify(stream.events)) }).toEqual({ path, marks: [] })
    }
  })

  test('stand neither in the metrics, nor in the log, nor in the audit file', async () => {
    expect(marksIn((await canary.get('/metrics')).text)).toEqual([])
    for (const line of canary.lines) expect(marksIn(line)).toEqual([])
    const records = await readFile(audit, 'utf8')
    expect(records.split('\n').length).toBeGreaterThan(100)
    expect(marksIn(records)).toEqual([])
  })
})
