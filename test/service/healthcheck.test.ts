import { cleanupAfterEach } from '../support/cleanup.js'
import { CLI, runToEnd } from '../support/process.js'
import { startStatusServer } from '../support/status-server.js'

const onCleanup = cleanupAfterEach()

/** The file that the image's HEALTHCHECK runs, and the command of the same name. */
const FORMS: readonly [string, readonly string[]][] = [
  ['the file', ['dist/cli/healthcheck.js']],
  ['the command', [CLI, 'healthcheck']],
]

describe.each(FORMS)('the health check of the image, as %s', (_what, args) => {
  test.each([
    [200, { code: 0, stdout: '', stderr: '' }],
    [503, { code: 1, stdout: '', stderr: 'healthcheck: answered 503\n' }],
  ])('where the service answers %i', async (status, expected) => {
    const service = await startStatusServer(status)
    onCleanup(service.close)
    expect(await runToEnd(args, { PORT: service.port })).toEqual(expected)
    expect(service.paths).toEqual(['/health/live'])
  })

  test('where PORT is not a port', async () => {
    expect((await runToEnd(args, { PORT: 'none' })).code).toBe(1)
  })
})
