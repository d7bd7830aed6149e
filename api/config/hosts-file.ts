import type { EngineEndpoint } from '../model/endpoint.js'
import { parseStrictJson } from '../model/strict-json.js'
import { resolveEndpoint } from './docker-host.js'

/** One engine that is watched. */
export interface HostConfig {
  readonly id: string
  readonly endpoint: EngineEndpoint
  /** The operator's own words about it, such as a zone; shown, never interpreted. */
  readonly labels: Readonly<Record<string, string>>
}

/** What reading the file asks of the machine, for the certificates that it names. */
export interface HostsFileMachine {
  readFile(path: string): string
  isDirectory(path: string): boolean
  /** Milliseconds since 1970: certificates must hold now. */
  readonly now: number
}

type Parsed =
  | { readonly hosts: readonly HostConfig[]; readonly problems?: never }
  | { readonly problems: readonly string[]; readonly hosts?: never }

/** Each engine costs a connection for its events and a loop; a fleet of more belongs to several instances. */
export const MAX_HOSTS = 256

/** It stands in answers, logs and metrics, and is typed into `host=`. */
const HOST_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/
const HOST_ID_RULE = 'must be 1 to 63 lower-case letters, digits, dots, underscores or hyphens, a letter or digit first'

/** As many as a person keeps apart. */
const MAX_LABELS = 16
const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/
const MAX_LABEL_LENGTH = 128

/** Characters of the whole file: 256 hosts with long paths and labels. */
const MAX_FILE_LENGTH = 1_048_576

/** A file of another kind has a problem in every line. */
const MAX_PROBLEMS = 50

const MEMBERS = ['id', 'endpoint', 'tls', 'labels']
const TLS_MEMBERS = ['directory', 'ca', 'cert', 'key']

/** What resolveEndpoint calls by the names of the environment has other names here. */
const MEMBER_OF: readonly (readonly [string, string])[] = [
  ['DOCKER_HOST', 'endpoint'],
  ['DOCKER_PORT', 'endpoint'],
  ['DOCKER_TLS_VERIFY', 'tls'],
  ['DOCKER_CA_PATH', 'tls.ca'],
  ['DOCKER_CERT_PATH', 'tls.cert'],
  ['DOCKER_KEY_PATH', 'tls.key'],
]

/**
 * The hosts of HOSTS_FILE, or every problem at once; a problem names position and member, and no value:
 * `{"hosts": [{"id", "endpoint", "tls"?: {"directory"} | {"ca", "cert", "key"}, "labels"?: {}}]}`. An endpoint follows the rules of
 * DOCKER_HOST, and TLS those of its companions.
 */
export function parseHosts(text: string, machine: HostsFileMachine): Parsed {
  if (text.length > MAX_FILE_LENGTH) return { problems: [`the file is longer than ${MAX_FILE_LENGTH} characters`] }
  const json = parseStrictJson(text)
  if (json === null) return { problems: ['the file is no JSON, or an object in it names a member twice'] }
  const { value } = json
  if (!isObject(value) || Object.keys(value).join() !== 'hosts' || !Array.isArray(value['hosts']))
    return { problems: ['the file must be one object with the one member "hosts", a list'] }
  const listed: readonly unknown[] = value['hosts']
  if (listed.length < 1 || listed.length > MAX_HOSTS) return { problems: [`hosts: must list 1 to ${MAX_HOSTS} hosts`] }
  const problems: string[] = []
  const hosts = listed.map((entry, index) => readHost(entry, `hosts[${index}]`, machine, problems))
  const known = hosts.filter((host) => host !== null)
  refuseDoubles(known, problems)
  if (problems.length === 0) return { hosts: known }
  const more = problems.length - MAX_PROBLEMS
  return { problems: more > 0 ? [...problems.slice(0, MAX_PROBLEMS), `and ${more} more`] : problems }
}

