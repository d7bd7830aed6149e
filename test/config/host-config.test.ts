import { describeFaults, loadConfig } from '../../api/config/config.js'
import { MAX_HOSTS } from '../../api/config/hosts-file.js'

const NOW = Date.UTC(2026, 10, 24)

function hosts(count: number) {
  return Array.from({ length: count }, (_, i) => ({ id: `host-${i}`, endpoint: `unix:///run/${i}.sock` }))
}

describe('HOSTS_FILE', () => {
  const files = (text: string | null, isWritableByAll = false) => ({
    readFile: (path: string) => {
      if (path === '/etc/porthole/hosts.json' && text !== null) return text
      throw new Error('ENOENT')
    },
    isDirectory: () => false,
    isWritableByAll: () => isWritableByAll,
  })
  const BASE = { JWT_SECRET: 'nT4kq0Zr8vWx2YbC6dEfG1hJmLpQsUaX', HOSTS_FILE: '/etc/porthole/hosts.json' }
  const text = JSON.stringify({ hosts: hosts(3) })

  test('replaces DOCKER_HOST', () => {
    const loaded = loadConfig(BASE, files(text), NOW)
    const ids = loaded.faults === undefined ? loaded.config.hosts.map(({ id }) => id) : []
    expect(ids).toEqual(['host-0', 'host-1', 'host-2'])
  })

  test.each<[string, Record<string, string>, string | null, boolean, string[]]>([
    ['beside DOCKER_HOST', { DOCKER_HOST: 'unix:///x' }, text, false, ['DOCKER_HOST']],
    ['beside DOCKER_CERT_PATH', { DOCKER_CERT_PATH: '/x' }, text, false, ['DOCKER_CERT_PATH']],
    ['that is not there', {}, null, false, ['HOSTS_FILE']],
    ['that every user may write', {}, text, true, ['HOSTS_FILE']],
    ['with two problems', {}, '{"hosts":[{}]}', false, ['HOSTS_FILE', 'HOSTS_FILE']],
  ])('is refused %s', (_what, changes, content, isWritableByAll, variables) => {
    const { faults = [] } = loadConfig({ ...BASE, ...changes }, files(content, isWritableByAll), NOW)
    expect(faults.map(({ variable }) => variable)).toEqual(variables)
  })

  test('names the position of each fault, and its remedy', () => {
    const { faults = [] } = loadConfig(
      BASE,
      files(
        JSON.stringify({
          hosts: [
            { id: 'a', endpoint: 'ssh://h' },
            { id: 'B', endpoint: 'unix:///b' },
          ],
        }),
      ),
      NOW,
    )
    expect(describeFaults(faults)).toBe(
      [
        '  HOSTS_FILE: hosts[0].endpoint: begins with ssh://, which is not supported: forward the engine over TLS: tcp://HOST:2376',
        '  HOSTS_FILE: hosts[1].id: must be 1 to 63 lower-case letters, digits, dots, underscores or hyphens, a letter or digit first: docs/configuration.md shows the file',
      ].join('\n'),
    )
  })

  test('names fifty faults of a file, and the number of others', () => {
    const { faults = [] } = loadConfig(BASE, files(JSON.stringify({ hosts: hosts(MAX_HOSTS).map(() => ({})) })), NOW)
    expect(faults).toHaveLength(51)
    expect(faults.at(-1)?.problem).toBe(`has ${2 * MAX_HOSTS - 50} more faults`)
  })
})
