import { SimulatedEngine, type SimulatedEngineOptions } from '../../demo/engine.js'
import { ask, askJson, openStream } from '../support/raw-client.js'
import { expectKeys, RECORDED } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
/** Longer than any test waits. */
const FOREVER_MS = 3_600_000
/** As API 1.41 describes them (Docker Engine API, SystemDataUsage). */
const DISK_FIELDS = 'LayersSize Images Containers Volumes BuildCache BuilderSize'
const CACHE_FIELDS = 'ID Parent Type Description InUse Shared Size CreatedAt LastUsedAt UsageCount'

let engine: SimulatedEngine

async function started(options: SimulatedEngineOptions = {}): Promise<void> {
  engine = new SimulatedEngine({ containers: 18, diskDelayMs: 1, now: () => NOW, ...options })
  await engine.start()
}

afterEach(() => engine.stop())

function sum<T>(all: readonly T[], sizeOf: (one: T) => number): number {
  return all.reduce((total, one) => total + sizeOf(one), 0)
}

test('the report has the fields of a real engine in every part', async () => {
  await started()
  const report = await askJson(engine, '/system/df')
  expectKeys(report, DISK_FIELDS)
  for (const entry of report.Containers) expectKeys(entry, `${RECORDED.list} SizeRw? SizeRootFs`)
  for (const record of report.BuildCache) expectKeys(record, CACHE_FIELDS)
  expect(report.BuilderSize).toBe(sum(report.BuildCache, ({ Size }: { Size: number }) => Size))
  const ids = report.BuildCache.map(({ ID }: { ID: string }) => ID)
  for (const { Parent } of report.BuildCache) expect(['', ...ids]).toContain(Parent)
})

test('images show how many containers use them, and the sum of layers counts each shared one once', async () => {
  await started()
  interface Image {
    readonly Id: string
    readonly RepoTags: readonly string[]
    readonly Containers: number
    readonly Size: number
    readonly SharedSize: number
  }
  const report = await askJson(engine, '/system/df')
  const images: readonly Image[] = report.Images
  const listed: readonly Image[] = await askJson(engine, '/images/json')
  expect(images.map(({ Id, Size }) => [Id, Size])).toEqual(listed.map(({ Id, Size }) => [Id, Size]))
  const tagged = (tag: string) => images.find(({ RepoTags }) => RepoTags[0] === tag)
  expect(tagged('registry.example.com/shop/api:2.14.3')?.Containers).toBe(2)
  expect(tagged('registry.example.com/shop/api:2.13.0')?.Containers).toBe(0)
  expect(sum(images, ({ Containers }) => Containers)).toBe(18)
  const shared = images.filter(({ SharedSize }) => SharedSize > 0)
  expect(shared.length).toBeGreaterThan(2)
  expect(shared.every(({ Size, SharedSize }) => SharedSize < Size)).toBe(true)
  const apart = sum(images, ({ Size, SharedSize }) => Size - SharedSize)
  const together = sum([...new Set(shared.map(({ SharedSize }) => SharedSize))], (bytes) => bytes)
  expect(report.LayersSize).toBe(apart + together)
})

test('a container has the size of its image and of its own writes, which is absent if it wrote nothing', async () => {
  await started()
  const report = await askJson(engine, '/system/df')
  const sizes = new Map(report.Images.map(({ Id, Size }: { Id: string; Size: number }) => [Id, Size]))
  expect(report.Containers).toHaveLength(18)
  for (const entry of report.Containers) {
    expect(entry.SizeRootFs).toBe((sizes.get(entry.ImageID) as number) + (entry.SizeRw ?? 0))
  }
  const silent = report.Containers.filter((entry: object) => !('SizeRw' in entry))
  expect(silent.map(({ Names }: { Names: string[] }) => Names[0]).sort()).toEqual(['/blog-backup-1', '/shop-web-1'])
})

test('volumes show their size and how many containers mount them, and those with mount options are omitted', async () => {
  await started()
  type Volume = { readonly Name: string; readonly UsageData: { readonly Size: number; readonly RefCount: number } }
  const volumes: readonly Volume[] = (await askJson(engine, '/system/df')).Volumes
  const counts = new Map(volumes.map(({ Name, UsageData }) => [Name, UsageData.RefCount]))
  expect([counts.get('shop_db-data'), counts.get('legacy_uploads')]).toEqual([1, 0])
  expect(volumes.every(({ UsageData }) => UsageData.Size > 0)).toBe(true)
  const listed: readonly Volume[] = (await askJson(engine, '/volumes')).Volumes
  expect(listed.map(({ Name }) => Name).filter((name) => !counts.has(name))).toEqual(['nas-backup'])
})

test('one caller is served at a time, and one who disconnects makes room for the next', async () => {
  await started({ diskDelayMs: FOREVER_MS })
  const first = openStream(engine, '/system/df').catch(() => 'gone')
  while (engine.requests.length === 0) await new Promise(setImmediate)
  const refused = await ask(engine, '/system/df')
  expect([refused.status, JSON.parse(refused.body.toString())]).toEqual([
    500,
    { message: 'a disk usage operation is already running' },
  ])
  engine.dropConnections()
  expect(await first).toBe('gone')
  while (engine.openConnections > 0) await new Promise(setImmediate)
  const second = openStream(engine, '/system/df').catch(() => 'gone')
  while (engine.requests.length < 3) await new Promise(setImmediate)
  engine.setFault('disk', { kind: 'json', value: {} })
  expect(await askJson(engine, '/system/df')).toEqual({})
  engine.dropConnections()
  expect(await second).toBe('gone')
})

test('consecutive callers are all served', async () => {
  await started()
  for (let round = 0; round < 3; round += 1) expect((await ask(engine, '/system/df')).status).toBe(200)
})
