import { existsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { filesBelow, ROOT, read } from './project-files.js'

/** Folders of test/ that mirror no room: CONTRIBUTING.md says what each holds. */
const APART = ['deploy', 'engine-real', 'fixtures', 'project', 'service', 'support']

/** Tests of what no one file does. */
const OF_SEVERAL: Readonly<Record<string, string>> = {
  'test/config/startup-matrix.test.ts': 'which settings go together',
  'test/engine/read-only.test.ts': 'the closed list of reads, by every way into the transport',
  'test/engine/transport-connections.test.ts': 'how the transport uses connections',
  'test/engine/transport-streams.test.ts': 'how the transport holds streams',
  'test/engine/transport-tls.test.ts': 'the transport against engines with other certificates',
  'test/http/hidden-containers.test.ts': 'every route, as a caller with a container filter',
  'test/http/resources/answers.test.ts': 'the answer of every route, against its schema',
  'test/live/host/list-slices.test.ts': 'a list of many containers, on its way from an engine to the view',
  'test/http/strangers.test.ts': 'every route, as a caller without a token',
  'test/live/host/host-logs-shares.test.ts': 'what the followers of logs share, over one host',
}

const TESTS = filesBelow('test').filter(
  (path) => path.endsWith('.test.ts') && !APART.includes(path.split('/')[1] ?? ''),
)

/** 'test/http/server.test.ts' -> 'api/http/server'; what tests demo/ stands below test/demo/, and what judges wall-clock time in a file of its own. */
function subjectOf(path: string): string {
  const inside = path.slice('test/'.length, -'.test.ts'.length).replace(/\.timing$/, '')
  return inside.startsWith('demo/') ? inside : `api/${inside}`
}

function isFolder(path: string): boolean {
  return existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isDirectory()
}

describe('test/ mirrors the sources', () => {
  test('with each test under the name of the file or the folder that it tests', () => {
    expect(TESTS.length).toBeGreaterThan(50)
    const lost = TESTS.filter((path) => {
      const subject = subjectOf(path)
      return !existsSync(join(ROOT, `${subject}.ts`)) && !isFolder(subject) && !(path in OF_SEVERAL)
    })
    expect(lost).toEqual([])
  })

  test('with those that test several in a folder that is there, and listed while they are', () => {
    for (const path of Object.keys(OF_SEVERAL)) {
      expect([path, TESTS.includes(path)]).toEqual([path, true])
      expect([path, isFolder(dirname(subjectOf(path)))]).toEqual([path, true])
      expect([path, existsSync(join(ROOT, `${subjectOf(path)}.ts`))]).toEqual([path, false])
    }
  })

  test('beside folders that CONTRIBUTING.md explains', () => {
    const explained = [...read('CONTRIBUTING.md').matchAll(/^- `test\/([a-z-]+)\/`: /gm)].map(([, folder]) => folder)
    expect(explained.sort()).toEqual(APART)
    for (const folder of APART) expect([folder, isFolder(`test/${folder}`)]).toEqual([folder, true])
  })
})
