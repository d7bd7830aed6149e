import { randomBytes } from 'node:crypto'
import { ApiError } from '../model/error.js'
import type { LabelSelector } from '../model/label-selector.js'
import type { Scope } from '../model/scope.js'
import type { Tickets } from '../store/store.js'
import type { Caller } from './caller.js'
import { visibilityKeyOf } from './claims.js'
import { hashOfSecret } from './sign-in/refresh-token.js'

/** From the response with the ticket to the request that uses it. A page opens its EventSource at once. */
const TICKET_LIFETIME_MS = 30_000

const RANDOM_BYTES = 32

/** The format of a ticket. Any other text was not issued here. */
const TICKET = /^[\w-]{43}$/

export interface IssuedTicket {
  readonly ticket: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
}

/** The content of a ticket: one path, for the caller that it was issued to. */
interface Content {
  readonly path: string
  readonly subject: string
  readonly issuer: string
  readonly tokenId: string
  readonly sessionId: string | null
  readonly scopes: readonly Scope[]
  readonly selectors: readonly LabelSelector[]
  readonly expiresAt: number | null
}

/**
 * Tickets for EventSource, which cannot send an Authorization field. A token in the URL would end up in logs and histories (RFC
 * 9700 section 4.3.2). A ticket is valid once, within 30 s, for one path, and carries that path's scope only.
 */
export class StreamTickets {
  readonly #tickets: Tickets
  readonly #now: () => number

  constructor(tickets: Tickets, now: () => number) {
    this.#tickets = tickets
    this.#now = now
  }

  async issue(caller: Caller, path: string, scopes: readonly Scope[]): Promise<IssuedTicket> {
    const ticket = randomBytes(RANDOM_BYTES).toString('base64url')
    const expiresAt = this.#now() + TICKET_LIFETIME_MS
    const { subject, issuer, tokenId, sessionId, selectors } = caller
    const content: Content = {
      path,
      subject,
      issuer,
      tokenId,
      sessionId,
      scopes,
      selectors,
      expiresAt: caller.expiresAt,
    }
    await this.#tickets.put(hashOfSecret(ticket), JSON.stringify(content), expiresAt)
    return { ticket, expiresAt }
  }

  /** Throws invalid-token. A ticket that is used at another path is spent all the same. */
  async redeem(ticket: string, path: string): Promise<Caller> {
    const text = TICKET.test(ticket) ? await this.#tickets.consume(hashOfSecret(ticket)) : null
    if (text === null) throw new ApiError('invalid-token', 'ticket refused: unknown, spent or expired')
    const content = JSON.parse(text) as Content
    if (content.path !== path) throw new ApiError('invalid-token', 'ticket refused: issued for another path')
    const { subject, issuer, tokenId, sessionId, scopes, selectors, expiresAt } = content
    const visibilityKey = visibilityKeyOf(selectors)
    return { subject, issuer, tokenId, sessionId, scopes: new Set(scopes), selectors, visibilityKey, expiresAt }
  }
}
