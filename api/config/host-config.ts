import { resolveEndpoint } from './docker-host.js'
import { ENVIRONMENT_NAMES, type EndpointMachine } from './endpoint-settings.js'
import { type HostConfig, parseHosts } from './hosts-file.js'
import { firstFaults } from './list-file.js'
import type { ConfigFiles, SettingsReader } from './settings.js'

/** The id of the host if there is only one. */
const SINGLE_HOST_ID = 'local'

const FILE_REMEDY = 'docs/configuration.md shows the file'

/** The engines to watch: those in HOSTS_FILE, or else the one in the environment. `now` is in milliseconds since 1970. */
export function readHosts(read: SettingsReader, files: ConfigFiles, now: number): readonly HostConfig[] {
  const machine = { readFile: files.readFile, isDirectory: files.isDirectory, now }
  const path = read.text('HOSTS_FILE')
  return path === undefined ? readSingleHost(read, machine) : readHostsFile(read, path, files, machine)
}

function readHostsFile(
  read: SettingsReader,
  path: string,
  files: ConfigFiles,
  machine: EndpointMachine,
): readonly HostConfig[] {
  for (const variable of Object.values(ENVIRONMENT_NAMES))
    if (read.text(variable) !== undefined)
      read.fault(variable, 'is set together with HOSTS_FILE', 'name that engine in the file, and unset it')
  let text: string
  try {
    text = files.readFile(path)
  } catch {
    read.fault('HOSTS_FILE', 'names a file that cannot be read', 'check the path and its permissions')
    return []
  }
  if (files.isWritableByAll(path))
    read.fault('HOSTS_FILE', 'names a file that every user may write', 'take that right away: chmod o-w')
  const { hosts, faults } = parseHosts(text, machine)
  if (hosts !== undefined) return hosts
  const { shown, more } = firstFaults(faults)
  for (const { place, problem, remedy } of shown) read.fault('HOSTS_FILE', problem, remedy ?? FILE_REMEDY, place)
  if (more > 0) read.fault('HOSTS_FILE', `has ${more} more faults`, 'mend the first ones, and start again')
  return []
}

function readSingleHost(read: SettingsReader, machine: EndpointMachine): readonly HostConfig[] {
  if (read.text('DOCKER_TLS') !== undefined && read.text('DOCKER_TLS_VERIFY') === undefined)
    read.fault('DOCKER_TLS', 'asks for TLS without verifying the engine', 'set DOCKER_TLS_VERIFY=1 and unset it')
  if (read.text('DOCKER_CONTEXT') !== undefined && read.text('DOCKER_HOST') === undefined)
    read.fault('DOCKER_CONTEXT', 'is not read', "set DOCKER_HOST to that context's endpoint and unset it")
  const settings = {
    dockerHost: read.text('DOCKER_HOST'),
    dockerPort: read.text('DOCKER_PORT'),
    tlsVerify: read.text('DOCKER_TLS_VERIFY'),
    caPath: read.text('DOCKER_CA_PATH'),
    certPath: read.text('DOCKER_CERT_PATH'),
    keyPath: read.text('DOCKER_KEY_PATH'),
  }
  const { endpoint, faults } = resolveEndpoint(settings, ENVIRONMENT_NAMES, machine)
  if (endpoint !== undefined) return [{ id: SINGLE_HOST_ID, endpoint, labels: {} }]
  for (const { setting, problem, remedy } of faults) read.fault(ENVIRONMENT_NAMES[setting], problem, remedy)
  return []
}
