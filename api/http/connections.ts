import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { NetworkConfig } from '../config/network.js'
import { isLoopback } from '../model/loopback.js'
import { matchNetworks } from './middleware/match-networks.js'
import { addressKey, plainAddress } from './middleware/resolve-address.js'

/** The settings that say whose a connection is. */
export type ConnectionNetwork = Pick<NetworkConfig, 'trustProxy' | 'allowlist'>

/** Connections that are open at once, by whom they come from. */
export interface ConnectionBounds {
  readonly total: number
  readonly perAddress: number
  readonly unlisted: number
}

export const CONNECTION_BOUNDS: ConnectionBounds = {
  /** A proxy and its dashboards need dozens; each costs some kilobytes. */
  total: 2_048,
  /**
   * Of one address, an IPv6 /56 being one: all 500 streams may come through a tunnel, a NAT or a proxy that TRUST_PROXY does not
   * name, with requests beside them.
   */
  perAddress: 640,
  /** Of all addresses together that IP_ALLOWLIST does not have: what asks for /health from there needs a few. */
  unlisted: 64,
}

/** Whose connections are counted together. */
interface Party {
  readonly key: string
  readonly bound: number
  count: number
  /** Those without a request under way, the longest idle first. */
  readonly idle: Set<Connection>
}

interface Connection {
  readonly socket: Socket
  /** Null for a proxy, whose connections are those of many clients. */
  readonly party: Party | null
  /** Requests under way. */
  requests: number
}

/**
 * The open connections. Where there are too many of one party, or in all, the longest idle one is closed: a client that connects
 * and stays silent keeps nobody out, and none with a request or a stream under way is ever closed for room.
 */
export class Connections {
  readonly #bounds: ConnectionBounds
  readonly #partyKeyOf: (address: string) => string | null
  readonly #all = new Map<Socket, Connection>()
  readonly #parties = new Map<string, Party>()
  /** Of all parties, the longest idle first. A socket that never sent anything is idle from its beginning. */
  readonly #idle = new Set<Connection>()

  constructor(network: ConnectionNetwork, bounds: ConnectionBounds) {
    this.#bounds = bounds
    this.#partyKeyOf = partyKeys(network)
  }

  get sockets(): Iterable<Socket> {
    return this.#all.keys()
  }

  /** Counts a new connection, or closes it where there is no room and nothing idle to close for it. */
  admit(socket: Socket): void {
    const party = this.#partyOf(plainAddress(socket.remoteAddress) ?? '')
    if (!this.#makeRoom(party)) {
      socket.destroy()
      return
    }
    const connection: Connection = { socket, party, requests: 0 }
    this.#all.set(socket, connection)
    if (party !== null) {
      party.count += 1
      this.#parties.set(party.key, party)
    }
    this.#markIdle(connection)
    socket.once('close', () => this.#forget(connection))
  }

  /** A request is under way until its response has ended. `onIdle` runs where it was the last one of its connection. */
  begin(res: ServerResponse, onIdle: (socket: Socket) => void): void {
    const connection = this.#all.get(res.req.socket)
    if (connection === undefined) return
    connection.requests += 1
    this.#idle.delete(connection)
    connection.party?.idle.delete(connection)
    res.once('close', () => {
      connection.requests -= 1
      if (connection.requests > 0 || !this.#all.has(connection.socket)) return
      this.#markIdle(connection)
      onIdle(connection.socket)
    })
  }

  #partyOf(address: string): Party | null {
    const key = this.#partyKeyOf(address)
    if (key === null) return null
    const bound = key === UNLISTED ? this.#bounds.unlisted : this.#bounds.perAddress
    return this.#parties.get(key) ?? { key, bound, count: 0, idle: new Set() }
  }

  #makeRoom(party: Party | null): boolean {
    if (party !== null && party.count >= party.bound) return this.#closeLongestIdle(party.idle)
    return this.#all.size < this.#bounds.total || this.#closeLongestIdle(this.#idle)
  }

  #closeLongestIdle(idle: ReadonlySet<Connection>): boolean {
    const [longest] = idle
    if (longest === undefined) return false
    this.#forget(longest)
    longest.socket.destroy()
    return true
  }

  #markIdle(connection: Connection): void {
    this.#idle.add(connection)
    connection.party?.idle.add(connection)
  }

  #forget(connection: Connection): void {
    const { socket, party } = connection
    if (!this.#all.delete(socket)) return
    this.#idle.delete(connection)
    if (party === null) return
    party.idle.delete(connection)
    party.count -= 1
    if (party.count === 0) this.#parties.delete(party.key)
  }
}

const UNLISTED = 'unlisted'

/**
 * By whom the connections of an address are counted; null where they are those of a proxy. Where TRUST_PROXY is a number of hops
 * any peer may be a proxy, so that neither the allow-list nor the bound of one address can be asked here.
 */
function partyKeys({ trustProxy, allowlist }: ConnectionNetwork): (address: string) => string | null {
  if (trustProxy.kind === 'hops') return () => null
  const isProxy = matchNetworks(trustProxy.kind === 'networks' ? trustProxy.networks : [])
  const isListed = matchNetworks(allowlist)
  return (address) => {
    if (isProxy(address)) return null
    // The health check of a container comes from its own loopback.
    if (allowlist.length > 0 && !isListed(address) && !isLoopback(address)) return UNLISTED
    return addressKey(address)
  }
}
