import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SimulatedEngine, type SimulatedEngineOptions } from '../../demo/engine.js'
import { ask, askJson, openStream } from '../support/raw-client.js'
import { expectKeys, RECORDED } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
const EVERY_KIND = 18

let engine: SimulatedEngine

async function started(options: SimulatedEngineOptions = {}): Promise<void> {
  engine = new SimulatedEngine({ containers: EVERY_KIND, statsDelayMs: 5, now: () => NOW, ...options })
  await engine.start()
}

afterEach(() => engine.stop())

describe('the wire', () => {
  test('ping answers GET with OK and HEAD with the same headers and no body', async () => {
    await started()
    const got = await ask(engine, '/_ping')
    expect([got.status, got.body.toString(), got.headers['api-version']]).toEqual([200, 'OK', '1.41'])
    const head = await ask(engine, '/_ping', 'HEAD')
    expect([head.status, head.body.length, head.headers['api-version']]).toEqual([200, 0, '1.41'])
    expect(got.headers).toMatchObject({
      ostype: 'linux',
      'docker-experimental': 'false',
      server: 'Docker/20.10.24 (linux)',
    })
  })

  test('version and info have the fields of a real engine', async () => {
    await started()
    const version = await askJson(engine, '/version')
    expectKeys(version, RECORDED.version)
    expect(version).toMatchObject({ ApiVersion: '1.41', MinAPIVersion: '1.12', Os: 'linux' })
    const info = await askJson(engine, '/info')
    expectKeys(info, RECORDED.info)
    expect(info.Containers).toBe(EVERY_KIND)
    expect(info.ContainersRunning + info.ContainersPaused + info.ContainersStopped).toBe(EVERY_KIND)
    expect([info.CgroupVersion, info.CgroupDriver]).toEqual(['2', 'systemd'])
  })

  test('a path may carry a version that the engine speaks, and no other', async () => {
    await started()
    for (const prefix of ['', '/v1.12', '/v1.24', '/v1.41']) {
      expect((await ask(engine, `${prefix}/containers/json`)).status).toBe(200)
    }
    const tooNew = await ask(engine, '/v1.44/containers/json')
    expect([tooNew.status, tooNew.body.toString()]).toEqual([
      400,
      '{"message":"client version 1.44 is too new. Maximum supported API version is 1.41"}\n',
    ])
    expect((await ask(engine, '/v1.11/version')).status).toBe(400)
  })

  test('unknown paths and containers are answered as by the engine', async () => {
    await started()
    for (const path of [
      '/',
      '//',
      '/nope',
      '/images/shop/json',
      '/containers',
      '/containers/shop-web-1/export',
      '/v1.41',
      '/%',
    ]) {
      const answer = await ask(engine, path)
      expect([path, answer.status, answer.body.toString()]).toEqual([path, 404, '{"message":"page not found"}\n'])
    }
    for (const verb of ['json', 'stats', 'logs', 'top', 'changes']) {
      const answer = await ask(engine, `/containers/zzz/${verb}`)
      expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([404, { message: 'No such container: zzz' }])
    }
    for (const path of [
      '/containers/json',
      '/images/json',
      '/networks',
      '/volumes',
      '/system/df',
      '/containers/toolbox/changes',
    ]) {
      expect((await ask(engine, path, 'HEAD')).status).toBe(404)
    }
  })

  test('a write is refused and recorded', async () => {
    await started()
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await ask(engine, '/containers/shop-web-1/kill', method)
      expect([answer.status, JSON.parse(answer.body.toString())]).toEqual([405, { message: expect.any(String) }])
    }
    await ask(engine, '/v1.41/_ping?x=1')
    expect(engine.requests.map(({ method }) => method)).toEqual(['POST', 'PUT', 'PATCH', 'DELETE', 'GET'])
    expect(engine.requests.at(-1)).toEqual({ method: 'GET', path: '/v1.41/_ping?x=1' })
    expect((await ask(engine, '/anything', 'OPTIONS')).status).toBe(200)
  })

  test('over TCP it listens only on the loopback address', async () => {
    await started({ tcpPort: 0 })
    expect(engine.endpoint).toEqual({ host: '127.0.0.1', port: expect.any(Number) })
    expect((await ask(engine, '/_ping')).body.toString()).toBe('OK')
  })
})

describe('its lifecycle', () => {
  test('a seed gives one state, and another seed another', async () => {
    const names = (seed: number) => {
      const state = new SimulatedEngine({ containers: 100, seed, now: () => NOW })
      return state.containers().map(({ id, name, state }) => `${id} ${name} ${state}`)
    }
    expect(names(7)).toEqual(names(7))
    expect(names(7)).not.toEqual(names(8))
    await started()
  })

  test('thousands of containers have unique names and mostly run', async () => {
    await started({ containers: 3000 })
    const all = engine.containers()
    expect(new Set(all.map(({ name }) => name)).size).toBe(3000)
    expect(new Set(all.map(({ id }) => id)).size).toBe(3000)
    expect(all.filter(({ state }) => state === 'running').length).toBeGreaterThan(2400)
    expect((await askJson(engine, '/containers/json?all=1')).length).toBe(3000)
  })

  test('its socket is in a directory that no other user may enter, and both are removed', async () => {
    await started()
    const { socketPath } = engine.endpoint as { socketPath: string }
    expect((await stat(dirname(socketPath))).mode & 0o777).toBe(0o700)
    await engine.stop()
    await expect(stat(dirname(socketPath))).rejects.toThrow('ENOENT')
  })

  test('a restart breaks every connection and comes back at the same address with the same containers', async () => {
    for (const options of [{}, { tcpPort: 0 }]) {
      await started(options)
      const { endpoint } = engine
      const before = engine.containers()
      const stream = await openStream(engine, '/events')
      expect(engine.openConnections).toBe(1)
      await engine.stop()
      await stream.ended()
      expect(engine.openConnections).toBe(0)
      await expect(ask(engine, '/_ping')).rejects.toThrow(/ECONNREFUSED|ENOENT/)
      await engine.start()
      expect(engine.endpoint).toEqual(endpoint)
      expect((await ask(engine, '/_ping')).body.toString()).toBe('OK')
      expect(engine.containers()).toEqual(before)
      await engine.stop()
    }
  })

  test('dropping the connections leaves the engine up', async () => {
    await started()
    const stream = await openStream(engine, '/events')
    engine.dropConnections()
    await stream.ended()
    expect((await ask(engine, '/_ping')).status).toBe(200)
  })

  test('a second start and an address before the first are refused', async () => {
    await started()
    await expect(engine.start()).rejects.toThrow('started already')
    expect(() => new SimulatedEngine().endpoint).toThrow('not started yet')
  })
})
