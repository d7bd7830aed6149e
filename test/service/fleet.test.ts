import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SimulatedEngine } from '../../demo/engine.js'
import { cleanupAfterEach } from '../support/cleanup.js'
import { dockerHostOf } from '../support/docker-host.js'
import { eventually } from '../support/eventually.js'
import { CLI, MAIN, start } from '../support/process.js'
import { quickClock } from '../support/quick-clock.js'
import { ILL, startFleet } from '../support/start-fleet.js'
import type { RunningService } from '../support/start-service.js'
import { SECRET, tokenFor } from '../support/tokens.js'

const PATIENCE_MS = 15_000

const onCleanup = cleanupAfterEach()

const hostOf = async (rig: RunningService, id: string) =>
  (await rig.get('/api/hosts')).body.items.find((host: { id: string }) => host.id === id)

describe('many hosts', () => {
  test('show all of two that are well while others are ill in every way from the start, and nothing that those say', async () => {
    const rig = await startFleet(onCleanup, { ...ILL, one: null, two: null }, quickClock(5))
    const texts: string[] = []
    for (const path of ['/api/containers', '/api/stats', '/api/summary', '/api/hosts'])
      for (let turn = 0; turn < 10; turn += 1) {
        const { status, text } = await rig.get(path)
        expect([path, status]).toEqual([path, 200])
        texts.push(text)
      }
    const { body } = await rig.get('/api/containers')
    expect(body.total).toBe(12)
    expect(body.hosts.map(({ id, state }: { id: string; state: string }) => [id, state])).toEqual([
      ...Object.keys(ILL).map((id) => [id, 'connecting']),
      ['one', 'live'],
      ['two', 'live'],
    ])
    await eventually(
      async () => (await rig.get('/api/stats?limit=1')).body.items[0].sampledAt,
      (sampledAt) => sampledAt !== null,
      PATIENCE_MS,
    )
    expect(texts.join('')).not.toMatch(/secret-lie|etc/)
  }, 30_000)

  test('show what was known of one that fails, and it alone as stale, until it recovers', async () => {
    const rig = await startFleet(onCleanup, { one: null, two: null, gone: 'absent' })
    const total = async () => (await rig.get('/api/containers')).body.total
    await eventually(total, (count) => count === 12, PATIENCE_MS)
    expect((await hostOf(rig, 'gone')).fault.code).toBe('engine-unavailable')
    for (let flap = 0; flap < 3; flap += 1) {
      rig.engines['two']?.setFault('all', { kind: 'status', status: 500 })
      rig.engines['two']?.dropConnections()
      await eventually(
        () => hostOf(rig, 'two'),
        ({ state, fault }) => state === 'stale' && fault !== null,
        PATIENCE_MS,
      )
      expect(await total()).toBe(12)
      expect((await hostOf(rig, 'one')).state).toBe('live')
      rig.engines['two']?.setFault('all', null)
      await eventually(
        () => hostOf(rig, 'two'),
        ({ state, fault }) => state === 'live' && fault === null,
        PATIENCE_MS,
      )
    }
    expect(await total()).toBe(12)
  }, 60_000)

  test('are distinguished by host, in lists, statistics and pages', async () => {
    const rig = await startFleet(onCleanup, { one: null, two: null })
    const items = async (path: string) => (await rig.get(path)).body.items as { id: string; host: string }[]
    await eventually(
      () => items('/api/containers'),
      (all) => all.length === 12,
      PATIENCE_MS,
    )
    for (const path of ['/api/containers', '/api/stats']) {
      const { body } = await rig.get(`${path}?host=two`)
      expect(new Set(body.items.map(({ host }: { host: string }) => host))).toEqual(new Set(['two']))
      expect(body.hosts.map(({ id }: { id: string }) => id)).toEqual(['two'])
      expect((await rig.get(`${path}?host=nobody`)).body).toMatchObject({ items: [], total: 0, hosts: [] })
    }
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const page: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await rig.get(`/api/containers?limit=5&sort=host${page}`)
      seen.push(...body.items.map(({ id, host }: { id: string; host: string }) => `${host} ${id}`))
      cursor = body.nextCursor
    }
    expect(new Set(seen).size).toBe(12)
    expect(seen).toHaveLength(12)
    expect(seen).toEqual([...seen].sort((a, b) => a.slice(0, 3).localeCompare(b.slice(0, 3))))
  }, 30_000)
})

describe('HOSTS_FILE', () => {
  const settings = { JWT_SECRET: SECRET, PORT: '0' }

  test('is not read by the demo, which serves its own engine', async () => {
    const running = start([CLI, 'serve', '--demo'], { ...settings, HOSTS_FILE: '/nowhere/hosts.json' })
    onCleanup(running.kill)
    await running.listening()
    expect((await running.stop()).code).toBe(0)
  }, 30_000)

  test('names what the process watches', async () => {
    const engines = [1, 2].map((seed) => new SimulatedEngine({ containers: 3, statsDelayMs: 20, seed }))
    for (const engine of engines) {
      await engine.start()
      onCleanup(() => engine.stop())
    }
    const folder = mkdtempSync(join(tmpdir(), 'porthole-hosts-'))
    onCleanup(() => rmSync(folder, { recursive: true }))
    const file = join(folder, 'hosts.json')
    const hosts = engines.map((engine, i) => ({
      id: `box-${i}`,
      endpoint: dockerHostOf(engine),
      labels: { rack: `r${i}` },
    }))
    writeFileSync(file, JSON.stringify({ hosts }), { mode: 0o600 })
    const running = start([MAIN], { ...settings, HOSTS_FILE: file })
    onCleanup(running.kill)
    const answer = await fetch(`http://127.0.0.1:${await running.listening()}/api/hosts`, {
      headers: { authorization: `Bearer ${tokenFor()}` },
    })
    const { items } = (await answer.json()) as { items: { id: string; state: string; labels: object }[] }
    expect(items.map(({ id, state, labels }) => [id, state, labels])).toEqual([
      ['box-0', 'live', { rack: 'r0' }],
      ['box-1', 'live', { rack: 'r1' }],
    ])
    expect((await running.stop()).code).toBe(0)
  }, 30_000)
})
