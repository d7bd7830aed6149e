import {
  decodeDiskUse,
  decodeImages,
  decodeNetworks,
  decodeVolumes,
  dump,
  faultOf,
  SECRET,
} from '../../support/decoded.js'

const IMAGE = {
  Containers: -1,
  Created: 1_795_488_537,
  Id: `sha256:${'a1'.repeat(32)}`,
  Labels: { maintainer: 'shop' },
  ParentId: '',
  RepoDigests: [`shop/web@sha256:${'b2'.repeat(32)}`],
  RepoTags: ['shop/web:1.0', 'registry.example/shop/web:latest'],
  SharedSize: -1,
  Size: 4_812_345,
  VirtualSize: 4_812_345,
}

const NETWORK = {
  Name: 'shop_default',
  Id: 'c3'.repeat(32),
  Created: '2026-11-24T03:48:55.123456789+01:00',
  Scope: 'local',
  Driver: 'bridge',
  EnableIPv6: true,
  IPAM: {
    Driver: 'default',
    Options: null,
    Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1', IPRange: '172.18.5.0/24' }, { Subnet: 'fd00::/64' }],
  },
  Internal: true,
  Attachable: true,
  Ingress: false,
  Containers: {},
  Options: { 'com.docker.network.bridge.name': 'br0' },
  Labels: { 'com.docker.compose.project': 'shop' },
}

const VOLUME = {
  CreatedAt: '2026-11-24T03:48:55+01:00',
  Driver: 'local',
  Labels: { 'com.docker.compose.project': 'shop' },
  Mountpoint: '/var/lib/docker/volumes/shop_data/_data',
  Name: 'shop_data',
  Options: { type: 'nfs', device: ':/export', o: 'addr=10.0.0.1,rw' },
  Scope: 'local',
}

/** Labels, or options, that hold a secret each. */
const SECRETS = {
  'app.password': 'hunter2',
  'traefik.http.middlewares.a.basicauth.users': 'me:hunter2',
  o: 'username=me,password=hunter2,addr=10.0.0.1',
  device: 'https://me:hunter2@share/x',
}

const SCRUBBED = new Map([
  ['app.password', '[redacted]'],
  ['traefik.http.middlewares.a.basicauth.users', '[redacted]'],
  ['o', 'username=me,password=[redacted],addr=10.0.0.1'],
  ['device', 'https://[redacted]@share/x'],
])

const SECRET_COUNT = SCRUBBED.size

const many = (count: number, one: (i: number) => string) => Array.from({ length: count }, (_, i) => one(i))

const manyLabels = (count: number) => Object.fromEntries(many(count, (i) => `l${i}`).map((key) => [key, 'x']))

