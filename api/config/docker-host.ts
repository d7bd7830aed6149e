import { isIPv4, isIPv6 } from 'node:net'
import { hasControlCharacter } from '../model/control-character.js'
import type { EngineEndpoint } from '../model/endpoint.js'
import type { AddFault, DockerSettings, EndpointFault, EndpointMachine, SettingNames } from './endpoint-settings.js'
import { readTlsFiles } from './tls-files.js'

export type ResolvedEndpoint =
  | { readonly endpoint: EngineEndpoint; readonly faults?: never }
  | { readonly faults: readonly EndpointFault[]; readonly endpoint?: never }

const DEFAULT_SOCKET_PATH = '/var/run/docker.sock'
const PLAIN_PORT = 2375
const TLS_PORT = 2376

/**
 * Bytes of a path in Linux's sockaddr_un, less the final NUL. A longer path would be cut, and another socket dialled.
 */
const MAX_SOCKET_PATH_BYTES = 107

/** The docker CLI takes any non-empty value as on. docker-modem, and most people, read these as off. */
const AMBIGUOUS_SWITCH = /^(?:0|false|no|off|n|f)$/i

interface TcpAddress {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number | null
}

type Address = { readonly kind: 'unix'; readonly socketPath: string } | TcpAddress

/**
 * Where the engine is, by the docker CLI's rules for DOCKER_HOST (docker/cli opts/hosts.go), without the forms that its readers
 * interpret differently. If DOCKER_TLS_VERIFY, one of the three paths or port 2376 asks for TLS, the result is TLS or a fault,
 * never a plain connection. Returns all faults at once, in the operator's `names`.
 */
export function resolveEndpoint(
  settings: DockerSettings,
  names: SettingNames,
  machine: EndpointMachine,
): ResolvedEndpoint {
  const faults: EndpointFault[] = []
  const fault: AddFault = (setting, problem, remedy) => faults.push({ setting, problem, remedy })
  const address = readAddress(settings, names, fault)
  const asker = whatAsksForTls(settings, address)
  if (isAmbiguous(settings.tlsVerify))
    fault(
      'tlsVerify',
      'is ambiguous: the docker CLI takes any value, this one too, to switch TLS on',
      'set it to 1 for TLS, or unset it',
    )
  if (asker === null) {
    if (address === null || faults.length > 0) return { faults }
    return { endpoint: address.kind === 'unix' ? address : { ...address, port: address.port ?? PLAIN_PORT } }
  }
  if (address?.kind === 'unix')
    fault(
      asker,
      'asks for TLS, but the engine is a unix socket, which carries none',
      `set ${names.dockerHost}=tcp://HOST:2376, or unset ${names.tlsVerify}, ${names.caPath}, ${names.certPath} and ${names.keyPath}`,
    )
  const identity = readTlsFiles(settings, { asker, names, machine, fault })
  if (address?.kind !== 'tcp' || identity === null || faults.length > 0) return { faults }
  return { endpoint: { kind: 'tls', host: address.host, port: address.port ?? TLS_PORT, ...identity } }
}

function isAmbiguous(tlsVerify: string | undefined): boolean {
  return AMBIGUOUS_SWITCH.test(tlsVerify ?? '')
}

/** The setting that asks for TLS, for faults to name. An ambiguous switch asks for nothing; it is a fault already. */
function whatAsksForTls(settings: DockerSettings, address: Address | null): keyof DockerSettings | null {
  if (settings.tlsVerify && !isAmbiguous(settings.tlsVerify)) return 'tlsVerify'
  if (settings.caPath) return 'caPath'
  if (settings.certPath) return 'certPath'
  if (settings.keyPath) return 'keyPath'
  if (address?.kind !== 'tcp' || address.port !== TLS_PORT) return null
  return settings.dockerPort ? 'dockerPort' : 'dockerHost'
}

