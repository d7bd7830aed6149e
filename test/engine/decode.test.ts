import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decodeContainers, decodeInspect } from '../../api/engine/decode/container.js'
import { EventDecoder } from '../../api/engine/decode/event.js'
import { decodeInfo, decodeVersion } from '../../api/engine/decode/host.js'
import { decodeReading } from '../../api/engine/decode/stats.js'

function fixture(name: string): string {
  return readFileSync(join(__dirname, '../fixtures', name), 'utf8')
}

// biome-ignore lint/suspicious/noExplicitAny: recorded answers are changed at will here.
function recorded(name: string): any {
  return JSON.parse(fixture(name))
}

const WEB = 'd6e57923ca687b6c5d31655b3e2f6f2e68d6852890c159ade6040959a16cd102'
const JOB = 'a00627a88ece5bbb320097fe2d75a2d81d88cc981c14fd4f57361576ea196b20'
const HOST = '50b706da4c05da6371d4e8097691e22dc91a440567fc9ccd22b202977330683a'
const SECRET = /hunter2|s3cr3t/

/** Maps as JSON, so that a search sees what they hold. */
function dump(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (member instanceof Map ? [...member] : member))
}

describe('decodeContainers', () => {
  const listed = () => decodeContainers(recorded('docker-20.10-list.json'))

  test('tells what docker 20.10 lists', () => {
    expect(listed().map(({ id, name, state }) => ({ id, name, state }))).toEqual([
      { id: HOST, name: 'shop-host', state: 'running' },
      { id: JOB, name: 'shop-job', state: 'exited' },
      { id: WEB, name: 'shop-web', state: 'running' },
    ])
    expect(listed()[2]).toEqual({
      id: WEB,
      name: 'shop-web',
      image: 'shop/web:1.0',
      imageId: 'sha256:2114e5fae095ce1d4526fc512e7a0196a201c663d4d21c14d4e672919fc4baed',
      state: 'running',
      status: 'Up 6 seconds (healthy)',
      createdAt: '2026-11-24T02:48:55.000Z',
      ports: [{ ip: '127.0.0.1', hostPort: 18080, containerPort: 8080, protocol: 'tcp' }],
      labels: new Map([
        ['com.docker.compose.project', 'shop'],
        ['com.docker.compose.service', 'web'],
        ['note', 'postgres://[redacted]@db/shop'],
      ]),
      networks: ['pf-net'],
      volumes: ['pf-data'],
      redactions: 1,
    })
  })

  test('holds no secret', () => {
    expect(fixture('docker-20.10-list.json')).toMatch(SECRET)
    expect(dump(listed())).not.toMatch(SECRET)
  })

  const first = (changes: Record<string, unknown>) => {
    const [entry] = recorded('docker-20.10-list.json')
    return decodeContainers([{ ...entry, ...changes }])[0]
  }

  test('a container that others link to keeps its own name', () => {
    expect(first({ Names: ['/shop-web/db', '/shop-db', '/x/db'] })?.name).toBe('shop-db')
    expect(first({ Names: ['/shop-web/db'] })?.name).toBe('shop-web/db')
    expect(first({ Names: ['plain'] })?.name).toBe('plain')
  })

  test('a container without a name goes by the beginning of its id', () => {
    for (const Names of [null, [], ['/'], undefined]) expect(first({ Names })?.name).toBe(HOST.slice(0, 12))
  })

  test('blocks may be null or missing', () => {
    expect(
      first({ Ports: null, Labels: null, NetworkSettings: null, Mounts: undefined, HostConfig: undefined }),
    ).toMatchObject({ ports: [], labels: new Map(), networks: [] })
    expect(first({ NetworkSettings: { Networks: null } })?.networks).toEqual([])
  })

  test('ports come in one order, whatever order the engine gave them', () => {
    const ports = [
      { PrivatePort: 443, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8081, Type: 'tcp' },
      { IP: '::', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { IP: '0.0.0.0', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' },
      { PrivatePort: 80, Type: 'udp', PublicPort: 0 },
    ]
    const expected = [
      { ip: '0.0.0.0', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { ip: '0.0.0.0', hostPort: 8081, containerPort: 80, protocol: 'tcp' },
      { ip: '::', hostPort: 8080, containerPort: 80, protocol: 'tcp' },
      { ip: null, hostPort: null, containerPort: 80, protocol: 'udp' },
      { ip: null, hostPort: null, containerPort: 443, protocol: 'tcp' },
    ]
    expect(first({ Ports: ports })?.ports).toEqual(expected)
    expect(first({ Ports: ports.toReversed() })?.ports).toEqual(expected)
  })

  test.each([
    ['created', 'Created', 'created'],
    ['dead', 'Dead', 'dead'],
    ['configured', 'Created', 'created'],
    ['stopped', 'Exited (0)', 'exited'],
    ['stopping', 'Up 2 hours', 'running'],
    ['thawing', 'Up 2 hours', 'running'],
    ['thawing', 'Gone', 'exited'],
  ])('the state %s with the sentence %s is %s', (State, Status, expected) => {
    expect(first({ State, Status })?.state).toBe(expected)
  })

  test('labels and ports are bounded in number', () => {
    const Labels = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`l${i}`, 'x']))
    const Ports = Array.from({ length: 5_000 }, (_, i) => ({ PrivatePort: i, Type: 'tcp' }))
    const container = first({ Labels, Ports })
    expect(container?.labels.size).toBe(256)
    expect(container?.ports).toHaveLength(512)
  })

  test.each([
    ['an object', { message: 'hunter2' }],
    ['null', null],
    ['a string', 'hunter2'],
    ['a Buffer', Buffer.from('hunter2')],
    ['a list of strings', ['hunter2']],
    ['an entry without an id', [{ Names: [] }]],
    ['an id that is a name', [{ ...recorded('docker-20.10-list.json')[0], Id: 'hunter2' }]],
    ['a time beyond all years', [{ ...recorded('docker-20.10-list.json')[0], Created: 1e300 }]],
    ['labels that are numbers', [{ ...recorded('docker-20.10-list.json')[0], Labels: { x: 1 } }]],
  ])('%s is a bad answer, whose reason names paths and no value', (_name, value) => {
    const fault = faultOf(() => decodeContainers(value))
    expect(fault).toMatchObject({ code: 'engine-bad-answer', detail: undefined, cause: undefined })
    expect(fault.message).toMatch(/^the list has the wrong shape at "/)
    expect(fault.message).not.toMatch(SECRET)
  })

  test('a reason names few paths, and those on one line', () => {
    const entry = recorded('docker-20.10-list.json')[0]
    const Labels = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`a\n${'b'.repeat(500)}${i}`, 1]))
    const { message } = faultOf(() => decodeContainers([{ ...entry, Labels }]))
    expect(message.length).toBeLessThan(700)
    expect(message).not.toMatch(/\p{Cc}/u)
  })
})

