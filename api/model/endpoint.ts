/**
 * Where an engine listens, complete, so that the code that dials it never reads the environment. `ca`, `cert` and `key` are PEM
 * texts. A `tls` endpoint is always mutual: both sides present a certificate of that CA.
 */
export type EngineEndpoint =
  | { readonly kind: 'unix'; readonly socketPath: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | {
      readonly kind: 'tls'
      readonly host: string
      readonly port: number
      readonly ca: string
      readonly cert: string
      readonly key: string
    }

/** For people, such as `unix:///var/run/docker.sock` or `tcp://[::1]:2376 (mutual TLS)`. Never holds key material. */
export function describeEndpoint(endpoint: EngineEndpoint): string {
  if (endpoint.kind === 'unix') return `unix://${endpoint.socketPath}`
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host
  return `tcp://${host}:${endpoint.port}${endpoint.kind === 'tls' ? ' (mutual TLS)' : ''}`
}
