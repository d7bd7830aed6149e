import { SimulatedEngine } from '../../demo/engine.js'
import { ask, askJson } from '../support/raw-client.js'
import { expectKeys } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
/** As API 1.41 describes them (Docker Engine API, ImageList). */
const IMAGE_FIELDS = 'Containers Created Id Labels ParentId RepoDigests RepoTags SharedSize Size VirtualSize'

let engine: SimulatedEngine

async function started(containers: number): Promise<void> {
  engine = new SimulatedEngine({ containers, now: () => NOW })
  await engine.start()
}

interface Image {
  readonly Id: string
  readonly Created: number
  readonly RepoTags: readonly string[] | null
  readonly RepoDigests: readonly string[] | null
  readonly Labels: Readonly<Record<string, string>> | null
}

async function images(): Promise<readonly Image[]> {
  return askJson(engine, '/images/json')
}

afterEach(() => engine.stop())

test('an image has the fields of a real engine, counts nothing, and the newest comes first', async () => {
  await started(18)
  const listed = await images()
  for (const image of listed) {
    expectKeys(image, IMAGE_FIELDS)
    expect(image).toMatchObject({ Containers: -1, SharedSize: -1, Id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) })
  }
  const created = listed.map(({ Created }) => Created)
  expect(created).toEqual([...created].sort((a, b) => b - a))
  expect((await askJson(engine, '/info')).Images).toBe(listed.length)
})

test('each container is of an older image of the list, under the name that it was run by', async () => {
  await started(200)
  const byId = new Map((await images()).map((image) => [image.Id, image]))
  for (const entry of await askJson(engine, '/containers/json?all=1')) {
    const image = byId.get(entry.ImageID)
    expect(image?.RepoTags).toEqual([entry.Image])
    expect(image?.RepoDigests?.[0]).toMatch(/@sha256:[0-9a-f]{64}$/)
    expect(image?.Created).toBeLessThan(entry.Created)
  }
})

test('no container uses two of the images: one without a name, one built here with a secret in its labels', async () => {
  await started(0)
  const listed = await images()
  expect(listed).toHaveLength(2)
  expect(listed.find(({ RepoTags }) => RepoTags?.[0] === '<none>:<none>')?.RepoDigests).toEqual(['<none>@<none>'])
  const previous = listed.find(({ Labels }) => Labels !== null)
  expect([previous?.RepoTags, previous?.RepoDigests]).toEqual([['registry.example.com/shop/api:2.13.0'], null])
  expect(previous?.Labels).toHaveProperty(['build.token'])
})

test('a name without a tag means latest, a digest has no tag, and a port is not a tag', async () => {
  await started(0)
  const byDigest = `registry.example.com:5000/team/tool@sha256:${'a'.repeat(64)}`
  for (const [name, image] of [
    ['plain', 'nginx'],
    ['port', 'registry.example.com:5000/team/app'],
    ['pinned', byDigest],
  ] as const) {
    engine.run({ name, image })
  }
  const listed = await images()
  const tags = listed.map(({ RepoTags }) => RepoTags?.[0])
  expect(tags).toEqual(expect.arrayContaining(['nginx:latest', 'registry.example.com:5000/team/app:latest']))
  expect(listed.find(({ RepoTags }) => RepoTags === null)?.RepoDigests).toEqual([byDigest])
})

test('an image stays after its last container is removed, and a filter is refused rather than ignored', async () => {
  await started(0)
  engine.run({ name: 'passing', image: 'passing:1' })
  engine.remove('passing')
  expect((await images()).map(({ RepoTags }) => RepoTags?.[0])).toContain('passing:1')
  expect((await ask(engine, '/images/json?filters=%7B%22dangling%22%3A%5B%22true%22%5D%7D')).status).toBe(400)
})
