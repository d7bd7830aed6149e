import { hasProcesses, type SimulatedContainer, statusSentence } from './container.js'
import { mountEntry, networkMode, networks } from './container-parts.js'

/** One entry of GET /containers/json. */
export function listEntry(container: SimulatedContainer, at: number): object {
  const { spec } = container
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: spec.image,
    ImageID: container.imageId,
    Command: commandLine([...(spec.entrypoint ?? []), ...spec.cmd]),
    Created: Math.floor(container.createdAt / 1000),
    Ports: hasProcesses(container) ? listedPorts(container) : [],
    Labels: spec.labels,
    State: container.state,
    Status: statusSentence(container, at),
    HostConfig: { NetworkMode: networkMode(container) },
    NetworkSettings: { Networks: networks(container) },
    Mounts: spec.mounts.map(mountEntry),
  }
}

/** The list shows a command quoted as for a shell. */
function commandLine(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(' ')
}

function listedPorts(container: SimulatedContainer): readonly object[] {
  return container.spec.ports.map((port) =>
    port.hostPort === null
      ? { PrivatePort: port.containerPort, Type: 'tcp' }
      : { IP: port.hostIp, PrivatePort: port.containerPort, PublicPort: port.hostPort, Type: 'tcp' },
  )
}
