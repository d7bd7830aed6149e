import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { NetworkConfig } from '../config/network.js'
import { isLoopback } from '../model/loopback.js'
import { matchNetworks } from './middleware/match-networks.js'
import { addressKey, plainAddress } from './middleware/resolve-address.js'
import { stopParsing } from './stop-parsing.js'

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

/**
 * Requests of one connection that may wait for the one before them. Browsers and proxies send none before its answer; 64 KiB hold
 * two thousand, each of which costs as much as one that waits for nothing.
 */
export const MAX_WAITING_REQUESTS = 16

/** Whose connections are counted together. */
interface Party {
  readonly key: string
  readonly bound: number
  count: number
  /** Those without a whole request under way, the longest idle first. */
  readonly idle: Set<Connection>
}

interface Connection {
  readonly socket: Socket
  /** Null for a proxy, whose connections are those of many clients. */
  readonly party: Party | null
  /** Whether a request is under way. */
  isBusy: boolean
  /** What begins those that came before its answer. */
  readonly waiting: (() => void)[]
}

/**
 * The open connections. Where there are too many of one party, or in all, the longest idle one is closed: a client that connects
 * and stays silent keeps nobody out, and none with a request or a stream under way is ever closed for room. The requests of one
 * connection run one after another.
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
    const connection: Connection = { socket, party, isBusy: false, waiting: [] }
    this.#all.set(socket, connection)
    if (party !== null) {
      party.count += 1
      this.#parties.set(party.key, party)
    }
    this.#markIdle(connection)
    socket.once('close', () => this.#forget(connection))
  }

  /**
   * Runs the request once those before it on its connection are answered, and not at all where the connection has closed. A
   * client that sends many without waiting is closed. `onIdle` runs where it was the last one of its connection.
   */
  run(res: ServerResponse, handle: () => void, onIdle: (socket: Socket) => void): void {
    const connection = this.#all.get(res.req.socket)
    if (connection === undefined) return
    const begin = () => this.#begin(connection, res, handle, onIdle)
    if (!connection.isBusy) begin()
    else if (connection.waiting.length < MAX_WAITING_REQUESTS) connection.waiting.push(begin)
    else {
      stopParsing(connection.socket)
      this.#forget(connection)
      connection.socket.destroy()
    }
  }

  /** A request is under way from when it has arrived whole until its response has ended. */
  #begin(connection: Connection, res: ServerResponse, handle: () => void, onIdle: (socket: Socket) => void): void {
    connection.isBusy = true
    if (hasBody(res.req)) res.req.once('end', () => this.#unmarkIdle(connection))
    else this.#unmarkIdle(connection)
    res.once('close', () => {
      connection.isBusy = false
      if (!this.#all.has(connection.socket)) return
      this.#unmarkIdle(connection)
      this.#markIdle(connection)
      const next = connection.waiting.shift()
      if (next === undefined) onIdle(connection.socket)
      else this.#beginLater(connection, next)
    })
    handle()
  }

  /** In a later turn of the event loop: what one client sends at once runs between the requests of others. */
  #beginLater(connection: Connection, next: () => void): void {
    connection.isBusy = true
    setImmediate(() => {
      if (this.#all.has(connection.socket)) next()
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

  #unmarkIdle(connection: Connection): void {
    this.#idle.delete(connection)
    connection.party?.idle.delete(connection)
  }

  #forget(connection: Connection): void {
    const { socket, party } = connection
    if (!this.#all.delete(socket)) return
    this.#unmarkIdle(connection)
    connection.waiting.length = 0
    if (party === null) return
    party.count -= 1
    if (party.count === 0) this.#parties.delete(party.key)
  }
}

/** A client may announce a body and never send it. */
function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
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
