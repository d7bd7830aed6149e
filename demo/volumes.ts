import { digest } from './container.js'
import { SHARE_PASSWORD } from './planted-secrets.js'

export interface SimulatedVolume {
  readonly name: string
  /** Null if the start of a container created it: only `docker volume create` writes empty blocks. */
  readonly labels: Readonly<Record<string, string>> | null
  readonly options: Readonly<Record<string, string>> | null
  createdAt: number
}

const VOLUMES_ROOT = '/var/lib/docker/volumes'
const ANONYMOUS = /^[0-9a-f]{64}$/

/** The engine gives an unnamed volume a name of 64 digits. */
export function anonymousVolume(container: string, destination: string): string {
  return digest(`anonymous volume ${container} ${destination}`)
}

export function isAnonymous(volume: string): boolean {
  return ANONYMOUS.test(volume)
}

export function volumePath(name: string): string {
  return `${VOLUMES_ROOT}/${name}/_data`
}

/** Volumes that an operator created: one is unused, the other is a share whose mount options hold the password. */
export function givenVolumes(createdAt: number): readonly SimulatedVolume[] {
  const share = {
    device: '//nas/share',
    o: `addr=10.0.0.9,username=backup,password=${SHARE_PASSWORD}`,
    type: 'cifs',
  }
  return [
    { name: 'legacy_uploads', labels: {}, options: {}, createdAt },
    { name: 'nas-backup', labels: {}, options: share, createdAt },
  ]
}

/** A volume that the start of a container creates. Compose labels it with its project. */
export function ownVolume(name: string, project: string | null, createdAt: number): SimulatedVolume {
  const isComposed = project !== null && name.startsWith(`${project}_`)
  const labels = isComposed
    ? {
        'com.docker.compose.project': project,
        'com.docker.compose.version': '2.29.7',
        'com.docker.compose.volume': name.slice(project.length + 1),
      }
    : null
  return { name, labels, options: null, createdAt }
}

/** One entry of GET /volumes. */
export function volumeBody(volume: SimulatedVolume): object {
  return {
    CreatedAt: `${new Date(volume.createdAt).toISOString().slice(0, 19)}Z`,
    Driver: 'local',
    Labels: volume.labels,
    Mountpoint: volumePath(volume.name),
    Name: volume.name,
    Options: volume.options,
    Scope: 'local',
  }
}
