import { z } from 'zod'
import type { EngineEndpoint } from '../model/endpoint.js'
import { isJsonObject } from '../model/json-object.js'
import { resolveEndpoint } from './docker-host.js'
import type { DockerSettings, EndpointMachine, SettingNames } from './endpoint-settings.js'
import { type FileFault, faultsOf, readListFile } from './list-file.js'

/** One engine that is watched. */
export interface HostConfig {
  readonly id: string
  readonly endpoint: EngineEndpoint
  /** The operator's labels, such as a zone: shown, never interpreted. */
  readonly labels: Readonly<Record<string, string>>
}

type Parsed =
  | { readonly hosts: readonly HostConfig[]; readonly faults?: never }
  | { readonly faults: readonly FileFault[]; readonly hosts?: never }

/** Each engine costs a connection for its events and a loop. A larger fleet needs several instances. */
export const MAX_HOSTS = 256

/** Characters of the whole file: 256 hosts with long paths and labels. */
const MAX_FILE_LENGTH = 1_048_576

/** An id appears in answers, logs and metrics, and is typed into `host=`. */
const HOST_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/
const HOST_ID_RULE = 'must be 1 to 63 lower-case letters, digits, dots, underscores or hyphens, a letter or digit first'

const ENDPOINT_RULE = 'must be a text such as unix:///var/run/docker.sock or tcp://HOST:2376'

const TLS_RULE = 'must name absolute paths, either as "directory" or as "ca", "cert" and "key"'

/** More labels than a person can tell apart would help no reader. */
const MAX_LABELS = 16
const LABEL_KEY = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,62}$/
const MAX_LABEL_LENGTH = 128
const LABELS_RULE = `must be an object of at most ${MAX_LABELS} texts of at most ${MAX_LABEL_LENGTH} characters, under names of letters, digits and . _ / -`

const PATH = z.string(TLS_RULE).startsWith('/', TLS_RULE)

const HOST = z.strictObject(
  {
    id: z.string(HOST_ID_RULE).regex(HOST_ID, HOST_ID_RULE),
    endpoint: z.string(ENDPOINT_RULE).min(1, ENDPOINT_RULE),
    tls: z
      .union(
        [z.strictObject({ directory: PATH }, TLS_RULE), z.strictObject({ ca: PATH, cert: PATH, key: PATH }, TLS_RULE)],
        TLS_RULE,
      )
      .optional(),
    // zod's own record would silently drop the name __proto__. This refuses it.
    labels: z.custom<HostConfig['labels']>(areLabels, LABELS_RULE).optional(),
  },
  'must be an object',
)

/** The names that resolveEndpoint uses for the settings. */
const MEMBER_NAMES: SettingNames = {
  dockerHost: 'endpoint',
  dockerPort: 'endpoint',
  tlsVerify: 'tls',
  caPath: 'tls.ca',
  certPath: 'tls.cert',
  keyPath: 'tls.key',
}

/**
 * The hosts of HOSTS_FILE, or all faults at once:
 * `{"hosts": [{"id", "endpoint", "tls"?: {"directory"} | {"ca", "cert", "key"}, "labels"?: {}}]}`. An endpoint follows the rules of
 * DOCKER_HOST, and TLS those of its companions.
 */
export function parseHosts(text: string, machine: EndpointMachine): Parsed {
  const read = readListFile(text, { member: 'hosts', maxEntries: MAX_HOSTS, maxLength: MAX_FILE_LENGTH })
  if (read.faults !== undefined) return read
  const parsed = read.entries.map((entry, index) => parseHost(entry, `hosts[${index}]`, machine))
  const hosts = parsed.flatMap(({ host }) => (host === undefined ? [] : [host]))
  const faults = [...parsed.flatMap(({ faults }) => faults ?? []), ...duplicates(hosts)]
  return faults.length > 0 ? { faults } : { hosts }
}

type ParsedHost =
  | { readonly host: HostConfig; readonly faults?: never }
  | { readonly faults: readonly FileFault[]; readonly host?: never }

function parseHost(entry: unknown, at: string, machine: EndpointMachine): ParsedHost {
  const { data, error } = HOST.safeParse(entry)
  if (error !== undefined)
    return { faults: faultsOf(error, at, () => `has a member that is none of ${Object.keys(HOST.shape).join(', ')}`) }
  const { id, endpoint, tls, labels = {} } = data
  const resolved = resolveEndpoint({ dockerHost: endpoint, ...tlsSettings(tls) }, MEMBER_NAMES, machine)
  if (resolved.faults === undefined) return { host: { id, endpoint: resolved.endpoint, labels } }
  const inFile = resolved.faults.map(({ setting, ...fault }) => ({ place: `${at}.${MEMBER_NAMES[setting]}`, ...fault }))
  return { faults: inFile }
}

function tlsSettings(tls: z.infer<typeof HOST>['tls']): DockerSettings {
  if (tls === undefined) return {}
  if ('directory' in tls) return { tlsVerify: '1', certPath: tls.directory }
  return { tlsVerify: '1', caPath: tls.ca, certPath: tls.cert, keyPath: tls.key }
}

function areLabels(value: unknown): boolean {
  if (!isJsonObject(value)) return false
  const labels = Object.entries(value)
  return (
    labels.length <= MAX_LABELS &&
    labels.every(([key, text]) => LABEL_KEY.test(key) && typeof text === 'string' && text.length <= MAX_LABEL_LENGTH)
  )
}

/** Refuses duplicates: two loops over one engine would double its load and show each container twice. */
function duplicates(hosts: readonly HostConfig[]): FileFault[] {
  const isTwice = (of: (host: HostConfig) => string) => new Set(hosts.map(of)).size < hosts.length
  const fault = (problem: string): FileFault => ({ place: 'hosts', problem, remedy: null })
  return [
    ...(isTwice(({ id }) => id) ? [fault('two have the same id')] : []),
    ...(isTwice(({ endpoint }) => addressOf(endpoint)) ? [fault('two have the same endpoint')] : []),
  ]
}

function addressOf(endpoint: EngineEndpoint): string {
  return endpoint.kind === 'unix' ? endpoint.socketPath : `${endpoint.host.toLowerCase()} ${endpoint.port}`
}
