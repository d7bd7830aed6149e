import { appendFile, open } from 'node:fs/promises'
import { describeReal, docker, FIXTURE_IMAGE, inspect, realEngine } from '../support/dockerd.js'
import { type EngineService, serveEngine, unixEndpoint } from '../support/engine-service.js'
import { type Listening, listenTo } from '../support/event-reader.js'
import { eventually } from '../support/eventually.js'
import { type SocketProxy, startSocketProxy } from '../support/haproxy.js'
import { tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 15_000
const LONG_MS = 120_000

/** As `tight` cuts: the shortest that can be told from a proxy that cuts at once. */
const IDLE_CUT_SECONDS = 6

const GIGABYTE = 1024 ** 3

/** What a page of a log, and a search, may take of this process: garbage of what was looked through included. */
const MAX_GROWTH_BYTES = 192 * 1024 * 1024

const MANY_LINES =
  'i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "out $i caf\u00e9"; echo "err $i" >&2; done; sleep 0.2'

let service: EngineService
const made: string[] = []

async function run(name: string, options: readonly string[], script: string): Promise<string> {
  const own = `${name}-${process.pid}`
  made.push(own)
  const common = ['run', '--detach', '--name', own, '--network', 'none', '--stop-timeout', '1']
  const id = await docker([...common, ...options, FIXTURE_IMAGE, 'sh', '-c', script])
  await eventually(
    () => service.container(own),
    (found) => found !== undefined,
    PATIENCE_MS,
  )
  return id.trim()
}

async function ended(id: string): Promise<void> {
  await docker(['wait', id])
  await eventually(
    () => service.get(`/api/containers/${id}`),
    ({ body }) => body.state === 'exited',
    PATIENCE_MS,
  )
}

/** Lines as `docker logs --timestamps` prints them: both streams in one, as the engine has them in its file. */
async function dockerLines(id: string, ...options: string[]): Promise<string[]> {
  const text = await docker(['logs', '--timestamps', ...options, id])
  return text.split('\n').slice(0, -1)
}

async function ours(id: string, query = ''): Promise<string[]> {
  const { status, body, text } = await service.get(`/api/containers/${id}/logs?${query}`)
  if (status !== 200) throw new Error(text)
  return body.lines.map(({ time, message }: { time: string; message: string }) => `${time} ${message}`)
}

const messages = (stream: Listening) =>
  stream.events.map(({ event, data }) => (event === 'log' ? JSON.parse(data).message : event))

describeReal('logs of a real engine', () => {
  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath))
  }, PATIENCE_MS)
  afterAll(async () => {
    await service?.stop()
    if (made.length > 0) await docker(['rm', '--force', '--volumes', ...made])
  }, LONG_MS)

  test(
    'are those that docker logs prints: by stream, by number, by time',
    async () => {
      const id = await run('many', [], MANY_LINES)
      await ended(id)
      // The command writes error output to another stream, which this reads as none.
      const stdout = await dockerLines(id)
      expect(stdout).toHaveLength(300)
      expect(await ours(id, 'tail=5000&stderr=false')).toEqual(stdout)
      expect(await ours(id, 'tail=5000')).toHaveLength(600)
      for (const tail of [0, 1, 7, 299, 300, 301])
        expect(await ours(id, `tail=${tail}&stderr=false`)).toHaveLength(Math.min(tail, 300))

      const { body } = await service.get(`/api/containers/${id}/logs?tail=5000`)
      const lines: { time: string; stream: string; message: string }[] = body.lines
      expect([body.truncated, body.name]).toEqual([false, `many-${process.pid}`])
      expect(lines.filter(({ stream }) => stream === 'stderr').map(({ message }) => message)).toEqual(
        Array.from({ length: 300 }, (_, row) => `err ${row + 1}`),
      )
      const since = lines[200]?.time ?? ''
      const until = lines[400]?.time ?? ''
      const within = lines.filter(({ time }) => time >= since && time <= until).map(({ message }) => message)
      expect(within.length).toBeGreaterThan(100)
      const cut = await service.get(`/api/containers/${id}/logs?tail=5000&since=${since}&until=${until}`)
      expect(cut.body.lines.map(({ message }: { message: string }) => message)).toEqual(within)
      // The last two of them, and not the last two of all.
      const last = await service.get(`/api/containers/${id}/logs?tail=2&until=${until}`)
      expect(last.body.lines.map(({ message }: { message: string }) => message)).toEqual(within.slice(-2))
      expect(last.body.truncated).toBe(true)

      expect(await ours(id, 'grep=out+12&stderr=false')).toEqual(stdout.filter((line) => line.includes('out 12')))
      expect(await ours(id, 'regex=true&grep=%5Eerr+1.5%24')).toHaveLength(10)
    },
    LONG_MS,
  )

  test('of a terminal come as its lines, without the ends that a terminal gives them', async () => {
    const id = await run('terminal', ['--tty'], 'printf "one\\ntwo caf\\303\\251\\n"; printf "no end"')
    await ended(id)
    const { body } = await service.get(`/api/containers/${id}/logs`)
    expect(body.lines.map(({ stream, message }: { stream: string; message: string }) => [stream, message])).toEqual([
      ['stdout', 'one'],
      ['stdout', 'two caf\u00e9'],
      ['stdout', 'no end'],
    ])
    for (const { time } of body.lines) expect(time).toMatch(/^\d{4}-.*\.\d{9}Z$/)
  })

  test.each([
    ['a pipe', []],
    ['a terminal', ['--tty']],
  ])('of %s put together again what the engine keeps in parts', async (what, options) => {
    const name = what.endsWith('pipe') ? 'parts-pipe' : 'parts-terminal'
    const script = 'i=0; while [ $i -lt 14000 ]; do i=$((i+1)); printf "\\342\\202\\254"; done; echo; echo after'
    const id = await run(name, options, script)
    await ended(id)
    // 42,000 bytes are three parts, whose borders cut characters in two.
    for (const tail of [2, 100]) {
      const { body } = await service.get(`/api/containers/${id}/logs?tail=${tail}`)
      const texts: string[] = body.lines.map(({ message }: { message: string }) => message)
      expect(texts).toHaveLength(2)
      expect(texts[1]).toBe('after')
      // The engine itself has cut them where its own file is JSON: it writes U+FFFD for each byte then.
      expect(texts[0]).toMatch(/^[\u20ac\ufffd]+$/)
      expect(texts[0]?.replaceAll('\ufffd', '').length).toBe(13_998)
    }
  })

  test('of drivers that store none are a fault that names the driver', async () => {
    const id = await run('silent', ['--log-driver', 'none'], 'echo x; sleep 60')
    for (const path of ['logs', 'logs/stream']) {
      const { status, body } = await service.get(`/api/containers/${id}/${path}`)
      expect([status, body.code]).toEqual([501, 'log-driver-unreadable'])
      expect(body.detail).toContain('log driver none ')
    }
  })

  test('of other drivers that store them are read alike', async () => {
    const id = await run('kept', ['--log-driver', 'local'], 'echo one; echo two >&2')
    await ended(id)
    const texts = (await service.get(`/api/containers/${id}/logs`)).body.lines
    expect(texts.map(({ message }: { message: string }) => message).sort()).toEqual(['one', 'two'])
  })

  test('are returned as text and as lines of JSON', async () => {
    const id = await run('forms', [], 'echo "one\u001b[2J"; echo two')
    await ended(id)
    const as = (accept: string) =>
      fetch(`${service.url}/api/containers/${id}/logs`, {
        headers: { authorization: `Bearer ${tokenFor()}`, accept },
      }).then((answer) => answer.text())
    expect(await as('text/plain')).toBe('one\ntwo\n')
    const lines = (await as('application/x-ndjson')).trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(['one\u001b[2J', 'two'])
  })

  test(
    'of a gigabyte answer with their last hundred lines in no time and next to no memory',
    async () => {
      const id = await run('gigabyte', [], 'echo first')
      await ended(id)
      const [{ LogPath }] = await inspect([id])
      const filler = 'x'.repeat(1_000)
      const record = (row: number) =>
        `${JSON.stringify({ log: `${row} ${filler}\n`, stream: 'stdout', time: new Date(1_795_000_000_000 + row).toISOString() })}\n`
      // As the engine writes it; it takes minutes to write so much itself.
      const block = Array.from({ length: 10_000 }, (_, row) => record(row)).join('')
      const file = await open(LogPath, 'a')
      try {
        for (let size = 0; size < GIGABYTE; size += block.length) await file.write(block)
      } finally {
        await file.close()
      }
      await appendFile(LogPath, record(1_000_000))
      const before = process.memoryUsage.rss()
      const startedAt = performance.now()
      const { body } = await service.get(`/api/containers/${id}/logs?tail=100`)
      const took = performance.now() - startedAt
      expect(body.lines).toHaveLength(100)
      expect(body.lines.at(-1).message).toMatch(/^1000000 x/)
      expect(body.truncated).toBe(true)
      expect(took).toBeLessThan(2_000)
      // A search looks through the newest fifty thousand, and keeps what fits alone.
      const found = await service.get(`/api/containers/${id}/logs?grep=9999+&tail=3`)
      expect(found.body.lines).toHaveLength(3)
      expect(process.memoryUsage.rss() - before).toBeLessThan(MAX_GROWTH_BYTES)
      await docker(['rm', '--force', id])
    },
    LONG_MS,
  )

  test('take secrets out by their shape, also a key of many lines, and count them', async () => {
    const key = [
      '-----BEGIN PRIVATE KEY-----',
      ...Array(3).fill(`Plant${'ed+'.repeat(19)}pl`),
      '-----END PRIVATE KEY-----',
    ]
    const script = `echo 'login with password=planted-log-password'; printf '${key.join('\\n')}\\n'; echo plain`
    const id = await run('leaky', [], script)
    await ended(id)
    const { body, text } = await service.get(`/api/containers/${id}/logs`)
    expect(text).not.toMatch(/planted/i)
    expect(body.lines.map(({ message }: { message: string }) => message)).toEqual([
      'login with password=[redacted]',
      ...Array(5).fill('[redacted]'),
      'plain',
    ])
    expect(body.redactions).toBe(6)
    // What was taken out cannot be searched for: that would tell a right guess from a wrong one.
    expect(await ours(id, 'grep=planted-log')).toEqual([])
    const metrics = (await service.get('/metrics')).text
    expect(Number(/porthole_log_redactions_total\{host="local"\} (\d+)/.exec(metrics)?.[1])).toBeGreaterThanOrEqual(6)
  })
})