describe('an image', () => {
  const decoded = (changes: object) => decodeImages([{ ...IMAGE, ...changes }])[0]

  test('is read as docker lists it', () => {
    expect(decodeImages([IMAGE])).toEqual([
      {
        id: IMAGE.Id,
        tags: IMAGE.RepoTags,
        digests: IMAGE.RepoDigests,
        createdAt: '2026-11-24T02:48:57.000Z',
        sizeBytes: 4_812_345,
        labels: new Map([['maintainer', 'shop']]),
        redactions: 0,
      },
    ])
    expect(decodeImages([])).toEqual([])
  })

  test('without names has none, however the engine writes that', () => {
    for (const nothing of [null, undefined, []]) {
      expect(decoded({ RepoTags: nothing, RepoDigests: nothing })).toMatchObject({ tags: [], digests: [] })
    }
    expect(decoded({ RepoTags: ['<none>:<none>'], RepoDigests: ['<none>@<none>'] })).toMatchObject({
      tags: [],
      digests: [],
    })
    expect(decoded({ RepoTags: ['<none>:1', 'a:<none>'] })?.tags).toEqual(['<none>:1', 'a:<none>'])
  })

  test('need have nothing but its id', () => {
    for (const nothing of [null, undefined]) {
      const bare = { Created: nothing, Size: nothing, Labels: nothing, RepoTags: nothing, RepoDigests: nothing }
      expect(decodeImages([{ Id: 'sha256:1', ...bare }])).toEqual([
        { id: 'sha256:1', tags: [], digests: [], createdAt: null, sizeBytes: null, labels: new Map(), redactions: 0 },
      ])
    }
  })

  test.each([
    [0, null],
    [-62_135_596_800, null],
    [1, '1970-01-01T00:00:01.000Z'],
    [1.5, '1970-01-01T00:00:01.500Z'],
    [253_402_300_799, '9999-12-31T23:59:59.000Z'],
  ])('that was made at %d was made at %s', (Created, createdAt) => {
    expect(decoded({ Created })?.createdAt).toBe(createdAt)
  })

  test('shows no secret of its labels and names', () => {
    const RepoTags = ['me:hunter2@registry/token=hunter2:1', 'https://me:hunter2@registry/x:1']
    const image = decoded({ Labels: SECRETS, RepoTags: RepoTags.slice(1), RepoDigests: RepoTags.slice(1) })
    expect(image?.labels).toEqual(SCRUBBED)
    expect(image?.redactions).toBe(SECRET_COUNT + 2)
    expect(dump(image)).not.toMatch(SECRET)
  })

  test.each([255, 256, 257, 5_000])('of %i names and labels shows the first 256', (count) => {
    const RepoTags = many(count, (i) => `a:${i}`)
    const image = decoded({ RepoTags, RepoDigests: RepoTags, Labels: manyLabels(count) })
    expect(image?.tags).toEqual(RepoTags.slice(0, 256))
    expect(image?.digests).toEqual(RepoTags.slice(0, 256))
    expect(image?.labels.size).toBe(Math.min(count, 256))
  })
})

describe('a network', () => {
  const decoded = (changes: object) => decodeNetworks([{ ...NETWORK, ...changes }])[0]

  test('is read as docker lists it', () => {
    expect(decodeNetworks([NETWORK])).toEqual([
      {
        id: NETWORK.Id,
        name: 'shop_default',
        driver: 'bridge',
        scope: 'local',
        createdAt: '2026-11-24T02:48:55.123Z',
        internal: true,
        attachable: true,
        ipv6: true,
        subnets: [
          { subnet: '172.18.0.0/16', gateway: '172.18.0.1', ipRange: '172.18.5.0/24' },
          { subnet: 'fd00::/64', gateway: null, ipRange: null },
        ],
        labels: new Map([['com.docker.compose.project', 'shop']]),
        options: new Map([['com.docker.network.bridge.name', 'br0']]),
        redactions: 0,
      },
    ])
    expect(decodeNetworks([])).toEqual([])
  })

  test('need have nothing but its id and its name', () => {
    for (const nothing of [null, undefined]) {
      const fields = ['Driver', 'Scope', 'Created', 'Internal', 'Attachable', 'EnableIPv6', 'IPAM', 'Labels', 'Options']
      const bare = Object.fromEntries(fields.map((field) => [field, nothing]))
      expect(decodeNetworks([{ Id: '1', Name: 'n', ...bare }])).toEqual([
        {
          id: '1',
          name: 'n',
          driver: '',
          scope: '',
          createdAt: null,
          internal: false,
          attachable: false,
          ipv6: false,
          subnets: [],
          labels: new Map(),
          options: new Map(),
          redactions: 0,
        },
      ])
    }
  })

  test.each([[{}], [{ Config: null }], [{ Config: [] }], [null]])('whose addresses are %j has no subnet', (IPAM) => {
    expect(decoded({ IPAM })?.subnets).toEqual([])
  })

  test('may leave a part of a subnet empty', () => {
    const Config = [{ Subnet: '', Gateway: null }, {}]
    const nothing = { subnet: null, gateway: null, ipRange: null }
    expect(decoded({ IPAM: { Config } })?.subnets).toEqual([nothing, nothing])
  })

  test.each(['0001-01-01T00:00:00Z', ''])('that was made at %j has no time', (Created) => {
    expect(decoded({ Created })?.createdAt).toBeNull()
  })

  test('shows no secret of its labels, its options and its name', () => {
    const network = decoded({ Labels: SECRETS, Options: SECRETS, Name: 'net-token=hunter2' })
    expect(network).toMatchObject({ labels: SCRUBBED, options: SCRUBBED, name: 'net-token=[redacted]' })
    expect(network?.redactions).toBe(2 * SECRET_COUNT + 1)
    expect(dump(network)).not.toMatch(SECRET)
  })

  test.each([63, 64, 65, 5_000])('of %i subnets shows the first 64', (count) => {
    const Config = many(count, (i) => `10.0.${i}.0/24`).map((Subnet) => ({ Subnet }))
    expect(decoded({ IPAM: { Config } })?.subnets).toHaveLength(Math.min(count, 64))
  })

  test.each([255, 256, 257])('of %i labels and options shows the first 256', (count) => {
    const network = decoded({ Labels: manyLabels(count), Options: manyLabels(count) })
    expect([network?.labels.size, network?.options.size]).toEqual(Array(2).fill(Math.min(count, 256)))
  })
})