describe('decodeInspect', () => {
  const web = () => decodeInspect(recorded('docker-20.10-inspect.json'))

  test('tells what docker 20.10 inspects', () => {
    const { labels, healthLog, ...rest } = web()
    expect(rest).toEqual({
      id: WEB,
      name: 'shop-web',
      image: 'shop/web:1.0',
      imageId: 'sha256:2114e5fae095ce1d4526fc512e7a0196a201c663d4d21c14d4e672919fc4baed',
      createdAt: '2026-11-24T02:48:55.296Z',
      state: 'running',
      startedAt: '2026-11-24T02:48:55.626Z',
      finishedAt: null,
      exitCode: null,
      oomKilled: false,
      error: null,
      health: 'healthy',
      healthFailingStreak: 0,
      healthCheck: {
        command: '/bin/sh -c echo token=[redacted]; true',
        intervalMs: 2_000,
        timeoutMs: null,
        startPeriodMs: null,
        retries: null,
      },
      restartCount: 0,
      restartPolicy: { name: 'on-failure', maximumRetryCount: 3 },
      command: ['sh', '-c', 'while true; do cat /bin/busybox >/dev/null; echo x; sleep 1; done'],
      entrypoint: [],
      workingDirectory: '/data',
      user: '0:0',
      tty: false,
      stopSignal: null,
      autoRemove: false,
      hostname: 'd6e57923ca68',
      envNames: ['POSTGRES_PASSWORD', 'PATH', 'EMPTY'],
      ports: [{ ip: '127.0.0.1', hostPort: 18080, containerPort: 8080, protocol: 'tcp' }],
      networkMode: 'pf-net',
      networks: [
        {
          name: 'pf-net',
          ipAddress: '172.18.0.2',
          ipv6Address: null,
          gateway: '172.18.0.1',
          macAddress: '02:42:ac:12:00:02',
          aliases: ['web', 'd6e57923ca68'],
        },
      ],
      mounts: [
        {
          type: 'volume',
          name: 'pf-data',
          source: '/var/lib/docker/volumes/pf-data/_data',
          destination: '/data',
          readOnly: false,
          propagation: null,
        },
        {
          type: 'bind',
          name: null,
          source: '/etc/hostname',
          destination: '/etc/host-name',
          readOnly: true,
          propagation: 'rprivate',
        },
      ],
      resources: {
        memoryLimitBytes: 67_108_864,
        memoryReservationBytes: 33_554_432,
        memorySwapLimitBytes: 134_217_728,
        cpuLimit: 0.5,
        cpuShares: null,
        cpusetCpus: null,
        pidsLimit: 50,
        shmBytes: 67_108_864,
        oomKillDisabled: false,
        ulimits: [],
        devices: [],
      },
      security: {
        privileged: false,
        readOnlyRootFilesystem: true,
        capabilitiesAdded: ['NET_ADMIN'],
        capabilitiesDropped: ['CHOWN'],
        securityOptions: ['no-new-privileges'],
        appArmorProfile: null,
        pidMode: '',
        ipcMode: 'private',
        utsMode: '',
        usernsMode: '',
      },
      logDriver: 'json-file',
      // Two values of Env, one label, the health check and three outputs of it.
      redactions: 7,
      textRedactions: 5,
    })
    expect(labels.get('note')).toBe('postgres://[redacted]@db/shop')
    expect(healthLog).toHaveLength(3)
    expect(healthLog[0]).toEqual({
      startedAt: '2026-11-24T02:48:57.627Z',
      endedAt: '2026-11-24T02:48:57.685Z',
      exitCode: 0,
      output: 'token=[redacted]\n',
    })
  })

  test('holds no secret', () => {
    expect(fixture('docker-20.10-inspect.json')).toMatch(SECRET)
    expect(dump(web())).not.toMatch(SECRET)
  })

  test('a stopped container has its exit code and its times', () => {
    const job = decodeInspect(recorded('docker-20.10-inspect-exited.json'))
    expect(job).toMatchObject({ state: 'exited', exitCode: 3, oomKilled: false, health: 'none', healthLog: [] })
    expect(job.healthFailingStreak).toBeNull()
    expect(job.finishedAt).toMatch(/^2026-11-24T02:48:5\d\.\d{3}Z$/)
    expect(job.resources).toEqual({
      memoryLimitBytes: null,
      memoryReservationBytes: null,
      memorySwapLimitBytes: null,
      cpuLimit: null,
      cpuShares: null,
      cpusetCpus: null,
      pidsLimit: null,
      shmBytes: 67_108_864,
      oomKillDisabled: false,
      ulimits: [],
      devices: [],
    })
  })

  test('a container in the network of its host has that network and no ports', () => {
    const host = decodeInspect(recorded('docker-20.10-inspect-host-network.json'))
    expect(host).toMatchObject({ networkMode: 'host', ports: [], networks: [{ name: 'host', ipAddress: null }] })
  })

  // biome-ignore lint/suspicious/noExplicitAny: recorded answers are changed at will here.
  const changed = (change: (answer: any) => void) => {
    const answer = recorded('docker-20.10-inspect.json')
    change(answer)
    return decodeInspect(answer)
  }

  test('all that may be missing may be missing, or null', () => {
    const bare = (nothing: null | undefined) =>
      decodeInspect({
        Id: WEB,
        Name: '/x',
        Image: 'sha256:1',
        Created: '2026-01-01T00:00:00+01:00',
        RestartCount: nothing,
        Mounts: nothing,
        NetworkSettings: nothing,
        State: { Status: 'exited', Health: nothing, StartedAt: '0001-01-01T00:00:00Z', FinishedAt: nothing },
        Config: { Cmd: nothing, Entrypoint: nothing, Env: nothing, Labels: nothing, User: nothing },
        HostConfig: { CapAdd: nothing, SecurityOpt: nothing, RestartPolicy: nothing, LogConfig: nothing },
      })
    for (const nothing of [null, undefined] as const) {
      expect(bare(nothing)).toMatchObject({
        createdAt: '2025-12-31T23:00:00.000Z',
        image: 'sha256:1',
        startedAt: null,
        finishedAt: null,
        exitCode: null,
        restartCount: 0,
        restartPolicy: { name: 'no', maximumRetryCount: 0 },
        command: [],
        envNames: [],
        logDriver: '',
        redactions: 0,
      })
    }
  })

  test('a password at the beginning of the command belongs to the flag at the end of the entrypoint', () => {
    const inspected = changed(({ Config }) => {
      Config.Entrypoint = ['server', '--password']
      Config.Cmd = ['hunter2', '--port', '80']
    })
    expect(inspected.entrypoint).toEqual(['server', '--password'])
    expect(inspected.command).toEqual(['[redacted]', '--port', '80'])
  })

  test('an entrypoint that is one string is one argument', () => {
    expect(changed(({ Config }) => (Config.Entrypoint = '/init')).entrypoint).toEqual(['/init'])
  })

  test('of the environment only names are left', () => {
    const inspected = changed(({ Config }) => (Config.Env = ['A=hunter2', 'B', 'C==x\nhunter2', '=hunter2', 'D=']))
    expect(inspected.envNames).toEqual(['A', 'B', 'C', 'D'])
  })

  test.each([
    [{ NanoCpus: 1_500_000_000 }, 1.5],
    [{ NanoCpus: 0, CpuQuota: 50_000, CpuPeriod: 0 }, 0.5],
    [{ NanoCpus: 0, CpuQuota: 50_000, CpuPeriod: 25_000 }, 2],
    [{ NanoCpus: 0, CpuQuota: -1 }, null],
  ])('%j is a limit of %s cores', (limits, expected) => {
    expect(changed(({ HostConfig }) => Object.assign(HostConfig, limits)).resources.cpuLimit).toBe(expected)
  })

  test('-1, 0 and the largest integers are no limit', () => {
    for (const none of [-1, 0, null, undefined, 2 ** 63, 2 ** 64]) {
      const { resources } = changed(({ HostConfig }) =>
        Object.assign(HostConfig, { PidsLimit: none, Memory: none, MemorySwap: none }),
      )
      expect(resources).toMatchObject({ pidsLimit: null, memoryLimitBytes: null, memorySwapLimitBytes: null })
    }
  })

  test('capabilities have one spelling', () => {
    const { security } = changed(({ HostConfig }) => (HostConfig.CapAdd = ['CAP_SYS_ADMIN', 'sys_ptrace', 'ALL']))
    expect(security.capabilitiesAdded).toEqual(['SYS_ADMIN', 'SYS_PTRACE', 'ALL'])
  })

  test('a published port without an address, and one that is not published', () => {
    const { ports } = changed(({ NetworkSettings }) => {
      NetworkSettings.Ports = { '53/udp': [{ HostIp: '', HostPort: '5353' }], '80/tcp': null, '81': [], nonsense: null }
    })
    expect(ports).toEqual([
      { ip: null, hostPort: 5353, containerPort: 53, protocol: 'udp' },
      { ip: null, hostPort: null, containerPort: 80, protocol: 'tcp' },
      { ip: null, hostPort: null, containerPort: 81, protocol: 'tcp' },
    ])
  })

  test('of a health check the last five runs are kept, each bounded and scrubbed', () => {
    const { healthLog, health } = changed(({ State }) => {
      State.Health.Status = 'limping'
      State.Health.Log = Array.from({ length: 7 }, (_, i) => ({
        Start: '2026-11-24T02:48:57Z',
        ExitCode: i,
        Output: `password=hunter2 ${'x'.repeat(10_000)}`,
      }))
    })
    expect(health).toBe('none')
    expect(healthLog.map(({ exitCode }) => exitCode)).toEqual([2, 3, 4, 5, 6])
    expect(healthLog[0]).toMatchObject({ startedAt: '2026-11-24T02:48:57.000Z', endedAt: null })
    expect(healthLog[0]?.output.length).toBeLessThanOrEqual(2_100)
    expect(dump(healthLog)).not.toMatch(SECRET)
  })

  test('the sentence about a failed start and the source of a mount are scrubbed', () => {
    const inspected = changed((answer) => {
      answer.State.Error = 'cannot start with password=hunter2'
      answer.Mounts[0].Source = 'https://user:hunter2@nfs/x'
    })
    expect(dump(inspected)).not.toMatch(SECRET)
    expect(inspected.error).toBe('cannot start with password=[redacted]')
  })

  test('mounts, networks, options and arguments are bounded in number', () => {
    const many = <T>(one: T): T[] => Array.from({ length: 3_000 }, () => one)
    const inspected = changed((answer) => {
      answer.Mounts = many({ Type: 'bind', Source: '/a', Destination: '/b', RW: true })
      answer.NetworkSettings.Networks = Object.fromEntries(many(null).map((_, i) => [`n${i}`, { Aliases: many('a') }]))
      answer.HostConfig.SecurityOpt = many(`seccomp={${'x'.repeat(5_000)}}`)
      answer.HostConfig.CapAdd = many('A')
      answer.Config.Cmd = many('a')
      answer.Config.Env = many('A=1')
    })
    expect(inspected.mounts).toHaveLength(128)
    expect(inspected.networks).toHaveLength(64)
    expect(inspected.networks[0]?.aliases).toHaveLength(64)
    expect(inspected.security.securityOptions).toHaveLength(64)
    expect(inspected.security.securityOptions[0]).toHaveLength(256)
    expect(inspected.security.capabilitiesAdded).toHaveLength(64)
    expect(inspected.command).toHaveLength(256)
    expect(inspected.envNames).toHaveLength(1_024)
  })

  test.each([
    ['a list', []],
    ['null', null],
    ['an empty object', {}],
    ['a Buffer', Buffer.from('hunter2')],
    ['Env that holds a number', { ...recorded('docker-20.10-inspect.json'), Config: { Env: ['X=hunter2', 7] } }],
    ['a time that is none', { ...recorded('docker-20.10-inspect.json'), Created: 'hunter2' }],
    ['a time in month 13', { ...recorded('docker-20.10-inspect.json'), Created: '2026-13-01T00:00:00Z' }],
  ])('%s is a bad answer, whose reason names paths and no value', (_name, value) => {
    const fault = faultOf(() => decodeInspect(value))
    expect(fault).toMatchObject({ code: 'engine-bad-answer' })
    expect(fault.message).toMatch(/^the inspect has the wrong shape at "/)
    expect(fault.message).not.toMatch(SECRET)
  })
})

describe('decodeReading', () => {
  test('cgroup v1: what docker stats showed at the same moment', () => {
    const reading = decodeReading(recorded('docker-20.10-cgroup1-stats.json'))
    // docker stats said 1.023MiB / 64MiB.
    expect((reading?.memoryUsedBytes ?? 0) / 1024 / 1024).toBeCloseTo(1.023, 3)
    expect(reading).toEqual({
      readAt: expect.any(Number),
      cpuUsageNs: expect.any(Number),
      systemCpuUsageNs: expect.any(Number),
      cores: 2,
      throttledPeriods: 0,
      throttledNs: 0,
      memoryUsedBytes: 1_073_152,
      memoryLimitBytes: 67_108_864,
      memoryCacheBytes: 6_299_648,
      memorySwapBytes: null,
      network: { rxBytes: 1322, txBytes: 0, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0 },
      blockIo: { readBytes: 0, writeBytes: 0 },
      pids: 2,
      pidsLimit: 50,
    })
  })

  test('one-shot: the same, with nothing before it', () => {
    expect(recorded('docker-20.10-cgroup1-stats-one-shot.json').preread).toBe('0001-01-01T00:00:00Z')
    expect(decodeReading(recorded('docker-20.10-cgroup1-stats-one-shot.json'))).toMatchObject({ cores: 2, pids: 2 })
  })

  test('cgroup v2: its own names, two interfaces, two disks', () => {
    expect(decodeReading(recorded('docker-24-cgroup2-stats.json'))).toEqual({
      readAt: Date.parse('2024-03-09T14:21:07.512Z'),
      cpuUsageNs: 8_214_567_000,
      systemCpuUsageNs: 98_765_430_000_000,
      cores: 4,
      throttledPeriods: 7,
      throttledNs: 412_345_000,
      memoryUsedBytes: 104_857_600 - 37_748_736,
      memoryLimitBytes: 8_201_453_568,
      memoryCacheBytes: 50_331_648,
      memorySwapBytes: null,
      network: { rxBytes: 9979, txBytes: 1338, rxErrors: 2, txErrors: 4, rxDropped: 1, txDropped: 3 },
      blockIo: { readBytes: 41_226_240, writeBytes: 8_192_000 },
      pids: 9,
      pidsLimit: null,
    })
  })

  test('podman 4.3: what it does not give is null', () => {
    expect(decodeReading(recorded('podman-4.3-cgroup2-stats.json'))).toMatchObject({
      readAt: Date.parse('2024-03-09T14:21:07.512Z'),
      memoryUsedBytes: 2_433_024,
      memoryCacheBytes: null,
      blockIo: null,
      network: { rxBytes: 1430 },
      pidsLimit: null,
    })
  })

  test('a container in the network of its host has no network numbers', () => {
    const reading = decodeReading(recorded('docker-20.10-cgroup1-stats-host-network.json'))
    expect(reading).toMatchObject({ network: null, pids: 1, pidsLimit: null })
  })

  test('a container that does not run has no reading', () => {
    expect(decodeReading(recorded('docker-20.10-stats-exited.json'))).toBeNull()
    expect(decodeReading({})).toBeNull()
    expect(decodeReading({ read: null })).toBeNull()
  })

  // biome-ignore lint/suspicious/noExplicitAny: recorded answers are changed at will here.
  const changed = (change: (answer: any) => void) => {
    const answer = recorded('docker-24-cgroup2-stats.json')
    change(answer)
    return decodeReading(answer)
  }

  test('every block may be missing', () => {
    expect(decodeReading({ read: '2024-03-09T14:21:07Z' })).toEqual({
      readAt: Date.parse('2024-03-09T14:21:07Z'),
      cpuUsageNs: null,
      systemCpuUsageNs: null,
      cores: null,
      throttledPeriods: null,
      throttledNs: null,
      memoryUsedBytes: null,
      memoryLimitBytes: null,
      memoryCacheBytes: null,
      memorySwapBytes: null,
      network: null,
      blockIo: null,
      pids: null,
      pidsLimit: null,
    })
  })

  test.each([
    [{ online_cpus: 0, cpu_usage: { total_usage: 1, percpu_usage: [1, 2, 3] } }, 3],
    [{ online_cpus: undefined, cpu_usage: { total_usage: 1, percpu_usage: null } }, null],
    [{ online_cpus: 2, cpu_usage: { total_usage: 1, percpu_usage: [1, 2, 3] } }, 2],
  ])('%j has %s cores', (cpu, cores) => {
    expect(changed(({ cpu_stats }) => Object.assign(cpu_stats, cpu))?.cores).toBe(cores)
  })

  test('a system counter of 0 was not given', () => {
    expect(changed(({ cpu_stats }) => (cpu_stats.system_cpu_usage = 0))?.systemCpuUsageNs).toBeNull()
  })

  test.each([
    ['the cache is larger than the usage', { usage: 10, stats: { inactive_file: 11 } }, 10],
    ['both names are there', { usage: 10, stats: { total_inactive_file: 4, inactive_file: 3 } }, 6],
    ['the v1 name is larger than the usage', { usage: 10, stats: { total_inactive_file: 11, inactive_file: 3 } }, 7],
    ['there are no details', { usage: 10 }, 10],
  ])('memory where %s', (_name, memory, expected) => {
    expect(changed((answer) => (answer.memory_stats = memory))?.memoryUsedBytes).toBe(expected)
  })

  test('block I/O of cgroup v1 counts Read and Write, and neither Sync nor Total', () => {
    const entries = ['Read', 'Write', 'Sync', 'Async', 'Discard', 'Total'].map((op, i) => ({ op, value: 10 ** i }))
    const reading = changed(({ blkio_stats }) => (blkio_stats.io_service_bytes_recursive = entries))
    expect(reading?.blockIo).toEqual({ readBytes: 1, writeBytes: 10 })
  })

  test.each([
    ['a list', []],
    ['a number in words', { read: '2024-03-09T14:21:07Z', pids_stats: { current: 'many' } }],
    ['a time that is none', { read: 'yesterday' }],
    ['null', null],
  ])('%s is a bad answer', (_name, value) => {
    expect(faultOf(() => decodeReading(value))).toMatchObject({ code: 'engine-bad-answer' })
  })
})

describe('decodeVersion and decodeInfo', () => {
  test('tell what docker 20.10 says of itself', () => {
    expect(decodeVersion(recorded('docker-20.10-version.json'))).toEqual({
      version: '20.10.24+dfsg1',
      apiVersion: '1.41',
      minApiVersion: '1.12',
      os: 'linux',
      architecture: 'amd64',
      kernelVersion: '6.1.0-18-amd64',
    })
    expect(decodeInfo(recorded('docker-20.10-info.json'))).toEqual({
      name: 'engine-host',
      operatingSystem: 'Debian GNU/Linux 12 (bookworm)',
      cgroupVersion: '1',
      cgroupDriver: 'cgroupfs',
      storageDriver: 'overlay2',
      loggingDriver: 'json-file',
      rootless: false,
      cpus: 2,
      memoryBytes: 25_276_502_016,
    })
  })

  test('what is missing, null or empty is null', () => {
    expect(Object.values(decodeVersion({ Version: '', Os: null }))).toEqual(Array(6).fill(null))
    expect(decodeInfo({ NCPU: 0, SecurityOptions: null })).toMatchObject({ name: null, cpus: null, rootless: false })
  })

  test('an engine that runs rootless says so among its security options', () => {
    expect(decodeInfo({ SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] }).rootless).toBe(true)
  })

  test('what is no object is a bad answer', () => {
    for (const value of [null, [], 'x', 7]) {
      expect(faultOf(() => decodeVersion(value))).toMatchObject({ code: 'engine-bad-answer' })
      expect(faultOf(() => decodeInfo(value))).toMatchObject({ code: 'engine-bad-answer' })
    }
  })
})

