import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { authEvent, readEvent } from '../support/audit-events.js'
import { openTrail, temporaryFolder, verifyFiles } from '../support/audit-files.js'
import { runCli } from '../support/cli.js'

let folder: ReturnType<typeof temporaryFolder>
let path: string
beforeEach(() => {
  folder = temporaryFolder()
  path = join(folder.path, 'audit.log')
})
afterEach(() => folder.remove())

function write(count: number): void {
  const { trail } = openTrail(path)
  for (let i = 0; i < count; i += 1) trail.record(i % 2 === 0 ? readEvent({ subject: `s${i}` }) : authEvent())
  trail.close()
}

const verify = (...args: string[]) => runCli(['audit', 'verify', ...args])

describe('porthole audit verify', () => {
  test('reports a whole chain with its head, and exits with 0', async () => {
    write(5)
    const { head } = verifyFiles(path)
    expect(await verify(path)).toEqual({ code: 0, stdout: `whole: 5 records, seq 1 to 5\nhead: ${head}\n`, stderr: '' })
    expect((await verify(path, '--head', head ?? '')).code).toBe(0)
    const { code, stdout } = await verify(path, '--json')
    expect([code, JSON.parse(stdout)]).toEqual([0, verifyFiles(path)])
  })

  test('names the first line that breaks the chain, and exits with 1', async () => {
    write(5)
    writeFileSync(path, readFileSync(path, 'latin1').replace('"s2"', '"s3"'))
    const { code, stdout } = await verify(path)
    expect([code, stdout.split('\n').slice(0, 2)]).toEqual([
      1,
      [`${path}:3: was altered: its text does not fit its hash`, 'BROKEN: 2 records are good before that, seq 1 to 2'],
    ])
    expect(JSON.parse((await verify(path, '--json')).stdout)).toMatchObject({
      ok: false,
      broken: { file: path, line: 3 },
    })
  })

  test('reads rotated files in the order given, and the standard input', async () => {
    write(4)
    renameSync(path, `${path}.1`)
    write(3)
    expect((await verify(`${path}.1`, path)).stdout).toContain('whole: 7 records, seq 1 to 7')
    expect((await verify(path, `${path}.1`)).code).toBe(1)
    const ended = await runCli(['audit', 'verify', '-', path], { input: readFileSync(`${path}.1`) })
    expect(ended.stdout).toContain('whole: 7 records, seq 1 to 7')
  })

  test('finds that records are missing at the end by a head that was noted, and only so', async () => {
    write(5)
    const { head } = verifyFiles(path)
    const lines = readFileSync(path, 'latin1').split('\n')
    writeFileSync(path, `${lines.slice(0, 4).join('\n')}\n`)
    expect((await verify(path)).code).toBe(0)
    expect(await verify(path, '--head', head ?? '')).toMatchObject({
      code: 1,
      stdout: expect.stringMatching(/:4: .*missing/),
    })
    expect((await verify(path, '--contains', head ?? '')).code).toBe(1)
  })

  test('skips the lines of a log with --mixed', async () => {
    write(3)
    writeFileSync(path, `{"level":"info"}\n${readFileSync(path, 'latin1')}text\n`)
    expect((await verify(path)).code).toBe(1)
    expect((await verify(path, '--mixed')).code).toBe(0)
  })

  test('refuses wrong arguments with 2 and a remedy', async () => {
    write(1)
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)))
    mkdirSync(join(folder.path, 'folder'))
    for (const [args, remedy] of [
      [[], /name the files/],
      [['-', '-'], /once only/],
      [[`${path}.gz`], /zcat/],
      [[`${path}.none`], /cannot be read \(ENOENT\)/],
      [[join(folder.path, 'folder')], /cannot be read \(EISDIR\)/],
      [[path, '--head', 'x'], /64 lower-case hex digits/],
      [[path, '--contains', 'F'.repeat(64)], /64 lower-case hex digits/],
      [[path, '--hed', 'x'], /--help/],
    ] as const) {
      const { code, stdout, stderr } = await verify(...args)
      expect([args, code, stdout]).toEqual([args, 2, ''])
      expect(stderr).toMatch(remedy)
    }
  })

  test('is the one command that takes arguments which are not options', async () => {
    expect((await runCli(['token', 'create', path])).code).toBe(2)
  })
})