describe('a volume', () => {
  const decoded = (changes: object) => decodeVolumes({ Volumes: [{ ...VOLUME, ...changes }], Warnings: null })[0]

  test('is read as docker lists it', () => {
    expect(decodeVolumes({ Volumes: [VOLUME], Warnings: null })).toEqual([
      {
        name: 'shop_data',
        driver: 'local',
        scope: 'local',
        createdAt: '2026-11-24T02:48:55.000Z',
        mountpoint: '/var/lib/docker/volumes/shop_data/_data',
        labels: new Map([['com.docker.compose.project', 'shop']]),
        options: new Map([
          ['type', 'nfs'],
          ['device', ':/export'],
          ['o', 'addr=10.0.0.1,rw'],
        ]),
        redactions: 0,
        hostPathRedactions: 0,
      },
    ])
  })

  test('may be none', () => {
    for (const Volumes of [null, undefined, []]) expect(decodeVolumes({ Volumes })).toEqual([])
  })

  test('need have nothing but its name', () => {
    for (const nothing of [null, undefined]) {
      const fields = ['Driver', 'Scope', 'CreatedAt', 'Mountpoint', 'Labels', 'Options']
      const bare = Object.fromEntries(fields.map((field) => [field, nothing]))
      const expected = { name: 'v', driver: '', scope: '', createdAt: null, mountpoint: null }
      expect(decodeVolumes({ Volumes: [{ Name: 'v', ...bare }] })).toEqual([
        { ...expected, labels: new Map(), options: new Map(), redactions: 0, hostPathRedactions: 0 },
      ])
    }
  })

  test.each(['0001-01-01T00:00:00Z', ''])('that was made at %j has no time', (CreatedAt) => {
    expect(decoded({ CreatedAt })?.createdAt).toBeNull()
  })

  test('shows no secret of its labels, its options, its name and its mount point', () => {
    const volume = decoded({ Labels: SECRETS, Options: SECRETS, Name: 'token=hunter2', Mountpoint: '/m/token=hunter2' })
    expect(volume).toMatchObject({ labels: SCRUBBED, options: SCRUBBED, name: 'token=[redacted]' })
    expect(volume).toMatchObject({ redactions: SECRET_COUNT + 1, hostPathRedactions: SECRET_COUNT + 1 })
    expect(dump(volume)).not.toMatch(SECRET)
  })
})