describe('EventDecoder', () => {
  const decodeEvent = (line: string) => new EventDecoder().decode(line)

  const lines = () => fixture('docker-20.10-events.ndjson').trim().split('\n')

  test('tells the verbs of what docker 20.10 streamed', () => {
    expect(lines().map((line) => decodeEvent(line)?.action)).toEqual([
      'exec_create',
      'exec_start',
      'exec_die',
      'kill',
      'kill',
      'die',
      'stop',
      'start',
      'restart',
      'kill',
      'die',
      'destroy',
      'exec_create',
      'exec_start',
      'exec_die',
    ])
    expect(decodeEvent(lines()[3] ?? '')).toEqual({
      containerId: HOST,
      action: 'kill',
      timeNano: '1795488632104497696',
      name: 'shop-host',
      image: 'shop/web:1.0',
      labels: new Map(),
      exitCode: null,
      signal: 15,
      redactions: 0,
      health: null,
      command: null,
      execId: null,
      oldName: null,
    })
  })

  test('holds no secret of a command line', () => {
    expect(lines().join()).toMatch(/password=zzz/)
    expect(JSON.stringify(lines().map(decodeEvent))).not.toMatch(/zzz|s3cr3t/)
  })

  const event = (changes: Record<string, unknown>) =>
    JSON.stringify({ Type: 'container', Action: 'die', Actor: { ID: WEB }, time: 7, timeNano: 8, ...changes })

  test.each([
    ['health_status: healthy', 'health_status'],
    ['exec_create: /bin/sh -c echo a:b', 'exec_create'],
    ['exec_start:\nx', 'exec_start'],
    ['archive-path', 'archive-path'],
  ])('the action %j is %s', (Action, expected) => {
    expect(decodeEvent(event({ Action }))?.action).toBe(expected)
  })

  test('events of other things are left out', () => {
    for (const Type of ['network', 'image', 'secret', undefined, null]) expect(decodeEvent(event({ Type }))).toBeNull()
  })

  test('the nanoseconds keep all their digits', () => {
    expect(decodeEvent(event({}).replace('"timeNano":8', '"timeNano": 1795488632104497697'))?.timeNano).toBe(
      '1795488632104497697',
    )
  })

  test('a label cannot pass for the nanoseconds', () => {
    const hostile = { timeNano: '6', 'x"timeNano":5,"y': '"timeNano":4', z: '\\"timeNano":3' }
    const line = event({ Actor: { ID: WEB, Attributes: hostile } })
    expect(decodeEvent(line)?.timeNano).toBe('8')
  })

  test.each([
    event({ Action: 'prune', Actor: { ID: '', Attributes: { reclaimed: '0' } } }),
    event({ Action: 'rm -rf' }),
    event({ Action: '' }),
    event({ Action: null }),
    event({ Actor: { ID: 'web' } }),
    event({ Actor: null }),
  ])('%j names no container or no verb, and is passed over', (line) => {
    expect(decodeEvent(line)).toBeNull()
  })

  test('without nanoseconds the seconds stand', () => {
    expect(decodeEvent(event({ timeNano: undefined }))?.timeNano).toBe('7000000000')
    expect(decodeEvent(event({ timeNano: null, time: null }))?.timeNano).toBe('0')
  })

  test.each(['', 'hunter2', '<html>', '[]', 'null', '7', event({}).slice(0, -5)])('%j is a bad answer', (line) => {
    const fault = faultOf(() => decodeEvent(line))
    expect(fault).toMatchObject({ code: 'engine-bad-answer' })
    expect(fault.message).not.toMatch(SECRET)
  })
})

