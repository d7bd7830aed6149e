import { inspectAnswer } from '../../../api/engine/decode/container-inspect.js'
import { StaticTexts } from '../../../api/engine/decode/static-texts.js'
import { decoded, decodeInspect, dump, faultOf, SECRET } from '../../support/decoded.js'
import { fixture, recorded, WEB } from '../../support/recorded-answers.js'

describe('decodeInspect', () => {
  const web = () => decodeInspect(recorded('docker-20.10-inspect.json'))

  test('reads an inspect of docker 20.10', () => {
    const { labels, healthLog, ...rest } = web()
    expect(rest).toEqual({
      isPartial: false,
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
      hostPathRedactions: 0,
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

  test('of a health check the last five runs are shown, each bounded and scrubbed', () => {
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
      answer.NetworkSettings.Networks = Object.fromEntries(
        many(null).map((_, i) => [`n${i}`, { Aliases: many('a').slice(0, 100) }]),
      )
      answer.HostConfig.SecurityOpt = many(`seccomp={${'x'.repeat(260)}}`)
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
    ['a time that is none', { ...recorded('docker-20.10-inspect.json'), Created: 'hunter2' }],
    ['a time in month 13', { ...recorded('docker-20.10-inspect.json'), Created: '2026-13-01T00:00:00Z' }],
  ])('%s is a bad answer, whose reason names paths and no value', (_name, value) => {
    const fault = faultOf(() => decodeInspect(value))
    expect(fault).toMatchObject({ code: 'engine-bad-answer' })
    expect(fault.message).toMatch(/^the inspect has the wrong shape at "/)
    expect(fault.message).not.toMatch(SECRET)
  })
})

test('an inspect of another container than was asked for is a bad answer', () => {
  const read = () => decoded(inspectAnswer('f'.repeat(64), new StaticTexts()), recorded('docker-20.10-inspect.json'))
  expect(read).toThrow(
    expect.objectContaining({ code: 'engine-bad-answer', message: 'the inspect is of another container' }),
  )
})

test('all texts of one container together are looked at so far; the rest is redacted and counted', () => {
  const answer = recorded('docker-20.10-inspect.json')
  const Cmd = Array.from({ length: 100 }, () => 'harmless '.repeat(800))
  const { command, redactions } = decodeInspect({ ...answer, Config: { ...answer.Config, Cmd, Env: [] } })
  const shown = command.filter((argument) => !argument.endsWith('[redacted]'))
  expect(shown.length).toBeGreaterThan(5)
  expect(shown.length).toBeLessThan(10)
  expect(command.at(-1)).toBe('[redacted]')
  expect(redactions).toBeGreaterThanOrEqual(100 - shown.length)
})