describe('disk use', () => {
  const NOTHING = { count: 0, active: 0, sizeBytes: 0, reclaimableBytes: 0 }

  test('is added up as docker/cli does', () => {
    const use = decodeDiskUse({
      LayersSize: 1_000,
      Images: [
        { Containers: 2, Size: 500, SharedSize: 100 },
        { Containers: 1, Size: 300, SharedSize: 100 },
        { Containers: 0, Size: 350, SharedSize: 100 },
      ],
      Containers: [
        { State: 'running', SizeRw: 10 },
        { State: 'paused', SizeRw: 20 },
        { State: 'restarting', SizeRw: 40 },
        { State: 'exited', SizeRw: 80 },
        { State: 'created', SizeRw: 160 },
        { State: 'dead' },
      ],
      Volumes: [
        { Name: 'a', UsageData: { RefCount: 2, Size: 7 } },
        { Name: 'b', UsageData: { RefCount: 0, Size: 70 } },
      ],
      BuildCache: [
        { Size: 1, InUse: true, Shared: false },
        { Size: 10, InUse: false, Shared: false },
        { Size: 100, InUse: false, Shared: true },
        { Size: 1_000, InUse: true, Shared: true },
      ],
      BuilderSize: 1_111,
    })
    expect(use).toEqual({
      // 1000 - (400 + 200): what is shared is not counted as the image's own.
      images: { count: 3, active: 2, sizeBytes: 1_000, reclaimableBytes: 400 },
      containers: { count: 6, active: 3, sizeBytes: 310, reclaimableBytes: 240 },
      volumes: { count: 2, active: 1, sizeBytes: 77, reclaimableBytes: 70 },
      buildCache: { count: 4, active: 2, sizeBytes: 11, reclaimableBytes: 10 },
      volumeBytes: new Map([
        ['a', 7],
        ['b', 70],
      ]),
    })
  })

  test('of nothing is nothing', () => {
    for (const nothing of [null, undefined, []] as const) {
      const answer = { LayersSize: 0, Images: nothing, Containers: nothing, Volumes: nothing, BuildCache: nothing }
      expect(decodeDiskUse(answer)).toEqual({
        images: NOTHING,
        containers: NOTHING,
        volumes: NOTHING,
        buildCache: NOTHING,
        volumeBytes: new Map(),
      })
    }
    expect(decodeDiskUse({}).images).toEqual(NOTHING)
  })

  test('of images may be -1, which is no size: what is in use is not promised to be free', () => {
    const images = (Images: object[]) => decodeDiskUse({ LayersSize: 1_000, Images }).images
    expect(images([{ Containers: 1, Size: 600, SharedSize: -1 }])).toMatchObject({ active: 1, reclaimableBytes: 400 })
    expect(images([{ Containers: 1, Size: -1, SharedSize: -1 }])).toMatchObject({ active: 1, reclaimableBytes: 1_000 })
    expect(images([{ Containers: -1, Size: 600, SharedSize: 0 }])).toMatchObject({ active: 0, reclaimableBytes: 1_000 })
    expect(images([{ Containers: null, Size: null, SharedSize: null }])).toMatchObject({ active: 0 })
  })

  test('of images is never freed below 0, nor more than there is', () => {
    const images = (LayersSize: number, image: object) => decodeDiskUse({ LayersSize, Images: [image] }).images
    expect(images(10, { Containers: 1, Size: 600, SharedSize: 0 }).reclaimableBytes).toBe(0)
    expect(images(10, { Containers: 1, Size: 5, SharedSize: 600 }).reclaimableBytes).toBe(10)
    expect(images(10, { Containers: 1, Size: -1, SharedSize: 0 }).reclaimableBytes).toBe(10)
  })

  test('of volumes may be -1, which is no size, or be missing', () => {
    const Volumes = [
      { Name: 'a', UsageData: { RefCount: -1, Size: -1 } },
      { Name: 'b', UsageData: { RefCount: 1, Size: -1 } },
      { Name: 'c', UsageData: null },
      { Name: 'd' },
      { Name: 'e', UsageData: {} },
      { Name: 'f', UsageData: { RefCount: null, Size: null } },
      { Name: 'g', UsageData: { RefCount: 0, Size: 0 } },
    ]
    const { volumes, volumeBytes } = decodeDiskUse({ Volumes })
    expect(volumes).toEqual({ count: 7, active: 1, sizeBytes: 0, reclaimableBytes: 0 })
    expect([...volumeBytes.values()]).toEqual([null, null, null, null, null, null, 0])
  })

  test('names a volume as the list of volumes does', () => {
    const Name = 'token=hunter2'
    const [name] = decodeVolumes({ Volumes: [{ Name }] }).map((volume) => volume.name)
    const use = decodeDiskUse({ Volumes: [{ Name, UsageData: { RefCount: 0, Size: 7 } }] })
    expect([...use.volumeBytes]).toEqual([[name, 7]])
    expect(dump(use)).not.toMatch(SECRET)
  })

  test('of a container without a state is free', () => {
    expect(decodeDiskUse({ Containers: [{ SizeRw: 5 }, { State: null, SizeRw: null }] }).containers).toEqual({
      count: 2,
      active: 0,
      sizeBytes: 5,
      reclaimableBytes: 5,
    })
  })
})