/** Null where it has a problem. */
function readHost(entry: unknown, at: string, machine: HostsFileMachine, problems: string[]): HostConfig | null {
  const before = problems.length
  if (!isObject(entry)) {
    problems.push(`${at}: must be an object`)
    return null
  }
  for (const member of Object.keys(entry))
    if (!MEMBERS.includes(member)) problems.push(`${at}: has a member that is none of ${MEMBERS.join(', ')}`)
  const { id, endpoint } = entry
  if (typeof id !== 'string' || !HOST_ID.test(id)) problems.push(`${at}.id: ${HOST_ID_RULE}`)
  const labels = readLabels(entry['labels'], `${at}.labels`, problems)
  const tls = readTls(entry['tls'], `${at}.tls`, problems)
  if (typeof endpoint !== 'string' || endpoint === '')
    problems.push(`${at}.endpoint: must be a text such as unix:///var/run/docker.sock or tcp://HOST:2376`)
  if (problems.length > before) return null
  const resolved = resolveEndpoint(
    { dockerHost: endpoint as string, ...tls },
    (path) => machine.readFile(path),
    (path) => machine.isDirectory(path),
    machine.now,
  )
  if (resolved.faults === undefined) return { id: id as string, endpoint: resolved.endpoint, labels }
  for (const { variable, problem, remedy } of resolved.faults)
    problems.push(inMemberNames(`${at}.${variable} ${problem}: ${remedy}`))
  return null
}

function readTls(value: unknown, at: string, problems: string[]): Record<string, string> {
  if (value === undefined) return {}
  if (!isObject(value)) {
    problems.push(`${at}: must be an object`)
    return {}
  }
  const known = Object.entries(value).filter(([member, path]) => TLS_MEMBERS.includes(member) && isPath(path))
  const named = known
    .map(([member]) => member)
    .sort()
    .join()
  if (known.length !== Object.keys(value).length || (named !== 'directory' && named !== 'ca,cert,key')) {
    problems.push(`${at}: must name absolute paths, either as "directory" or as "ca", "cert" and "key"`)
    return {}
  }
  const paths = Object.fromEntries(known) as Record<string, string>
  if (paths['directory'] !== undefined) return { tlsVerify: '1', certPath: paths['directory'] }
  return { tlsVerify: '1', caPath: paths['ca'] ?? '', certPath: paths['cert'] ?? '', keyPath: paths['key'] ?? '' }
}

function readLabels(value: unknown, at: string, problems: string[]): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  const labels = isObject(value) ? Object.entries(value) : null
  const areGood = labels?.every(
    ([key, text]) => LABEL_KEY.test(key) && typeof text === 'string' && text.length <= MAX_LABEL_LENGTH,
  )
  if (labels === null || !areGood || labels.length > MAX_LABELS) {
    problems.push(
      `${at}: must be an object of at most ${MAX_LABELS} texts of at most ${MAX_LABEL_LENGTH} characters, under names of letters, digits and . _ / -`,
    )
    return {}
  }
  return Object.fromEntries(labels) as Record<string, string>
}

/** Two loops over one engine would double what it is asked, and show each of its containers twice. */
function refuseDoubles(hosts: readonly HostConfig[], problems: string[]): void {
  const isTwice = (of: (host: HostConfig) => string) => new Set(hosts.map(of)).size < hosts.length
  if (isTwice(({ id }) => id)) problems.push('hosts: two have the same id')
  if (isTwice(({ endpoint }) => addressOf(endpoint))) problems.push('hosts: two have the same endpoint')
}

function addressOf(endpoint: EngineEndpoint): string {
  return endpoint.kind === 'unix' ? endpoint.socketPath : `${endpoint.host.toLowerCase()} ${endpoint.port}`
}

function inMemberNames(text: string): string {
  return MEMBER_OF.reduce((sentence, [variable, member]) => sentence.replaceAll(variable, member), text)
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value.startsWith('/')
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