function faultOf(decode: () => unknown): Error & { cause?: unknown } {
  try {
    decode()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('decoded')
}

describe('long values', () => {
  test('are kept up to 4096 characters, of a label and of an argument', () => {
    const [listed] = recorded('docker-20.10-list.json') as [object]
    const inspect = recorded('docker-20.10-inspect.json') as { Config: object }
    const kept = (length: number) => {
      const text = 'x'.repeat(length)
      const label = decodeContainers([{ ...listed, Labels: { a: text } }])[0]?.labels.get('a')?.length
      const config = { ...inspect.Config, Cmd: [text], Entrypoint: null }
      return [label, decodeInspect({ ...inspect, Config: config }).command[0]?.length]
    }
    expect([4_095, 4_096, 4_097, 100_000].map(kept)).toEqual([
      [4_095, 4_095],
      [4_096, 4_096],
      [4_096, 4_096],
      [4_096, 4_096],
    ])
  })

  test('are cut after their secrets are gone, so that no half of one is left', () => {
    const [listed] = recorded('docker-20.10-list.json') as [object]
    const jwt = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(200)}.${'b'.repeat(200)}`
    const [container] = decodeContainers([{ ...listed, Labels: { a: `${'x '.repeat(2_000)}${jwt}` } }])
    expect(container?.labels.get('a')).not.toContain('eyJ')
  })
})
