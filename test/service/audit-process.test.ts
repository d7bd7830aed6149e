import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readEvent } from '../support/audit-events.js'
import { openTrail, temporaryFolder, verifyFiles } from '../support/audit-files.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { eventually } from '../support/eventually.js'
import { CLI, runToEnd, start } from '../support/process.js'

const onCleanup = cleanupAfterEach()

let folder: ReturnType<typeof temporaryFolder>
let path: string
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'audit.log')
})
afterEach(() => folder.remove())

describe('a process that is killed while it writes', () => {
  /** Writes records without end. */
  const WRITER = `
    import { FileSink } from ${JSON.stringify(new URL('dist/audit/sinks/file-sink.js', `file://${process.cwd()}/`).href)}
    import { AuditTrail } from ${JSON.stringify(new URL('dist/audit/trail.js', `file://${process.cwd()}/`).href)}
    const sink = new FileSink(process.argv[1], Date.now())
    const log = { error: (fields) => console.error(fields), warn: () => {} }
    const trail = new AuditTrail({ sink, clock: Date, log, onFailure: 'refuse' })
    for (;;) trail.record(${JSON.stringify(readEvent())})`

  test('leaves a chain that the next start goes on with, each time', async () => {
    for (let kill = 0; kill < 5; kill += 1) {
      const before = existsSync(path) ? statSync(path).size : 0
      const writer = start(['--input-type=module', '--eval', WRITER, path])
      onCleanup(writer.kill)
      await eventually(
        () => (existsSync(path) ? statSync(path).size : 0),
        (size) => size > before + 200_000,
        10_000,
      )
      expect((await writer.kill()).stderr).toBe('')
    }
    const { trail } = openTrail(path)
    trail.record(readEvent())
    trail.close()
    const report = verifyFiles(path)
    expect(report).toMatchObject({ ok: true, firstSeq: 1, lastSeq: report.records })
    expect(report.records).toBeGreaterThan(1_000)
  })
})

test('porthole audit verify reads a pipe, and ends with 0 for a whole chain and 1 for a broken one', async () => {
  const { trail } = openTrail(path)
  for (let i = 0; i < 3; i += 1) trail.record(readEvent())
  trail.close()
  const text = readFileSync(path, 'latin1')
  const whole = await runToEnd([CLI, 'audit', 'verify', '-'], {}, text)
  expect([whole.code, whole.stdout.split('\n')[0]]).toEqual([0, 'whole: 3 records, seq 1 to 3'])
  const broken = await runToEnd([CLI, 'audit', 'verify', '-'], {}, text.replace('"seq":2', '"seq":3'))
  expect([broken.code, broken.stdout]).toEqual([1, expect.stringContaining('BROKEN')])
})
