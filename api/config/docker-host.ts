import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIPv4, isIPv6 } from 'node:net'
import type { EngineEndpoint } from '../model/endpoint.js'

/** The six variables as they stand in the environment; empty counts as absent. */
export interface DockerSettings {
  readonly dockerHost?: string | undefined
  readonly dockerPort?: string | undefined
  readonly tlsVerify?: string | undefined
  readonly caPath?: string | undefined
  readonly certPath?: string | undefined
  readonly keyPath?: string | undefined
}

/** Reads as `${variable} ${problem}: ${remedy}`. Never holds a value: it may carry a password or key material. */
export interface EndpointFault {
  readonly variable: string
  readonly problem: string
  readonly remedy: string
}

export type ResolvedEndpoint =
  | { readonly endpoint: EngineEndpoint; readonly faults?: never }
  | { readonly faults: readonly EndpointFault[]; readonly endpoint?: never }

const DEFAULT_SOCKET_PATH = '/var/run/docker.sock'
const PLAIN_PORT = 2375
const TLS_PORT = 2376

/**
 * Bytes of a path in Linux's sockaddr_un, less the final NUL: a longer one is cut short, and another socket is dialled.
 */
const MAX_SOCKET_PATH_BYTES = 107

/** What docker's own tools name the files of a certificate directory. */
const DIRECTORY_FILES = { ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem' } as const

/** On for the docker CLI, which takes any non-empty value; off for docker-modem and for most who read it. */
const AMBIGUOUS_SWITCH = /^(?:0|false|no|off|n|f)$/i

interface TcpAddress {
  readonly kind: 'tcp'
  readonly host: string
  readonly port: number | null
}

type Address = { readonly kind: 'unix'; readonly socketPath: string } | TcpAddress

type Fault = (variable: string, problem: string, remedy: string) => void

/**
 * Where the engine is, by the docker CLI's rules (docker/cli opts/hosts.go) for DOCKER_HOST, less what its readers
 * disagree on. TLS once asked for, by DOCKER_TLS_VERIFY, by any of the three paths or by port 2376, is TLS or a fault:
 * never plain. `now` is in milliseconds since 1970. Returns every fault at once.
 */
export function resolveEndpoint(
  settings: DockerSettings,
  readFile: (path: string) => string,
  isDirectory: (path: string) => boolean,
  now: number,
): ResolvedEndpoint {
  const faults: EndpointFault[] = []
  const fault: Fault = (variable, problem, remedy) => faults.push({ variable, problem, remedy })
  const address = readAddress(settings, fault)
  const asker = whoAsksForTls(settings, address)
  if (isAmbiguous(settings.tlsVerify))
    fault(
      'DOCKER_TLS_VERIFY',
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
      'set DOCKER_HOST=tcp://HOST:2376, or unset DOCKER_TLS_VERIFY, DOCKER_CA_PATH, DOCKER_CERT_PATH and DOCKER_KEY_PATH',
    )
  const identity = readIdentity(settings, asker, readFile, isDirectory, now, fault)
  if (address?.kind !== 'tcp' || identity === null || faults.length > 0) return { faults }
  return { endpoint: { kind: 'tls', host: address.host, port: address.port ?? TLS_PORT, ...identity } }
}

function isAmbiguous(tlsVerify: string | undefined): boolean {
  return AMBIGUOUS_SWITCH.test(tlsVerify ?? '')
}

/** The variable that asks for TLS, for a fault to name. An ambiguous switch asks for nothing: it is a fault already. */
function whoAsksForTls(settings: DockerSettings, address: Address | null): string | null {
  if (settings.tlsVerify && !isAmbiguous(settings.tlsVerify)) return 'DOCKER_TLS_VERIFY'
  if (settings.caPath) return 'DOCKER_CA_PATH'
  if (settings.certPath) return 'DOCKER_CERT_PATH'
  if (settings.keyPath) return 'DOCKER_KEY_PATH'
  if (address?.kind !== 'tcp' || address.port !== TLS_PORT) return null
  return settings.dockerPort ? 'DOCKER_PORT' : 'DOCKER_HOST'
}

function readAddress(settings: DockerSettings, fault: Fault): Address | null {
  const port = settings.dockerPort ? parsePort(settings.dockerPort) : null
  if (settings.dockerPort && port === null) fault('DOCKER_PORT', 'is not a port', 'use a whole number from 1 to 65535')
  const host = settings.dockerHost
  if (!host) {
    if (settings.dockerPort)
      fault('DOCKER_PORT', 'is set without DOCKER_HOST', 'set DOCKER_HOST=tcp://HOST, or unset it')
    return { kind: 'unix', socketPath: DEFAULT_SOCKET_PATH }
  }
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(host)?.[1]
  if (scheme === 'unix') {
    if (settings.dockerPort) fault('DOCKER_PORT', 'is set, but a unix socket has no port', 'unset it')
    return readSocketPath(host.slice('unix://'.length), fault)
  }
  if (scheme !== undefined && scheme !== 'tcp') {
    fault('DOCKER_HOST', ...schemeFault(scheme.toLowerCase()))
    return null
  }
  const address = readTcpAddress(scheme === undefined ? host : host.slice('tcp://'.length), fault)
  if (address === null || !settings.dockerPort) return address
  if (address.port !== null && address.port !== port)
    fault('DOCKER_PORT', 'differs from the port in DOCKER_HOST', 'keep one of the two')
  return { ...address, port: address.port ?? port }
}

function schemeFault(scheme: string): [problem: string, remedy: string] {
  switch (scheme) {
    case 'https':
      return ['begins with https://, which the docker CLI refuses', 'write tcp://HOST:2376 and set DOCKER_TLS_VERIFY=1']
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

function readSocketPath(path: string, fault: Fault): Address | null {
  const remedy = 'write unix:///var/run/docker.sock, with the absolute path after unix://'
  if (!path.startsWith('/')) fault('DOCKER_HOST', 'names no absolute socket path', remedy)
  else if (hasControlCharacter(path)) fault('DOCKER_HOST', 'holds a control character', remedy)
  else if (Buffer.byteLength(path) > MAX_SOCKET_PATH_BYTES)
    fault('DOCKER_HOST', 'is longer than a socket path can be', `use a path of at most ${MAX_SOCKET_PATH_BYTES} bytes`)
  else return { kind: 'unix', socketPath: path }
  return null
}

/** `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`, and nothing around it. */
function readTcpAddress(text: string, fault: Fault): TcpAddress | null {
  const remedy = 'write tcp://HOST:PORT'
  if (text.startsWith('/')) fault('DOCKER_HOST', 'is a path without a scheme', 'write unix:// before it')
  else if (text.includes('@')) fault('DOCKER_HOST', 'carries a user or a password, which engines do not take', remedy)
  else if (/[/?#]/.test(text)) fault('DOCKER_HOST', 'carries a path or a query', `${remedy} and nothing after it`)
  else if (isIPv6(text)) fault('DOCKER_HOST', 'is an IPv6 address without brackets', 'write tcp://[ADDRESS]:PORT')
  else {
    const [, ipv6, name, port] = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(.*))?$/s.exec(text) ?? []
    const host = ipv6 !== undefined && isIPv6(ipv6) && !ipv6.includes('%') ? ipv6 : name
    if (host === undefined || !isHost(host)) fault('DOCKER_HOST', 'names no host', remedy)
    else if (port !== undefined && parsePort(port) === null)
      fault('DOCKER_HOST', 'names no port after its colon', 'use a whole number from 1 to 65535')
    else return { kind: 'tcp', host, port: port === undefined ? null : parsePort(port) }
  }
  return null
}

/** A name (RFC 1123, underscores as compose service names have them allowed) or an address. */
function isHost(host: string): boolean {
  if (isIPv4(host) || isIPv6(host)) return true
  return host.length <= 253 && /^(?!-)[A-Za-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9_-]{1,63}(?<!-))*$/.test(host)
}

function parsePort(text: string): number | null {
  const port = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : null
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

interface Identity {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** The three PEM texts, each checked as far as it can be without the engine. */
function readIdentity(
  settings: DockerSettings,
  asker: string,
  readFile: (path: string) => string,
  isDirectory: (path: string) => boolean,
  now: number,
  fault: Fault,
): Identity | null {
  const read = (variable: string, path: string | undefined, role: string): string | null => {
    if (!path) {
      fault(
        variable,
        `is missing, and ${asker} asks for TLS`,
        `name the PEM file of ${role}, or set DOCKER_CERT_PATH to the directory that holds ca.pem, cert.pem and key.pem`,
      )
      return null
    }
    try {
      return readFile(path)
    } catch (error) {
      const code = (error as { code?: unknown } | null)?.code
      const why = typeof code === 'string' && /^E[A-Z]+$/.test(code) ? ` (${code})` : ''
      fault(
        variable,
        `names a file that cannot be read${why}`,
        `check that the PEM file of ${role} is there and readable`,
      )
      return null
    }
  }
  const directory = settings.certPath && isDirectory(settings.certPath) ? settings.certPath.replace(/\/+$/, '') : null
  const inDirectory = (file: string) => (directory === null ? undefined : `${directory}/${file}`)
  const variable = (own: string, path: string | undefined) => (path || directory === null ? own : 'DOCKER_CERT_PATH')
  const caVariable = variable('DOCKER_CA_PATH', settings.caPath)
  const keyVariable = variable('DOCKER_KEY_PATH', settings.keyPath)
  const ca = read(caVariable, settings.caPath || inDirectory(DIRECTORY_FILES.ca), 'the CA')
  const cert = read(
    'DOCKER_CERT_PATH',
    directory === null ? settings.certPath : inDirectory(DIRECTORY_FILES.cert),
    'the client certificate',
  )
  const key = read(keyVariable, settings.keyPath || inDirectory(DIRECTORY_FILES.key), "the client certificate's key")

  if (ca !== null) checkCertificates(caVariable, 'the CA', parseCertificates(ca), now, fault)
  const client = cert === null ? [] : parseCertificates(cert).slice(0, 1)
  if (cert !== null) checkCertificates('DOCKER_CERT_PATH', 'the client certificate', client, now, fault)
  const privateKey = key === null ? null : readKey(keyVariable, key, fault)
  const [leaf] = client
  if (leaf && privateKey && !leaf.checkPrivateKey(privateKey))
    fault(keyVariable, 'does not belong to the client certificate', 'name the key that the certificate was made with')
  return ca === null || cert === null || key === null ? null : { ca, cert, key }
}

/** A bundle is good while one of its certificates is: roots are renewed by adding the next one. */
function checkCertificates(
  variable: string,
  role: string,
  certificates: readonly (X509Certificate | null)[],
  now: number,
  fault: Fault,
): void {
  const good = certificates.filter((certificate) => certificate !== null)
  if (good.length === 0 || good.length < certificates.length) {
    fault(variable, `names no PEM certificate of ${role}`, 'name a file that begins with -----BEGIN CERTIFICATE-----')
    return
  }
  const isOver = (certificate: X509Certificate) => Date.parse(certificate.validTo) < now
  const isAhead = (certificate: X509Certificate) => Date.parse(certificate.validFrom) > now
  if (good.some((certificate) => !isOver(certificate) && !isAhead(certificate))) return
  if (good.every(isOver)) fault(variable, `has expired: ${role} is no longer valid`, 'issue a new one')
  else fault(variable, `is not valid yet: ${role} begins later`, 'check the clock of this machine')
}

/** Null stands for a block that is no certificate. */
function parseCertificates(pem: string): (X509Certificate | null)[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? []
  return blocks.map((block) => {
    try {
      return new X509Certificate(block)
    } catch {
      return null
    }
  })
}

function readKey(variable: string, pem: string, fault: Fault): KeyObject | null {
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    fault(variable, 'names a key that is encrypted', 'decrypt it with: openssl pkey -in KEY -out PLAIN')
    return null
  }
  try {
    if (/-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----/.test(pem)) return createPrivateKey(pem)
  } catch {
    // Falls through to the fault: the library's message may quote the text.
  }
  fault(variable, 'names no PEM private key', 'name a file that begins with -----BEGIN PRIVATE KEY-----')
  return null
}
