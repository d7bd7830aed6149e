/** The six settings of one engine, unparsed. An empty one counts as absent. */
export interface DockerSettings {
  readonly dockerHost?: string | undefined
  readonly dockerPort?: string | undefined
  readonly tlsVerify?: string | undefined
  readonly caPath?: string | undefined
  readonly certPath?: string | undefined
  readonly keyPath?: string | undefined
}

/** The name of each setting where the operator wrote it. */
export type SettingNames = Readonly<Record<keyof DockerSettings, string>>

export const ENVIRONMENT_NAMES = {
  dockerHost: 'DOCKER_HOST',
  dockerPort: 'DOCKER_PORT',
  tlsVerify: 'DOCKER_TLS_VERIFY',
  caPath: 'DOCKER_CA_PATH',
  certPath: 'DOCKER_CERT_PATH',
  keyPath: 'DOCKER_KEY_PATH',
} as const satisfies SettingNames

/** What resolving an endpoint needs from the machine. */
export interface EndpointMachine {
  /** The file's text. Throws if it cannot be read. */
  readFile(path: string): string
  isDirectory(path: string): boolean
  /** Milliseconds since 1970. Certificates must be valid at this time. */
  readonly now: number
}

/** Never quotes a value, which may hold a password or key material. */
export interface EndpointFault {
  readonly setting: keyof DockerSettings
  /** Follows the setting's name in a sentence. */
  readonly problem: string
  readonly remedy: string
}

export type AddFault = (setting: keyof DockerSettings, problem: string, remedy: string) => void
