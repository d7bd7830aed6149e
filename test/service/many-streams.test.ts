import { readFileSync } from 'node:fs'
import { type ClientRequest, get as httpGet } from 'node:http'
import { MAX_STREAMS, MAX_STREAMS_PER_SUBJECT } from '../../api/http/endpoints/open-streams.js'
import { SimulatedEngine } from '../../demo/engine.js'
import { dockerHostOf } from '../support/docker-host.js'
import { eventually } from '../support/eventually.js'
import { type Running, start } from '../support/process.js'
import { SECRET, tokenFor } from '../support/tokens.js'

/** The first events of each stream, in which grows what grows once: buffers, compiled code, the heap itself (Node 24: at the 80th). */
const WARM_EVENTS = 100

/** A minute more, at one a second. */
const ALL_EVENTS = WARM_EVENTS + 60

/** Ten seconds by the quick clock; a busy machine skips events. */
const PATIENCE_MS = 180_000

/** Of what is resident: more would be something that is held for each event. */
const MAX_GROWTH = 0.1

/** How much faster than ours the clock of the service runs. */
const PACE = 6

/** The production entry, with a clock that runs faster. */
const QUICK_MAIN = `
  import { runService } from ${JSON.stringify(new URL('dist/main.js', `file://${process.cwd()}/`).href)}
  const startedAt = Date.now()
  const clock = {
    now: () => startedAt + (Date.now() - startedAt) * ${PACE},
    after: (milliseconds, run) => {
      const timer = setTimeout(run, milliseconds / ${PACE})
      return () => clearTimeout(timer)
    },
    // The longest life that a stream may have: on a busy machine the test takes minutes.
    random: () => 0.999,
  }
  await runService(process.env, { parts: { clock } })`

interface Held {
  readonly request: ClientRequest
  events: number
  ended: boolean
}

function hold(port: number, subject: string): Promise<Held> {
  const headers = { authorization: `Bearer ${tokenFor({ subject })}` }
  return new Promise((resolve, reject) => {
    const request = httpGet({ port, path: '/api/stats/stream?interval=1', headers, agent: false }, (answer) => {
      if (answer.statusCode !== 200) {
        answer.resume()
        reject(new Error(`answered with ${answer.statusCode}`))
      }
      const held: Held = { request, events: 0, ended: false }
      answer.on('data', (chunk: Buffer) => {
        if (chunk.includes('event: stats')) held.events += 1
      })
      answer.on('close', () => {
        held.ended = true
      })
      resolve(held)
    })
    request.on('error', () => {})
  })
}

function residentMegabytes({ child }: Running): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

describe(`${MAX_STREAMS} streams`, () => {
  const engine = new SimulatedEngine({ containers: 30, statsDelayMs: 30 })
  const held: Held[] = []
  let running: Running
  let port = 0

  beforeAll(async () => {
    await engine.start()
    running = start(['--input-type=module', '--eval', QUICK_MAIN], {
      JWT_SECRET: SECRET,
      PORT: '0',
      DOCKER_HOST: dockerHostOf(engine),
      SAMPLE_INTERVAL: '1s',
      LOG_LEVEL: 'info',
      RATE_LIMIT_STATS: '1000000',
      RATE_LIMIT_GENERAL: '1000000',
    })
    port = await running.listening()
  }, 30_000)

  afterAll(async () => {
    for (const { request } of held) request.destroy()
    await running.kill()
    await engine.stop()
  })

  const streamsOpen = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
      headers: { authorization: `Bearer ${tokenFor({ scopes: ['metrics:read'] })}` },
    })
    return Number(/^porthole_streams_open (\d+)$/m.exec(await answer.text())?.[1])
  }
  const fewestEvents = () => Math.min(...held.map(({ events }) => events))
  const allHave = (count: number) => eventually(fewestEvents, (fewest) => fewest >= count, PATIENCE_MS)

  test('are sent what changes sixty times in flat memory, and leave nothing behind', async () => {
    const subjects = Array.from({ length: MAX_STREAMS / MAX_STREAMS_PER_SUBJECT }, (_, i) => `dashboard-${i}`)
    for (const subject of subjects)
      held.push(...(await Promise.all(Array.from({ length: MAX_STREAMS_PER_SUBJECT }, () => hold(port, subject)))))
    expect(await streamsOpen()).toBe(MAX_STREAMS)
    await expect(hold(port, 'one-more')).rejects.toThrow('429')

    await allHave(WARM_EVENTS)
    const before = residentMegabytes(running)
    await allHave(ALL_EVENTS)
    const after = residentMegabytes(running)
    expect(after).toBeLessThan(before * (1 + MAX_GROWTH))
    expect(held.filter(({ ended }) => ended)).toEqual([])

    for (const { request } of held) request.destroy()
    await eventually(streamsOpen, (count) => count === 0, 10_000)
    const again = await hold(port, 'one-more')
    again.request.destroy()
  }, 200_000)
})