const SHAPES: [name: string, decode: (value: unknown) => unknown, value: unknown][] = [
  ...[{ message: 'hunter2' }, null, 'hunter2', ['hunter2'], [null], Buffer.from('hunter2')].flatMap(
    (value) =>
      [
        ['images', decodeImages, value],
        ['networks', decodeNetworks, value],
      ] as [string, (value: unknown) => unknown, unknown][],
  ),
  ['images', decodeImages, [{ ...IMAGE, Id: 7 }]],
  ['images', decodeImages, [{ ...IMAGE, RepoTags: 'hunter2' }]],
  ['images', decodeImages, [{ ...IMAGE, Created: 'hunter2' }]],
  ['images', decodeImages, [{ ...IMAGE, Created: 1e300 }]],
  ['images', decodeImages, [{ ...IMAGE, Size: 'hunter2' }]],
  ['networks', decodeNetworks, [{ ...NETWORK, Name: null }]],
  ['networks', decodeNetworks, [{ ...NETWORK, Created: 'hunter2' }]],
  ['networks', decodeNetworks, [{ ...NETWORK, IPAM: { Config: ['hunter2'] } }]],
  ['networks', decodeNetworks, [{ ...NETWORK, IPAM: { Config: [null] } }]],
  ['networks', decodeNetworks, [{ ...NETWORK, Internal: 'hunter2' }]],
  ...[null, [], 'hunter2', { Volumes: 'hunter2' }, { Volumes: ['hunter2'] }, { Volumes: [{ Name: 7 }] }].map(
    (value) => ['volumes', decodeVolumes, value] as [string, (value: unknown) => unknown, unknown],
  ),
  ['volumes', decodeVolumes, { Volumes: [{ ...VOLUME, CreatedAt: 'hunter2' }] }],
  ['volumes', decodeVolumes, { Volumes: [{ ...VOLUME, Options: 'hunter2' }] }],
  ...[null, [], 'hunter2', { Images: {} }, { LayersSize: 'hunter2' }, { Volumes: [{ UsageData: {} }] }].map(
    (value) => ['disk use', decodeDiskUse, value] as [string, (value: unknown) => unknown, unknown],
  ),
  ['disk use', decodeDiskUse, { Volumes: [{ Name: 'hunter2', UsageData: { Size: 'hunter2' } }] }],
  ['disk use', decodeDiskUse, { BuildCache: [{ Size: 1, InUse: 'hunter2' }] }],
  ['disk use', decodeDiskUse, { Containers: [null] }],
]

test.each(SHAPES)(
  '%s of a wrong shape are a bad answer, whose reason names paths and no value',
  (what, decode, value) => {
    const fault = faultOf(() => decode(value))
    expect(fault).toMatchObject({ code: 'engine-bad-answer', detail: undefined, cause: undefined })
    expect(fault.message).toMatch(new RegExp(`^the ${what}: `))
    expect(fault.message).not.toMatch(SECRET)
  },
)
