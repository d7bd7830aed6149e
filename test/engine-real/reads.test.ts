import { askEngine, describeReal, docker, FIXTURE_IMAGE, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 20_000
const LONG_MS = 90_000

/** Three crashes with the engine's own pauses between them: 100 ms, 200 ms, 400 ms. */
const CRASH_MS = 30_000

// biome-ignore lint/suspicious/noExplicitAny: the engine's own words, compared with ours field by field
type Item = any

let service: EngineService
const made: string[] = []
const suffix = process.pid

async function run(name: string, options: readonly string[], ...command: string[]): Promise<string> {
  const own = `${name}-${suffix}`
  made.push(own)
  const common = ['run', '--detach', '--name', own, '--network', 'none', '--stop-timeout', '1']
  const id = (await docker([...common, ...options, FIXTURE_IMAGE, ...command])).trim()
  await eventually(
    () => service.container(own),
    (found) => found !== undefined,
    PATIENCE_MS,
  )
  return id
}

/** What the command prints, as its rows of JSON. */
async function rows(...args: string[]): Promise<Item[]> {
  const text = await docker([...args, '--format', '{{json .}}'])
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

describeReal('what a real engine is asked for', () => {
  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath))
  }, PATIENCE_MS)
  afterAll(async () => {
    await service?.stop()
    if (made.length > 0) await docker(['rm', '--force', '--volumes', ...made])
    await docker(['volume', 'rm', '--force', `reads-${suffix}`])
    await docker(['network', 'rm', `reads-${suffix}`]).catch(() => {})
  }, LONG_MS)

  test('processes are those that docker top prints', async () => {
    const id = await run('processes', [], 'sh', '-c', 'sleep 1000 & sleep 2000; true')
    const printed = (await docker(['top', id])).trim().split('\n').slice(1)
    const { body } = await service.get(`/api/containers/${id}/top`)
    expect(body.truncated).toBe(false)
    expect(body.processes.map(({ pid, parentPid, command }: Item) => [pid, parentPid, command])).toEqual(
      printed.map((line) => {
        const [, pid, parent, , , , , ...command] = line.split(/\s+/)
        return [Number(pid), Number(parent), command.join(' ')]
      }),
    )
    expect(body.processes).toHaveLength(3)
    for (const one of body.processes)
      expect(one).toMatchObject({ user: 'root', cpuSeconds: expect.any(Number), other: {} })
    // Where nothing runs there is nothing to show, and that is said.
    const stopped = await service.container('exited')
    const { status, body: problem } = await service.get(`/api/containers/${stopped.id}/top`)
    expect([status, problem.code]).toEqual([409, 'container-not-running'])
  })

  test('changes are those that docker diff prints', async () => {
    const id = await run('changes', [], 'sh', '-c', 'touch /added; rm /etc/passwd; echo x >/root/new; sleep 1000')
    await eventually(
      () => service.get(`/api/containers/${id}/changes`),
      ({ body }) => body.total >= 5,
      PATIENCE_MS,
    )
    const words: Readonly<Record<string, string>> = { A: 'added', C: 'modified', D: 'deleted' }
    const printed = (await docker(['diff', id]))
      .trim()
      .split('\n')
      .map((line) => `${words[line[0] ?? '']} ${line.slice(2)}`)
    const { body } = await service.get(`/api/containers/${id}/changes`)
    expect(body.items.map(({ path, kind }: Item) => `${kind} ${path}`).sort()).toEqual(printed.sort())
    expect(printed).toEqual(expect.arrayContaining(['added /added', 'deleted /etc/passwd', 'modified /root']))
    const some = await service.get(`/api/containers/${id}/changes?kind=deleted&path=passwd&limit=1`)
    expect(some.body).toMatchObject({ items: [{ path: '/etc/passwd', kind: 'deleted' }], total: 1, nextCursor: null })
    expect((await service.get(`/api/containers/${id}/changes`, tokenFor({ scopes: ['containers:read'] }))).status).toBe(
      403,
    )
  })

  test('images are those that docker images lists, with who uses them', async () => {
    const fresh = async () => (await serviceAnew('/api/images')).items
    const ours = await fresh()
    const printed = await rows('images', '--no-trunc')
    const known = printed.filter(({ Repository }) => Repository !== '<none>')
    for (const { ID, Repository, Tag } of known)
      expect(ours.find(({ id }: Item) => id === ID)?.tags).toContain(`${Repository}:${Tag}`)
    expect(new Set(ours.map(({ id }: Item) => id))).toEqual(new Set(printed.map(({ ID }) => ID)))
    const fixture = ours.find(({ tags }: Item) => tags.includes(FIXTURE_IMAGE))
    const raw = (await askEngine('/images/json')).find(({ Id }: Item) => Id === fixture.id)
    expect(fixture).toMatchObject({ sizeBytes: raw.Size, inUse: true, name: FIXTURE_IMAGE })
    const users = (
      await docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', `ancestor=${FIXTURE_IMAGE}`])
    ).trim()
    expect(fixture.containers.map(({ id }: Item) => id).sort()).toEqual(users.split('\n').sort())
  })

  test('networks are those that docker network ls lists, with who is on them', async () => {
    await docker(['network', 'create', '--internal', '--subnet', '10.123.45.0/24', '--label', 'x=y', `reads-${suffix}`])
    const { items } = await serviceAnew('/api/networks')
    const printed = await rows('network', 'ls', '--no-trunc')
    expect(items.map(({ id, name, driver, scope }: Item) => [id, name, driver, scope]).sort()).toEqual(
      printed.map(({ ID, Name, Driver, Scope }) => [ID, Name, Driver, Scope]).sort(),
    )
    expect(items.find(({ name }: Item) => name === `reads-${suffix}`)).toMatchObject({
      internal: true,
      subnets: [{ subnet: '10.123.45.0/24' }],
      labels: { x: 'y' },
      inUse: false,
      containers: [],
    })
    const host = items.find(({ name }: Item) => name === 'host')
    expect(host.containers.map(({ name }: Item) => name)).toContain('hostnet')
  })

  test('volumes are those that docker volume ls lists, with who mounts them and, once measured, their size', async () => {
    const volume = `reads-${suffix}`
    await docker(['volume', 'create', '--label', 'a=b', volume])
    const options = ['--volume', `${volume}:/data`, '--volume', '/anonymous']
    const id = await run('volumes', options, 'sh', '-c', 'dd if=/dev/zero of=/data/x bs=1k count=100; sleep 1000')
    await eventually(
      async () => (await docker(['exec', id, 'wc', '-c', '/data/x'])).trim(),
      (text) => text.startsWith('102400'),
      PATIENCE_MS,
    )
    const { items } = await serviceAnew('/api/volumes')
    const printed = await rows('volume', 'ls')
    expect(items.map(({ name, driver }: Item) => `${driver} ${name}`).sort()).toEqual(
      printed.map(({ Name, Driver }) => `${Driver} ${Name}`).sort(),
    )
    const mine = items.find(({ name }: Item) => name === volume)
    expect(mine).toMatchObject({ labels: { a: 'b' }, inUse: true, containers: [{ id }], sizeBytes: null })
    expect(mine.mountpoint).toMatch(new RegExp(`/volumes/${volume}/_data$`))
    expect(items.filter(({ containers }: Item) => containers.some((one: Item) => one.id === id))).toHaveLength(2)
    const plain = await service.get('/api/volumes', tokenFor({ scopes: ['system:read'] }))
    expect(plain.body.items.every(({ mountpoint }: Item) => mountpoint === null)).toBe(true)

    const system = await service.get('/api/system')
    expect(system.status).toBe(200)
    const measured = (await service.get(`/api/volumes?name=${volume}`)).body.items[0]
    expect(measured.sizeBytes).toBeGreaterThanOrEqual(102_400)
  })

  test('disk use is what docker system df adds up', async () => {
    const fresh = await serveEngine(unixEndpoint(realEngine().socketPath))
    try {
      const { body } = await fresh.get('/api/system')
      const raw = await askEngine('/system/df')
      const [host] = body.items
      expect(host).toMatchObject({
        state: 'live',
        version: realEngine().version,
        apiVersion: realEngine().apiVersion,
        clockSkewSeconds: 0,
        minApiVersion: expect.any(String),
        loggingDriver: 'json-file',
      })
      const printed: Readonly<Record<string, Item>> = Object.fromEntries(
        (await rows('system', 'df')).map((row) => [row.Type, row]),
      )
      expect(host.disk).toMatchObject({ fault: null, images: { sizeBytes: raw.LayersSize } })
      for (const [type, part] of [
        ['Images', host.disk.images],
        ['Containers', host.disk.containers],
        ['Local Volumes', host.disk.volumes],
        ['Build Cache', host.disk.buildCache],
      ])
        expect([type, String(part.count), String(part.active)]).toEqual([
          type,
          printed[type].TotalCount,
          printed[type].Active,
        ])
      // Nothing is asked twice within minutes: it takes an engine long.
      const again = (await fresh.get('/api/system')).body.items[0].disk
      expect(again.observedAt).toBe(host.disk.observedAt)
    } finally {
      await fresh.stop()
    }
  })

  test(
    'a container that keeps crashing is known for it, and found by it',
    async () => {
      const id = await run('crashing', ['--restart', 'always'], 'sh', '-c', 'exit 7')
      await eventually(
        () => service.items('/api/containers?problem=crashloop'),
        (items) => items.some((item) => item.id === id),
        CRASH_MS,
      )
      const { body } = await service.get(`/api/containers/${id}`)
      expect(body.problems).toContain('crashloop')
      expect(body.crashes.length).toBeGreaterThanOrEqual(3)
      expect(body.restartPolicy).toEqual({ name: 'always', maximumRetryCount: 0 })
      expect((await service.get('/api/summary')).body.problems.crashloop).toBeGreaterThanOrEqual(1)
      // One that is restarted on purpose is none.
      const calm = await run('restarted', [], 'sh', '-c', 'sleep 1000')
      for (let time = 0; time < 3; time += 1) await docker(['restart', '--time', '0', calm])
      await eventually(
        () => service.get(`/api/containers/${calm}`),
        (answer) => answer.body.state === 'running',
        PATIENCE_MS,
      )
      expect((await service.get(`/api/containers/${calm}`)).body).toMatchObject({ problems: [], crashes: [] })
      await docker(['rm', '--force', id, calm])
    },
    LONG_MS,
  )

  test('a container that was killed for its memory, and one that failed, are known for it', async () => {
    const eats = 'x=$(dd if=/dev/zero bs=1M count=64 2>/dev/null | tr "\\0" x); echo $x'
    const hungry = await run('hungry', ['--memory', '16m', '--memory-swap', '16m'], 'sh', '-c', eats)
    const failed = await run('failed', [], 'sh', '-c', 'exit 3')
    await eventually(
      () => service.items('/api/containers?problem=oom'),
      (items) => items.some((item) => item.id === hungry),
      PATIENCE_MS,
    )
    await eventually(
      () => service.items('/api/containers?problem=exited-nonzero'),
      (items) => items.some((item) => item.id === failed),
      PATIENCE_MS,
    )
    const both = (await service.items('/api/containers?problem=oom&problem=exited-nonzero')).map(({ id }) => id)
    expect(both).toEqual(expect.arrayContaining([hungry, failed]))
    const { body } = await service.get(`/api/containers/${failed}`)
    expect(body).toMatchObject({ exitCode: 3, problems: ['exited-nonzero'], finishedAt: expect.any(String) })
    const sick = await service.items('/api/containers?problem=unhealthy')
    expect(sick.map(({ name }) => name)).toContain('unhealthy')
    const detail = (await service.get(`/api/containers/${sick[0].id}`)).body
    expect(detail.healthCheck).toMatchObject({ intervalSeconds: 1, timeoutSeconds: 5, retries: 1 })
  })
})

/** From a service that has not asked before, so that nothing is as old as it may be. */
async function serviceAnew(path: string): Promise<{ items: Item[] }> {
  const fresh = await serveEngine(unixEndpoint(realEngine().socketPath))
  try {
    await fresh.items('/api/containers')
    return (await fresh.get(path)).body
  } finally {
    await fresh.stop()
  }
}
