import { type Deployment, describeDeployment, makeDeployment, PASSWORD, STEP_MS } from '../support/deployment.js'
import { type Dockerd, giveImages, startDockerd } from '../support/dockerd.js'
import { BUILD_MS, buildImage, IMAGE, imagesOf } from '../support/image.js'
import { makeTwoMachines, type TwoMachines } from '../support/namespace.js'
import { type Listener, type NamespaceSockets, openSocketsIn } from '../support/namespace-sockets.js'

jest.setTimeout(STEP_MS)

let machines: TwoMachines
let dockerd: Dockerd
let deployment: Deployment
let sockets: NamespaceSockets
let outside: Listener

/** A program that tries to connect and prints how that went. */
function reach(host: string, port: number): string {
  return `
    const socket = require('node:net').connect({ host: '${host}', port: ${port} })
    const end = (word) => { console.log(word); process.exit() }
    socket.on('connect', () => end('connected')).on('error', () => end('closed'))
    setTimeout(() => end('closed'), 1500)`
}

/**
 * What keeps networks apart are the rules of the engine's firewall, which the other engines of the tests do without: here is
 * one that has a machine to itself, as far as the network goes.
 */
describeDeployment('the compose file on an engine with its firewall', () => {
  beforeAll(async () => {
    await buildImage(IMAGE)
    machines = makeTwoMachines()
    dockerd = await startDockerd({ namespace: machines.engine })
    await giveImages([IMAGE, ...imagesOf('docker-compose.yml')], dockerd.socketPath)
    sockets = openSocketsIn(machines.clients)
    outside = await sockets.listen(machines.clientAddresses[0])
    outside.server.on('connection', (socket) => socket.on('error', () => {}).end('reached\n'))
    deployment = await makeDeployment({
      engine: {
        socketPath: dockerd.socketPath,
        network: machines.engine,
        address: machines.engineAddress,
        clients: machines.clients,
      },
      settings: { PORTHOLE_CLIENTS: `${machines.clientAddresses[0]}/32` },
    })
    await deployment.admin(['user', 'add', '--name', 'alice', '--role', 'admin'], `${PASSWORD}\n`)
    await deployment.compose(['up', '--no-build', '--detach'])
    await deployment.ready()
  }, BUILD_MS + STEP_MS)
  afterAll(async () => {
    await deployment?.down()
    outside?.server.close()
    sockets?.close()
    await dockerd?.stop()
    machines?.remove()
  })

  test('knows each client by its own address, and lets in those that .env names alone', async () => {
    const [known, unknown] = machines.clientAddresses
    expect((await deployment.ask('/health/live', { from: known })).status).toBe(200)
    const token = (await deployment.admin(['token', 'create', '--sub', 'outside', '--role', 'admin'])).trim()
    const headers = { 'X-Forwarded-For': known, 'X-Real-IP': known, Forwarded: `for=${known}` }
    expect((await deployment.ask('/api/containers', { from: unknown, token, headers })).status).toBe(403)
    const spoofed = { 'X-Forwarded-For': unknown, X_Forwarded_For: unknown }
    expect((await deployment.ask('/api/containers', { from: known, token, headers: spoofed })).status).toBe(200)
    expect((await deployment.records()).findLast(({ kind }) => kind === 'read')).toMatchObject({ address: known })
  })

  test('has no way out for Porthole and the socket proxy, and one for Traefik', async () => {
    const [address] = machines.clientAddresses
    // Checks the test itself: the route exists.
    expect((await deployment.beside('front', reach(address, outside.port))).trim()).toBe('connected')
    expect((await deployment.beside('edge', reach(address, outside.port))).trim()).toBe('closed')
    expect((await deployment.beside('engine', reach(address, outside.port))).trim()).toBe('closed')
    expect((await deployment.inside(reach(address, outside.port))).trim()).toBe('closed')
  })

  test('lets no container reach another network, not even by address', async () => {
    const { Networks: networks } = (await deployment.inspect('socket-proxy')).NetworkSettings
    const socketProxy = networks[`${deployment.project}_engine`].IPAddress
    expect((await deployment.beside('engine', reach(socketProxy, 2375))).trim()).toBe('connected')
    for (const network of ['front', 'edge'])
      expect([network, (await deployment.beside(network, reach(socketProxy, 2375))).trim()]).toEqual([
        network,
        'closed',
      ])
    const porthole = (await deployment.inspect('porthole')).NetworkSettings.Networks
    const onEdge = porthole[`${deployment.project}_edge`].IPAddress
    expect((await deployment.beside('edge', reach(onEdge, 3000))).trim()).toBe('connected')
    expect((await deployment.beside('front', reach(onEdge, 3000))).trim()).toBe('closed')
  })
})