function readAddress(settings: DockerSettings, names: SettingNames, fault: AddFault): Address | null {
  const port = settings.dockerPort ? parsePort(settings.dockerPort) : null
  if (settings.dockerPort && port === null) fault('dockerPort', 'is not a port', 'use a whole number from 1 to 65535')
  const host = settings.dockerHost
  if (!host) {
    if (settings.dockerPort)
      fault('dockerPort', `is set without ${names.dockerHost}`, `set ${names.dockerHost}=tcp://HOST, or unset it`)
    return { kind: 'unix', socketPath: DEFAULT_SOCKET_PATH }
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(host)?.[1]
  if (scheme === 'unix') {
    if (settings.dockerPort) fault('dockerPort', 'is set, but a unix socket has no port', 'unset it')
    return readSocketPath(host.slice('unix://'.length), fault)
  }
  if (scheme !== undefined && scheme !== 'tcp') {
    fault('dockerHost', ...schemeFault(scheme.toLowerCase(), names))
    return null
  }
  const address = readTcpAddress(scheme === undefined ? host : host.slice('tcp://'.length), fault)
  if (address === null || !settings.dockerPort) return address
  if (address.port !== null && address.port !== port)
    fault('dockerPort', `differs from the port in ${names.dockerHost}`, 'keep one of the two')
  return { ...address, port: address.port ?? port }
}

function schemeFault(scheme: string, names: SettingNames): [problem: string, remedy: string] {
  switch (scheme) {
    case 'https':
      return [
        'begins with https://, which the docker CLI refuses',
        `write tcp://HOST:2376 and set ${names.tlsVerify}=1`,
      ]
    case 'http':
      return ['begins with http://, which the docker CLI refuses', 'write tcp://HOST:2375']
    case 'ssh':
      return ['begins with ssh://, which is not supported', 'forward the engine over TLS: tcp://HOST:2376']
    case 'npipe':
      return ['begins with npipe://, which is not supported', 'use tcp://HOST:2376 with TLS']
    case 'fd':
      return ['begins with fd://, which only an engine can listen on', 'write unix:///var/run/docker.sock']
    case 'unix':
    case 'tcp':
      return ['spells its scheme in capitals', `write ${scheme}:// in lower case`]
    default:
      return ['begins with an unknown scheme', 'write unix:///PATH or tcp://HOST:PORT']
  }
}

function readSocketPath(path: string, fault: AddFault): Address | null {
  const remedy = 'write unix:///var/run/docker.sock, with the absolute path after unix://'
  if (!path.startsWith('/')) fault('dockerHost', 'names no absolute socket path', remedy)
  else if (hasControlCharacter(path)) fault('dockerHost', 'holds a control character', remedy)
  else if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    fault('dockerHost', 'is longer than a socket path can be', `use a path of at most ${MAX_SOCKET_PATH_BYTES} bytes`)
  else return { kind: 'unix', socketPath: path }
  return null
}

/** `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`, and nothing around it. */
function readTcpAddress(text: string, fault: AddFault): TcpAddress | null {
  const remedy = 'write tcp://HOST:PORT'
  if (text.startsWith('/')) fault('dockerHost', 'is a path without a scheme', 'write unix:// before it')
  else if (text.includes('@')) fault('dockerHost', 'carries a user or a password, which engines do not take', remedy)
  else if (/[/?#]/.test(text)) fault('dockerHost', 'carries a path or a query', `${remedy} and nothing after it`)
  else if (isIPv6(text)) fault('dockerHost', 'is an IPv6 address without brackets', 'write tcp://[ADDRESS]:PORT')
  else {
    const [, ipv6, name, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? []
    const host = ipv6 !== undefined && isIPv6(ipv6) && !ipv6.includes('%') ? ipv6 : name
    if (host === undefined || !isHost(host)) fault('dockerHost', 'names no host', remedy)
    else if (port !== undefined && parsePort(port) === null)
      fault('dockerHost', 'names no port after its colon', 'use a whole number from 1 to 65535')
    else return { kind: 'tcp', host, port: port === undefined ? null : parsePort(port) }
  }
  return null
}

/** A name (RFC 1123, plus the underscores that compose allows in service names) or an address. */
function isHost(host: string): boolean {
  if (isIPv4(host) || isIPv6(host)) return true
  return host.length <= 253 && /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*$/.test(host)
}

function parsePort(text: string): number | null {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : null
}
