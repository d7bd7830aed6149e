import { digest, goTime, type SimulatedNetwork, type SimulatedSubnet } from './container.js'
import { NETWORK_KEY } from './planted-secrets.js'

const ADDRESS_BITS = 32
const BRIDGE_SUBNET: SimulatedSubnet = { base: address(172, 17, 0, 0), prefixBits: 16 }
/** The engine's own pools: 172.18 to 172.31 first, one /16 per network. */
const FIRST_LARGE = address(172, 18, 0, 0)
const LARGE_SUBNETS = 14
const LARGE_BITS = 16
/** Pools that an operator sets for hundreds of networks: all of 10.0.0.0/8 in pieces of /20. */
const FIRST_SMALL = address(10, 0, 0, 0)
const SMALL_SUBNETS = 4096
const SMALL_BITS = 20
/** Addresses without a container: the network's own, its gateway, and the broadcast at the end. */
const RESERVED_ADDRESSES = 3
const FIRST_HOST = 2

/** The networks of every engine, in the engine's order of preference. */
export function builtInNetworks(createdAt: number): readonly SimulatedNetwork[] {
  const bridgeOptions = {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.bridge.name': 'docker0',
    'com.docker.network.driver.mtu': '1500',
  }
  return [
    network('bridge', 'bridge', BRIDGE_SUBNET, createdAt, { options: bridgeOptions }),
    network('host', 'host', null, createdAt),
    network('none', 'null', null, createdAt),
  ]
}

/** An unused network of a plugin whose options hold a key. */
export function pluginNetwork(createdAt: number): SimulatedNetwork {
  return network(
    'partner-vpn',
    'example/wireguard-net:1.4',
    { base: address(192, 168, 240, 0), prefixBits: SMALL_BITS },
    createdAt,
    {
      internal: true,
      attachable: true,
      options: { 'wireguard.endpoint': 'vpn.example.com:51820', 'wireguard.private-key': NETWORK_KEY },
    },
  )
}

/** A user-defined bridge, such as compose creates for each project. `index` counts those before it. */
export function ownNetwork(name: string, project: string | null, index: number, createdAt: number): SimulatedNetwork {
  const labels: Readonly<Record<string, string>> =
    project === null
      ? {}
      : {
          'com.docker.compose.network': 'default',
          'com.docker.compose.project': project,
          'com.docker.compose.version': '2.29.7',
        }
  return network(name, 'bridge', ownSubnet(index), createdAt, { labels })
}

/** Hands out addresses in sequence, and from the start again once all were used. */
export function nextAddress(on: SimulatedNetwork): string {
  if (on.subnet === null) return ''
  const hosts = 2 ** (ADDRESS_BITS - on.subnet.prefixBits) - RESERVED_ADDRESSES
  const host = FIRST_HOST + (on.handedOut % hosts)
  on.handedOut += 1
  return dotted(on.subnet.base + host)
}

/** One entry of GET /networks. The list leaves `Containers` empty: only an inspect of one network fills it. */
export function networkBody(on: SimulatedNetwork): object {
  const config = on.subnet === null ? [] : [{ Subnet: subnetText(on.subnet), Gateway: on.gateway }]
  return {
    Name: on.name,
    Id: on.id,
    Created: goTime(on.createdAt),
    Scope: 'local',
    Driver: on.driver,
    EnableIPv6: false,
    IPAM: { Driver: 'default', Options: null, Config: config },
    Internal: on.internal,
    Attachable: on.attachable,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Containers: {},
    Options: on.options,
    Labels: on.labels,
  }
}

function network(
  name: string,
  driver: string,
  subnet: SimulatedSubnet | null,
  createdAt: number,
  more: Partial<SimulatedNetwork> = {},
): SimulatedNetwork {
  return {
    name,
    id: digest(`network ${name}`),
    driver,
    subnet,
    gateway: subnet === null ? '' : dotted(subnet.base + 1),
    prefixBits: subnet?.prefixBits ?? 0,
    internal: false,
    attachable: false,
    options: {},
    labels: {},
    createdAt,
    handedOut: 0,
    ...more,
  }
}

function ownSubnet(index: number): SimulatedSubnet {
  if (index < LARGE_SUBNETS) {
    return { base: FIRST_LARGE + index * 2 ** (ADDRESS_BITS - LARGE_BITS), prefixBits: LARGE_BITS }
  }
  const small = (index - LARGE_SUBNETS) % SMALL_SUBNETS
  return { base: FIRST_SMALL + small * 2 ** (ADDRESS_BITS - SMALL_BITS), prefixBits: SMALL_BITS }
}

function address(a: number, b: number, c: number, d: number): number {
  return ((a * 256 + b) * 256 + c) * 256 + d
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

function subnetText({ base, prefixBits }: SimulatedSubnet): string {
  return `${dotted(base)}/${prefixBits}`
}
