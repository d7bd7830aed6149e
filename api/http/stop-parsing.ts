import type { Socket } from 'node:net'

/**
 * Node makes a request of each that one read of a socket holds, also once the socket is destroyed: two thousand take 80 ms. Its
 * parser stops after what it is told to be the last one.
 */
export function stopParsing(socket: Socket): void {
  const parser: unknown = Reflect.get(socket, 'parser')
  if (typeof parser === 'object' && parser !== null) Reflect.set(parser, 'onIncoming', () => SWITCHES_PROTOCOL)
}

/** What Node's parser is to do with a request after which no HTTP follows. */
const SWITCHES_PROTOCOL = 2
