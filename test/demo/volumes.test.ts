import { SimulatedEngine } from '../../demo/engine.js'
import { ask, askJson } from '../support/raw-client.js'
import { expectKeys } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
/** As API 1.41 describes them (Docker Engine API, VolumeList). */
const VOLUME_FIELDS = 'CreatedAt Driver Labels Mountpoint Name Options Scope'

let engine: SimulatedEngine

async function started(containers: number): Promise<void> {
  engine = new SimulatedEngine({ containers, now: () => NOW })
  await engine.start()
}

interface Volume {
  readonly Name: string
  readonly CreatedAt: string
  readonly Mountpoint: string
  readonly Labels: Readonly<Record<string, string>> | null
  readonly Options: Readonly<Record<string, string>> | null
}

async function volumes(): Promise<readonly Volume[]> {
  return (await askJson(engine, '/volumes')).Volumes
}

afterEach(() => engine.stop())

test('a volume has the fields of a real engine, in an object with warnings that are null', async () => {
  await started(18)
  const body = await askJson(engine, '/volumes')
  expect([Object.keys(body), body.Warnings]).toEqual([['Volumes', 'Warnings'], null])
  for (const volume of body.Volumes) {
    expectKeys(volume, VOLUME_FIELDS)
    expect(volume.CreatedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  }
  expect((await volumes()).find(({ Name }) => Name === 'shop_db-data')).toMatchObject({
    Driver: 'local',
    Options: null,
    Labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'db-data' },
  })
})

test('each mounted volume is in the list, at the path that the mount names', async () => {
  await started(200)
  const byName = new Map((await volumes()).map((volume) => [volume.Name, volume]))
  const mounted = new Set<string>()
  for (const entry of await askJson(engine, '/containers/json?all=1')) {
    for (const mount of entry.Mounts) {
      if (mount.Type !== 'volume') continue
      const volume = byName.get(mount.Name)
      expect(volume?.Mountpoint).toBe(mount.Source)
      expect(Date.parse(volume?.CreatedAt ?? '') / 1000).toBeLessThanOrEqual(entry.Created)
      mounted.add(mount.Name)
    }
  }
  expect(mounted.size).toBeGreaterThan(40)
  expect([...byName.keys()].filter((name) => !mounted.has(name))).toEqual(['legacy_uploads'])
})

test('projects share no volume, except for the one without a project', async () => {
  await started(200)
  const owners = new Map<string, Set<string>>()
  for (const entry of await askJson(engine, '/containers/json?all=1')) {
    for (const mount of entry.Mounts) {
      if (mount.Type !== 'volume') continue
      const projects = owners.get(mount.Name) ?? new Set()
      owners.set(mount.Name, projects.add(entry.Labels['com.docker.compose.project']))
    }
  }
  const shared = [...owners].filter(([, projects]) => projects.size > 1).map(([name]) => name)
  expect(shared).toEqual(['nas-backup'])
})

test('an unnamed volume gets a name of 64 digits, and is not among the binds', async () => {
  await started(18)
  const anonymous = (await volumes()).filter(({ Name }) => /^[0-9a-f]{64}$/.test(Name))
  expect(anonymous).toHaveLength(1)
  expect(anonymous[0]).toMatchObject({ Labels: null, Options: null })
  const cache = await askJson(engine, '/containers/shop-cache-1/json')
  expect(cache.Mounts).toEqual([
    {
      Type: 'volume',
      Name: anonymous[0]?.Name,
      Source: anonymous[0]?.Mountpoint,
      Destination: '/data',
      Driver: 'local',
      Mode: '',
      RW: true,
      Propagation: '',
    },
  ])
  expect(cache.HostConfig.Binds).toBeNull()
})

test('a share of another machine shows its password in its mount options, as on a real engine', async () => {
  await started(0)
  const share = (await volumes()).find(({ Name }) => Name === 'nas-backup')
  expect(share?.Options).toEqual({
    device: '//nas/share',
    o: expect.stringMatching(/^addr=10\.0\.0\.9,username=backup,password=\S+$/),
    type: 'cifs',
  })
})

test('a volume stays after its last container is removed, and a filter is refused rather than ignored', async () => {
  await started(0)
  const mounts = [{ type: 'volume', source: 'kept', destination: '/kept', readOnly: true }] as const
  engine.run({ name: 'passing', spec: { mounts } })
  engine.remove('passing')
  expect((await volumes()).map(({ Name }) => Name)).toEqual(['legacy_uploads', 'nas-backup', 'kept'])
  expect((await ask(engine, '/volumes?filters=%7B%22name%22%3A%5B%22x%22%5D%7D')).status).toBe(400)
})
