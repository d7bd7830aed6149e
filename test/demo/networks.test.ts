import { SimulatedEngine } from '../../demo/engine.js'
import { ask, askJson } from '../support/raw-client.js'
import { expectKeys } from '../support/recorded-keys.js'

const NOW = Date.UTC(2026, 10, 24, 3, 0, 0)
/** As API 1.41 describes them (Docker Engine API, NetworkList). */
const NETWORK_FIELDS =
  'Name Id Created Scope Driver EnableIPv6 IPAM Internal Attachable Ingress ConfigFrom ConfigOnly Containers Options Labels'

let engine: SimulatedEngine

async function started(containers: number): Promise<void> {
  engine = new SimulatedEngine({ containers, now: () => NOW })
  await engine.start()
}

interface Network {
  readonly Name: string
  readonly Id: string
  readonly Created: string
  readonly IPAM: { readonly Config: readonly { readonly Subnet: string; readonly Gateway: string }[] }
}

async function networks(): Promise<readonly Network[]> {
  return askJson(engine, '/networks')
}

/** The network part of an address, as digits of base two. */
function bits(address: string, count: number): string {
  const all = address.split('.').map((part) => Number(part).toString(2).padStart(8, '0'))
  return all.join('').slice(0, count)
}

afterEach(() => engine.stop())

test('a network has the fields of a real engine, and the list names no containers', async () => {
  await started(18)
  const listed = await networks()
  for (const network of listed) expectKeys(network, NETWORK_FIELDS)
  expect(listed.find(({ Name }) => Name === 'shop_default')).toMatchObject({
    Driver: 'bridge',
    Scope: 'local',
    Internal: false,
    Containers: {},
    Labels: { 'com.docker.compose.project': 'shop' },
  })
  expect(listed.find(({ Name }) => Name === 'none')).toMatchObject({ Driver: 'null', IPAM: { Config: [] } })
})

test('every engine has bridge, host and none, and one network of a plugin whose options hold a key', async () => {
  await started(0)
  const listed = await networks()
  expect(listed.map(({ Name }) => Name)).toEqual(['bridge', 'host', 'none', 'partner-vpn'])
  expect(listed[3]).toMatchObject({ Internal: true, Options: { 'wireguard.private-key': expect.any(String) } })
})

test('each container is in a network of the list, with a unique address of its subnet', async () => {
  await started(1500)
  const byId = new Map((await networks()).map((network) => [network.Id, network]))
  const addresses: string[] = []
  for (const entry of await askJson(engine, '/containers/json')) {
    for (const [name, end] of Object.entries(
      entry.NetworkSettings.Networks as Record<string, Record<string, string>>,
    )) {
      const network = byId.get(String(end['NetworkID']))
      expect(network?.Name).toBe(name)
      expect(Date.parse(network?.Created ?? '')).toBeLessThanOrEqual((entry.Created + 1) * 1000)
      const [config] = network?.IPAM.Config ?? []
      const address = String(end['IPAddress'])
      expect(address === '').toBe(config === undefined || entry.State === 'restarting')
      if (config === undefined || address === '') continue
      const [base = '', length = ''] = config.Subnet.split('/')
      expect(bits(address, Number(length))).toBe(bits(base, Number(length)))
      expect([end['Gateway'], String(end['IPPrefixLen'])]).toEqual([config.Gateway, length])
      addresses.push(address)
    }
  }
  expect(addresses.length).toBeGreaterThan(1000)
  expect(new Set(addresses).size).toBe(addresses.length)
})

test('no two networks share a subnet', async () => {
  await started(1500)
  const subnets = (await networks()).flatMap(({ IPAM }) => IPAM.Config.map(({ Subnet }) => Subnet))
  expect(subnets.length).toBeGreaterThan(100)
  expect(new Set(subnets).size).toBe(subnets.length)
})

test('a network stays after its last container is removed, and a filter is refused rather than ignored', async () => {
  await started(0)
  engine.run({ name: 'guest', spec: { network: 'guests' } })
  engine.run({ name: 'hermit', spec: { network: 'none' } })
  const [hermit, guest] = await askJson(engine, '/containers/json')
  expect(hermit.NetworkSettings.Networks.none).toMatchObject({ IPAddress: '', MacAddress: '' })
  expect(guest.NetworkSettings.Networks.guests).toMatchObject({ IPAddress: '172.18.0.2', Gateway: '172.18.0.1' })
  engine.remove('guest')
  expect((await networks()).map(({ Name }) => Name)).toContain('guests')
  expect((await ask(engine, '/networks?filters=%7B%22name%22%3A%5B%22x%22%5D%7D')).status).toBe(400)
})
