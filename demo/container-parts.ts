// The parts that the list entry of a container and its inspect share.
import { hasProcesses, type SimulatedContainer, type SimulatedMount } from './container.js'
import { isAnonymous, volumePath } from './volumes.js'

export function networks(container: SimulatedContainer): object {
  const { spec } = container
  const attached = hasProcesses(container)
  const addressed = attached && container.ipAddress !== ''
  const service = spec.labels['com.docker.compose.service']
  return {
    [spec.network]: {
      IPAMConfig: null,
      Links: null,
      Aliases: service === undefined ? null : [container.name, service, container.id.slice(0, 12)],
      NetworkID: container.startedAt === null ? '' : container.network.id,
      EndpointID: attached ? container.endpointId : '',
      Gateway: addressed ? container.network.gateway : '',
      IPAddress: addressed ? container.ipAddress : '',
      IPPrefixLen: addressed ? container.network.prefixBits : 0,
      IPv6Gateway: '',
      GlobalIPv6Address: '',
      GlobalIPv6PrefixLen: 0,
      MacAddress: addressed ? macAddress(container.ipAddress) : '',
      DriverOpts: null,
    },
  }
}

export function networkMode(container: SimulatedContainer): string {
  return container.spec.network === 'bridge' ? 'default' : container.spec.network
}

export function macAddress(ipAddress: string): string {
  return `02:42:${ipAddress
    .split('.')
    .map((part) => Number(part).toString(16).padStart(2, '0'))
    .join(':')}`
}

export function portMap(container: SimulatedContainer, publishedOnly: boolean): object {
  const ports = container.spec.ports.filter((port) => !publishedOnly || port.hostPort !== null)
  return Object.fromEntries(
    ports.map((port) => [
      `${port.containerPort}/tcp`,
      port.hostPort === null ? null : [{ HostIp: port.hostIp, HostPort: String(port.hostPort) }],
    ]),
  )
}

export function mountEntry(mount: SimulatedMount): object {
  if (mount.type === 'bind') {
    return {
      Type: 'bind',
      Source: mount.source,
      Destination: mount.destination,
      Mode: mount.readOnly ? 'ro' : 'rw',
      RW: !mount.readOnly,
      Propagation: mount.source === '/' ? 'rslave' : 'rprivate',
    }
  }
  return {
    Type: 'volume',
    Name: mount.source,
    Source: volumePath(mount.source),
    Destination: mount.destination,
    Driver: 'local',
    Mode: isAnonymous(mount.source) ? '' : 'z',
    RW: !mount.readOnly,
    Propagation: '',
  }
}