describeReal('a followed log of a real engine', () => {
  let proxy: SocketProxy
  let cut: EngineService

  beforeAll(async () => {
    service = await serveEngine(unixEndpoint(realEngine().socketPath))
    proxy = await startSocketProxy({
      engineSocket: realEngine().socketPath,
      config: 'tight',
      idleTimeout: `${IDLE_CUT_SECONDS}s`,
    })
    cut = await serveEngine({ kind: 'tcp', host: '127.0.0.1', port: proxy.port })
  }, PATIENCE_MS)
  afterAll(async () => {
    await service?.stop()
    await cut?.stop()
    await proxy?.stop()
    if (made.length > 0) await docker(['rm', '--force', '--volumes', ...made]).catch(() => {})
  }, LONG_MS)

  test('goes on with what is written, and ends with the container', async () => {
    const id = await run('followed', [], 'echo one; sleep 1; echo two; sleep 1; echo three')
    const stream = await listenTo(service.port, `/api/containers/${id}/logs/stream`, tokenFor())
    await eventually(
      () => stream.ended,
      (isOver) => isOver,
      PATIENCE_MS,
    )
    expect(messages(stream)).toEqual(['one', 'two', 'three', 'end'])
    expect(JSON.parse(stream.events.at(-1)?.data ?? '')).toEqual({ code: 'container-not-running' })
  })

  test(
    'is neither cut nor doubled where a socket proxy cuts what is silent, and a reader who comes back finds its place',
    async () => {
      const script = `echo 0; n=0; while [ $n -lt 4 ]; do n=$((n+1)); sleep ${IDLE_CUT_SECONDS + 2}; echo $n; echo $n- >&2; done; sleep 60`
      const id = await run('silent-and-cut', [], script)
      await eventually(
        () => cut.get(`/api/containers/${id}`),
        ({ status }) => status === 200,
        PATIENCE_MS,
      )
      const path = `/api/containers/${id}/logs/stream`
      const whole = await listenTo(cut.port, path, tokenFor())
      const seen: string[] = []
      let place: string | undefined
      const expected = ['0', '1', '1-', '2', '2-', '3', '3-', '4', '4-']
      // Comes and goes with each line, as a page does that is reloaded.
      while (seen.length < expected.length) {
        const part = await listenTo(cut.port, path, tokenFor(), place)
        const before = seen.length
        await eventually(
          () => part.events.length,
          (count) => count > 0,
          PATIENCE_MS,
        )
        seen.push(...messages(part))
        place = part.lastEventId
        part.close()
        expect(seen.length).toBeGreaterThan(before)
      }
      await eventually(
        () => whole.events.length,
        (count) => count >= expected.length,
        PATIENCE_MS,
      )
      // Output and error output of one moment may come in either order.
      expect([...messages(whole)].sort()).toEqual([...expected].sort())
      expect([...seen].sort()).toEqual([...expected].sort())
      const asked = proxy.requests().filter((line) => line.includes('/logs') && line.includes('follow=true'))
      // Followers share what there is, and each cut ends it.
      expect(asked.length).toBeGreaterThan(2)
      whole.close()
    },
    LONG_MS,
  )

  test('says that there is a gap where the reader stood on a line that the engine has thrown away', async () => {
    const rotated = ['--log-opt', 'max-size=20k', '--log-opt', 'max-file=1']
    const id = await run('rotated', rotated, 'echo first; sleep 3; seq 1 5000; sleep 60')
    const path = `/api/containers/${id}/logs/stream`
    const first = await listenTo(service.port, path, tokenFor())
    await eventually(
      () => messages(first),
      (seen) => seen.includes('first'),
      PATIENCE_MS,
    )
    const place = first.lastEventId
    first.close()
    await eventually(
      async () => (await ours(id, 'tail=1'))[0] ?? '',
      (line) => line.endsWith(' 5000'),
      PATIENCE_MS,
    )
    const second = await listenTo(service.port, path, tokenFor(), place)
    await eventually(
      () => messages(second).at(-1),
      (last) => last === '5000',
      PATIENCE_MS,
    )
    const seen = messages(second)
    expect(seen[0]).toBe('gap')
    expect(seen.filter((one) => one === 'gap')).toHaveLength(1)
    expect(new Set(seen).size).toBe(seen.length)
    second.close()
  })
})
