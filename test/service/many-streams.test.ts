import { readFileSync } from 'node:fs'
import { type ClientRequest, get as httpGet } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { MAX_STREAMS, MAX_STREAMS_PER_SUBJECT } from '../../api/http/endpoints/open-streams.js'
import { SimulatedEngine } from '../../demo/engine.js'
import { type Running, start } from '../support/process.js'
import { eventually } from '../support/start-service.js'
import { SECRET, tokenFor } from '../support/tokens.js'

/** A minute, of which the first part is for what grows once: buffers, compiled code, the heap itself. */
const WARM_SECONDS = 20
const HELD_SECONDS = 60

/** Of what is resident: more would be something kept for each event. */
const MAX_GROWTH = 0.1

interface Held {
  readonly request: ClientRequest
  events: number
  ended: boolean
}

function hold(port: number, subject: string): Promise<Held> {
  const headers = { authorization: `Bearer ${tokenFor({ subject })}` }
  return new Promise((resolve, reject) => {
    const request = httpGet({ port, path: '/api/stats/stream?interval=1', headers, agent: false }, (answer) => {
      if (answer.statusCode !== 200) reject(new Error(`answered with ${answer.statusCode}`))
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
  const engine = new SimulatedEngine({ containers: 30, statsDelayMs: 200 })
  let running: Running
  let port = 0

  beforeAll(async () => {
    await engine.start()
    const socket = 'socketPath' in engine.endpoint ? engine.endpoint.socketPath : ''
    running = start(['dist/main.js'], {
      JWT_SECRET: SECRET,
      PORT: '0',
      DOCKER_HOST: `unix://${socket}`,
      SAMPLE_INTERVAL: '1s',
      LOG_LEVEL: 'info',
      RATE_LIMIT_STATS: '1000000',
      RATE_LIMIT_GENERAL: '1000000',
    })
    port = await portOf(running)
  }, 30_000)

  afterAll(async () => {
    running.child.kill('SIGTERM')
    await running.ended
    await engine.stop()
  })

  const streamsOpen = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`, {
      headers: { authorization: `Bearer ${tokenFor({ scopes: ['metrics:read'] })}` },
    })
    return Number(/^porthole_streams_open (\d+)$/m.exec(await answer.text())?.[1])
  }

  test('are held for a minute in flat memory, are all sent what changes, and leave nothing behind', async () => {
    const subjects = Array.from({ length: MAX_STREAMS / MAX_STREAMS_PER_SUBJECT }, (_, i) => `dashboard-${i}`)
    const held: Held[] = []
    for (const subject of subjects)
      held.push(...(await Promise.all(Array.from({ length: MAX_STREAMS_PER_SUBJECT }, () => hold(port, subject)))))
    expect(await streamsOpen()).toBe(MAX_STREAMS)
    await expect(hold(port, 'one-more')).rejects.toThrow('429')

    await wait(WARM_SECONDS * 1_000)
    const before = residentMegabytes(running)
    await wait((HELD_SECONDS - WARM_SECONDS) * 1_000)
    const after = residentMegabytes(running)
    expect(after).toBeLessThan(before * (1 + MAX_GROWTH))
    expect(held.filter(({ ended }) => ended)).toEqual([])
    // One a second is wanted; a busy machine may skip some.
    expect(Math.min(...held.map(({ events }) => events))).toBeGreaterThan(HELD_SECONDS / 3)

    for (const { request } of held) request.destroy()
    await eventually(streamsOpen, (count) => count === 0, 10_000)
    const again = await hold(port, 'one-more')
    again.request.destroy()
  }, 150_000)
})

async function portOf(running: Running): Promise<number> {
  await eventually(running.stdout, (text) => text.includes('"listening"'), 10_000)
  const line = running
    .stdout()
    .split('\n')
    .find((text) => text.includes('"listening"'))
  return JSON.parse(line ?? '{}').port
}
