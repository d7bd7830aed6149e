import { REDACTED } from '../../api/redaction/scrub.js'
import {
  describeReal,
  docker,
  FIXTURE_IMAGE,
  FIXTURE_LABEL,
  type Inspected,
  inspect,
  realEngine,
} from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { eventually } from '../support/eventually.js'
import { tokenFor } from '../support/tokens.js'

/** What the contract promises between an event on the engine and its being seen. */
const VISIBLE_MS = 1_000
/** For what the engine itself takes its time with. */
const PATIENCE_MS = 15_000
/** Identifies the containers of this file. */
const OWN_LABEL = `porthole.inventory-test=${process.pid}`
const SLEEP = ['sh', '-c', 'while :; do sleep 3600; done']

/** The only values that may be missing: `scripts/engine` planted a secret in each. */
const REDACTED_LABELS = [
  'secretive app.api-key',
  'secretive app.upstream',
  'secretive traefik.http.middlewares.admin.basicauth.users',
]

let service: EngineService

/** `docker ps`: an older command prints `--format json` as the word itself, this one as JSON as well. */
async function ps(...filters: string[]): Promise<readonly Record<string, string>[]> {
  const args = filters.flatMap((filter) => ['--filter', filter])
  const lines = await docker(['ps', '--all', '--no-trunc', '--format', '{{json .}}', ...args])
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

async function psIds(...filters: string[]): Promise<readonly string[]> {
  return (await ps(...filters)).map(({ ID }) => ID ?? '').sort()
}

async function ourIds(query: string): Promise<readonly string[]> {
  return (await service.items(`/api/containers?${query}`)).map(({ id }) => id).sort()
}

function run(name: string, options: readonly string[], command: readonly string[] = SLEEP): Promise<string> {
  const own = ['--detach', '--name', name, '--label', OWN_LABEL, '--stop-timeout', '1']
  const network = options.includes('--network') ? [] : ['--network', 'none']
  return docker(['run', ...own, ...network, ...options, FIXTURE_IMAGE, ...command]).then((id) => id.trim())
}

async function remove(...names: string[]): Promise<void> {
  await docker(['rm', '--force', '--volumes', ...names])
}

/** The events of these containers since that time. */
async function eventsOf(ids: readonly string[], since: number): Promise<readonly Inspected[]> {
  const window = ['--since', String(Math.floor(since / 1000)), '--until', String(Math.ceil(Date.now() / 1000))]
  const filters = ids.flatMap((id) => ['--filter', `container=${id}`])
  const lines = await docker(['events', ...window, ...filters, '--format', '{{json .}}'])
  return lines
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

/** An inspected time in our notation. */
function time(value: string): string | null {
  return value.startsWith('0001-') ? null : new Date(value).toISOString()
}

/** Whole seconds, as in a list. */
function second(value: string): string {
  return new Date(Math.floor(Date.parse(value) / 1000) * 1000).toISOString()
}

interface PortShown {
  readonly ip: string | null
  readonly hostPort: number | null
  readonly containerPort: number
  readonly protocol: string | undefined
}

function portsOf(raw: Inspected): PortShown[] {
  const bindings: [string, { HostIp: string; HostPort: string }[] | null][] = Object.entries(raw.NetworkSettings.Ports)
  return bindings.flatMap(([key, published]): PortShown[] => {
    const [port, protocol] = key.split('/')
    const inside = { containerPort: Number(port), protocol }
    if (published === null) return [{ ip: null, hostPort: null, ...inside }]
    return published.map(({ HostIp, HostPort }) => ({ ip: HostIp, hostPort: Number(HostPort), ...inside }))
  })
}

/** Labels with what was planted taken out, which is all that may be. */
function labelsOf(raw: Inspected) {
  const shown = Object.entries<string>(raw.Config.Labels).map(([key, value]) => {
    if (key === 'app.upstream') return [key, `https://${REDACTED}@upstream.internal/`]
    return [key, REDACTED_LABELS.includes(`${raw.Name.slice(1)} ${key}`) ? REDACTED : value]
  })
  return Object.fromEntries(shown)
}

/** The fields that the list and the detail route share, as `docker inspect` has them. */
function expectedOf(raw: Inspected) {
  const isAlive = ['created', 'running', 'paused'].includes(raw.State.Status)
  return {
    id: raw.Id,
    shortId: raw.Id.slice(0, 12),
    host: 'local',
    partial: false,
    name: raw.Name.slice(1),
    image: raw.Config.Image,
    imageId: raw.Image,
    state: raw.State.Status,
    health: raw.State.Health?.Status ?? 'none',
    startedAt: time(raw.State.StartedAt),
    finishedAt: time(raw.State.FinishedAt),
    exitCode: isAlive ? null : raw.State.ExitCode,
    oomKilled: raw.State.OOMKilled,
    restartCount: raw.RestartCount,
    problems: problemsOf(raw),
    ports: portsOf(raw),
    labels: labelsOf(raw),
    project: raw.Config.Labels['com.docker.compose.project'] ?? null,
    service: raw.Config.Labels['com.docker.compose.service'] ?? null,
  }
}

/** All but a loop of crashes, which no inspect tells: test/engine-real/reads.test.ts has those. */
function problemsOf({ State }: Inspected): string[] {
  return [
    ...(State.OOMKilled ? ['oom'] : []),
    ...(State.Health?.Status === 'unhealthy' ? ['unhealthy'] : []),
    ...(State.Status === 'exited' && State.ExitCode !== 0 ? ['exited-nonzero'] : []),
  ]
}

/** Of an engine's sentence what does not age: `Up (healthy)`, `Exited (137)`. */
function ageless(status: string): string {
  return status.replace(/^(Up|Exited \(\d+\)).*?( \([a-zA-Z: ]+\))?$/, '$1$2')
}

describeReal('the inventory of a real engine', () => {
  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath))
    // Fields that only an inspect has come a moment after the list.
    await eventually(
      () => service.items('/api/containers'),
      (items) => items.length > 0 && items.every(({ restartCount }) => restartCount !== null),
      PATIENCE_MS,
    )
  })
  afterAll(() => service.stop())

  test('holds the containers that docker ps lists, with the same names, images, states, sentences and networks', async () => {
    // Retried, because other containers may come and go meanwhile.
    await eventually(
      async () => [await psIds(), await ourIds('')],
      ([theirs, ours]) => theirs !== undefined && theirs.length >= 10 && theirs.join() === ours?.join(),
      PATIENCE_MS,
    )
    const listed = await ps(`label=${FIXTURE_LABEL}`)
    const ours = await service.items(`/api/containers?label=${FIXTURE_LABEL}`)
    const expected = listed.map(({ ID, Names, Image, State, Status, Networks }) => {
      return { id: ID, name: Names, image: Image, state: State, status: ageless(Status ?? ''), networks: [Networks] }
    })
    const shown = ours.map(({ id, name, image, state, status, networks }) => {
      return { id, name, image, state, status: ageless(status), networks }
    })
    expect(shown.map(({ name }) => name).sort()).toEqual(
      'busy exited hostnet idle limited logging paused secretive tty unhealthy'.split(' '),
    )
    expect(new Set(shown)).toEqual(new Set(expected))
  })

  test('shows for each container what docker inspect shows: health, ports, labels, restarts, exit code, start', async () => {
    const ours = await service.items(`/api/containers?label=${FIXTURE_LABEL}`)
    for (const raw of await inspect(ours.map(({ id }) => id))) {
      const container = ours.find(({ id }) => id === raw.Id)
      const createdAt = second(raw.Created)
      expect(container).toEqual({
        ...expectedOf(raw),
        createdAt,
        status: expect.any(String),
        networks: Object.keys(raw.NetworkSettings.Networks),
      })
    }
    const byName = Object.fromEntries(ours.map((container) => [container.name, container]))
    // The comparison above would hold for an engine without any of these too.
    expect(byName['exited']).toMatchObject({ state: 'exited', exitCode: 137, startedAt: expect.any(String) })
    expect(byName['logging'].health).toBe('healthy')
    expect(byName['unhealthy'].health).toBe('unhealthy')
    expect(byName['paused'].state).toBe('paused')
    expect(byName['hostnet'].networks).toEqual(['host'])
    expect(byName['secretive'].project).toBe('porthole-fixture')
    expect(byName['logging'].ports).toEqual([
      { ip: '127.0.0.1', hostPort: expect.any(Number), containerPort: 8080, protocol: 'tcp' },
    ])
  })

  test.each([
    ['state=running', 'status=running'],
    ['state=exited', 'status=exited'],
    ['state=paused', 'status=paused'],
    ['state=created', 'status=created'],
    ['state=running&state=exited', 'status=running', 'status=exited'],
    ['health=healthy', 'health=healthy'],
    ['health=unhealthy', 'health=unhealthy'],
    ['health=starting', 'health=starting'],
    ['health=none', 'health=none'],
    ['label=com.docker.compose.project', 'label=com.docker.compose.project'],
    ['label=com.docker.compose.service%3Dbusy', 'label=com.docker.compose.service=busy'],
    [
      `label=${FIXTURE_LABEL}&label=com.docker.compose.service=idle`,
      `label=${FIXTURE_LABEL}`,
      'label=com.docker.compose.service=idle',
    ],
    ['label=no.such.label', 'label=no.such.label'],
    ['name=usy', 'name=usy'],
    ['name=busy&name=idle', 'name=busy', 'name=idle'],
    ['name=no-such-name', 'name=no-such-name'],
    [`image=${FIXTURE_IMAGE}`, `ancestor=${FIXTURE_IMAGE}`],
    ['project=porthole-fixture', 'label=com.docker.compose.project=porthole-fixture'],
    ['state=running&health=unhealthy&name=heal', 'status=running', 'health=unhealthy', 'name=heal'],
    ['host=local', 'name=.'],
  ])('filters by %s as docker ps does by %s', async (query, ...filters) => {
    await eventually(
      async () => ({ theirs: await psIds(...filters), ours: await ourIds(query) }),
      ({ theirs, ours }) => theirs.join() === ours.join(),
      PATIENCE_MS,
    )
  })

  test('shows a container in full as docker inspect does', async () => {
    const name = `rich-${process.pid}`
    const volume = `porthole-volume-${process.pid}`
    await run(
      name,
      [
        ...['--cpus', '0.5', '--cpu-shares', '512', '--cpuset-cpus', '0', '--pids-limit', '20'],
        ...['--memory', '32m', '--memory-reservation', '16m', '--restart', 'on-failure:3', '--log-driver', 'none'],
        ...['--volume', '/etc:/host-etc:ro', '--volume', '/tmp:/host-tmp', '--volume', `${volume}:/data`],
        ...['--env', 'GREETING=hello', '--env', 'EMPTY=', '--user', '1000:1000', '--workdir', '/tmp', '--tty'],
        ...['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN', '--security-opt', 'no-new-privileges', '--read-only'],
        ...['--pid', 'host', '--ipc', 'private', '--entrypoint', 'sh'],
      ],
      ['-c', 'while :; do sleep 3600; done'],
    )
    try {
      const [raw] = await inspect([name])
      await eventually(
        () => service.container(name),
        (found) => found?.restartCount === 0,
        VISIBLE_MS,
      )
      const { body } = await service.get(`/api/containers/${raw.Id}`)
      const { HostConfig: host, Config: config } = raw
      expect(body).toMatchObject({ ...expectedOf(raw), createdAt: time(raw.Created), networkMode: 'none' })
      expect(body.networkMode).toBe(host.NetworkMode)
      expect(body.resources).toEqual({
        memoryLimitBytes: host.Memory,
        memoryReservationBytes: host.MemoryReservation,
        memorySwapLimitBytes: host.MemorySwap,
        cpuLimit: host.NanoCpus / 1e9,
        cpuShares: host.CpuShares,
        cpusetCpus: host.CpusetCpus,
        pidsLimit: host.PidsLimit,
        shmBytes: host.ShmSize,
        oomKillDisabled: host.OomKillDisable,
        ulimits: [],
        devices: [],
      })
      expect(body.resources).toMatchObject({ memoryLimitBytes: 32 * 2 ** 20, cpuLimit: 0.5, pidsLimit: 20 })
      expect([body.tty, body.user, body.workingDirectory]).toEqual([config.Tty, config.User, config.WorkingDir])
      expect([body.entrypoint, body.command]).toEqual([config.Entrypoint, config.Cmd])
      expect(body.restartPolicy).toEqual({ name: 'on-failure', maximumRetryCount: 3 })
      expect(body.logDriver).toBe(host.LogConfig.Type)
      expect(body.security).toEqual({
        privileged: false,
        readOnlyRootFilesystem: true,
        capabilitiesAdded: ['NET_ADMIN'],
        capabilitiesDropped: ['ALL'],
        securityOptions: host.SecurityOpt,
        appArmorProfile: raw.AppArmorProfile || null,
        pidMode: 'host',
        ipcMode: 'private',
        utsMode: host.UTSMode,
        usernsMode: host.UsernsMode,
      })
      const mounts = raw.Mounts.map((mount: Inspected) => ({
        type: mount.Type,
        name: mount.Name ?? null,
        source: mount.Source,
        destination: mount.Destination,
        readOnly: !mount.RW,
        propagation: mount.Propagation || null,
      }))
      expect(mounts).toHaveLength(3)
      // The engine keeps mounts in no order.
      expect(new Set(body.mounts)).toEqual(new Set(mounts))
      // Names of environment variables, in the engine's order, and not one value, not even a harmless one.
      const names = config.Env.map((entry: string) => entry.split('=')[0])
      expect(new Set(names)).toEqual(new Set(['GREETING', 'EMPTY', 'PATH']))
      expect(body.env).toEqual(names.map((each: string) => ({ name: each, value: REDACTED })))

      const viewer = tokenFor({ scopes: ['containers:read'] })
      const seen = (await service.get(`/api/containers/${raw.Id}`, viewer)).body
      expect(seen.mounts.map(({ source }: { source: unknown }) => source)).toEqual([null, null, null])
    } finally {
      await remove(name)
      await docker(['volume', 'rm', '--force', volume])
    }
  })

  test('answers alike as long as nothing changes, so that a client pays for changes alone', async () => {
    const name = `steady-${process.pid}`
    const mounts = ['/etc:/a:ro', '/tmp:/b', '/usr:/c:ro', '/var:/d:ro'].flatMap((mount) => ['--volume', mount])
    const id = await run(name, [...mounts, '--publish', '127.0.0.1::80', '--publish', '127.0.0.1::81'])
    try {
      await eventually(
        () => service.container(name),
        (found) => found?.restartCount === 0,
        VISIBLE_MS,
      )
      const tags = new Set<string | null>()
      for (let i = 0; i < 20; i += 1) {
        const { headers, body } = await service.get(`/api/containers/${id}`)
        expect(body.mounts).toHaveLength(4)
        tags.add(headers.get('etag'))
      }
      expect(tags.size).toBe(1)
    } finally {
      await remove(name)
    }
  })

  test('tells each fixture container in full as docker inspect does', async () => {
    for (const raw of await inspect(await psIds(`label=${FIXTURE_LABEL}`))) {
      const { body } = await service.get(`/api/containers/${raw.Id.slice(0, 12)}`)
      const { HostConfig: host, Config: config } = raw
      expect(body).toMatchObject({
        ...expectedOf(raw),
        createdAt: time(raw.Created),
        tty: config.Tty,
        networkMode: host.NetworkMode,
        entrypoint: config.Entrypoint ?? [],
        mounts: [],
        resources: {
          memoryLimitBytes: host.Memory || null,
          memorySwapLimitBytes: host.MemorySwap || null,
          pidsLimit: host.PidsLimit || null,
          cpuLimit: host.NanoCpus ? host.NanoCpus / 1e9 : null,
        },
      })
      if (raw.Name !== '/secretive') expect(body.command).toEqual(config.Cmd)
      const networks = Object.entries<Inspected>(raw.NetworkSettings.Networks)
      expect(body.networks).toEqual(
        networks.map(([name, network]) => ({
          name,
          ipAddress: network.IPAddress || null,
          ipv6Address: network.GlobalIPv6Address || null,
          gateway: network.Gateway || null,
          macAddress: network.MacAddress || null,
          aliases: network.Aliases ?? [],
        })),
      )
      const names = (config.Env ?? []).map((entry: string) => entry.split('=')[0])
      expect(body.env).toEqual(names.map((name: string) => ({ name, value: REDACTED })))
    }
    const { body } = await service.get(`/api/containers/${(await service.container('unhealthy')).id}`)
    expect(body.healthFailingStreak).toBeGreaterThan(0)
    expect(body.healthLog.at(-1)).toMatchObject({ exitCode: 1, output: expect.stringContaining('failed') })
  })

  test('shows every change of a container within a second of its event', async () => {
    const [name, renamed] = [`fleeting-${process.pid}`, `renamed-${process.pid}`]
    const since = Date.now()
    const seenAt = new Map<string, number>()
    let id = ''
    // Looks from before the command on: what counts is the time between the engine's event and the first answer with it.
    async function change(action: string, command: Promise<unknown>, isRight: (found: Inspected) => boolean) {
      const look = async () => (await service.items(`/api/containers?label=${OWN_LABEL}`))[0]
      await Promise.all([command, eventually(look, isRight, PATIENCE_MS).then(() => seenAt.set(action, Date.now()))])
    }
    try {
      const running = run(name, []).then((made) => {
        id = made
      })
      await change('start', running, (found) => found?.name === name && found.state === 'running')
      await change('rename', docker(['rename', id, renamed]), (found) => found?.name === renamed)
      await change('pause', docker(['pause', id]), (found) => found?.state === 'paused')
      await change('unpause', docker(['unpause', id]), (found) => found?.state === 'running')
      const isOver = (found: Inspected) => found?.state === 'exited' && found.exitCode === 137
      await change('die', docker(['stop', id]), isOver)
      await change('destroy', docker(['rm', id]), (found) => found === undefined)
    } finally {
      await remove(id).catch(() => {})
    }
    const delays = new Map<string, number>()
    for (const { Action, timeNano } of await eventsOf([id], since)) {
      const shown = seenAt.get(Action)
      if (shown !== undefined) delays.set(Action, shown - timeNano / 1e6)
    }
    expect([...delays.keys()]).toEqual(['start', 'rename', 'pause', 'unpause', 'die', 'destroy'])
    for (const delay of delays.values()) expect(delay).toBeLessThan(VISIBLE_MS)
  })

  test('shows each container that ends by itself within a second, although the list of the engine lags its events', async () => {
    const since = Date.now()
    const seenAt = new Map<string, number>()
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `crash-${letter}-${process.pid}`)
    try {
      // The engine tells of an end, then takes the network down, and lists the container as ended only after that.
      const crash = (at: number) => ['sh', '-c', `sleep 0.${at + 2}; exit 3`]
      const ids = await Promise.all(names.map((name, at) => run(name, ['--network', 'bridge'], crash(at))))
      await eventually(
        async () => {
          for (const { id, state, exitCode } of await service.items(`/api/containers?label=${OWN_LABEL}`))
            if (state === 'exited' && exitCode === 3 && !seenAt.has(id)) seenAt.set(id, Date.now())
          return seenAt.size
        },
        (count) => count === ids.length,
        PATIENCE_MS,
      )
      const ends = (await eventsOf(ids, since)).filter(({ Action }) => Action === 'die')
      const delays = ends.map(({ id, timeNano }) => (seenAt.get(id) ?? Number.NaN) - timeNano / 1e6)
      expect(delays).toHaveLength(names.length)
      for (const delay of delays) expect(delay).toBeLessThan(VISIBLE_MS)
    } finally {
      await remove(...names)
    }
  })

  test('shows what people look for: restarts counted by the engine, and a container killed for its memory', async () => {
    const [failing, greedy] = [`failing-${process.pid}`, `greedy-${process.pid}`]
    try {
      await run(failing, ['--restart', 'on-failure:2'], ['sh', '-c', 'exit 3'])
      await run(greedy, ['--memory', '8m', '--memory-swap', '8m'], ['tail', '/dev/zero'])
      // Now and then the engine itself does not hear of why its container was killed.
      while ((await docker(['wait', greedy])) && !(await inspect([greedy]))[0].State.OOMKilled)
        await docker(['start', greedy])
      await eventually(
        async () => [await service.container(failing), await service.container(greedy)],
        ([first, second]) => first?.restartCount === 2 && first.state === 'exited' && second?.exitCode === 137,
        PATIENCE_MS,
      )
      for (const raw of await inspect([failing, greedy])) {
        const { createdAt: _, status: __, networks: ___, ...ours } = await service.container(raw.Name.slice(1))
        const problems = ours.problems.filter((problem: string) => problem !== 'crashloop')
        expect({ ...ours, problems }).toEqual(expectedOf(raw))
      }
      expect(await service.container(failing)).toMatchObject({ exitCode: 3, oomKilled: false })
      expect(await service.container(greedy)).toMatchObject({ exitCode: 137, oomKilled: true })
    } finally {
      await remove(failing, greedy)
    }
  })

  test('does not confuse a container with one that is named like its id, as the engine does', async () => {
    const idle = await service.container('idle')
    const impostor = await run(idle.shortId, [])
    try {
      await eventually(
        () => service.container(idle.shortId),
        (found) => found?.id === impostor,
        PATIENCE_MS,
      )
      // The trap is real: passing the digits to the engine gets the wrong container.
      expect((await inspect([idle.shortId]))[0].Id).toBe(impostor)
      expect((await service.get(`/api/containers/${idle.shortId}`)).body).toMatchObject({ id: idle.id, name: 'idle' })
      expect((await service.get(`/api/containers/${idle.shortId}/stats`)).body.id).toBe(idle.id)
    } finally {
      await remove(impostor)
    }
  })
})
