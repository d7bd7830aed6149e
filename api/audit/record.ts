import { hash } from 'node:crypto'
import { isJsonObject } from '../model/json-object.js'
import type { Actor, AuditEvent, ReadEvent } from './event.js'

/** An event with its position in the chain. */
export type AuditRecord = Readonly<{ v: 1; seq: number; time: string }> &
  AuditEvent &
  Readonly<{ prev: string; hash: string }>

/** Engine calls listed in one record. A request usually makes one; a long list adds nothing to the first few. */
const MAX_ENGINE_CALLS = 8

/** Hex digits of the digest of a text that was cut: 128 bits, so that two callers' filters never look the same. */
const CUT_DIGEST_DIGITS = 32

/** Replaces the end of a text that is too long. */
const CUT_MARK = '...sha256:'

/**
 * Cuts a text to at most `limit` characters. A longer text becomes its beginning and a digest of the whole, so that two long
 * texts with the same beginning stay different.
 */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text
  const mark = `${CUT_MARK}${hash('sha256', text).slice(0, CUT_DIGEST_DIGITS)}`
  const length = limit - mark.length
  // Do not cut a surrogate pair in half.
  const end = /[\ud800-\udbff]/.test(text.charAt(length - 1)) ? length - 1 : length
  return text.slice(0, end) + mark
}

/** The members of an event in the order of the line, with every text cut to the limit. */
export function membersOf(event: AuditEvent, limit: number): AuditEvent {
  if (event.kind === 'read') return readMembers(event, limit)
  if (event.kind === 'auth') {
    const { kind, action, decision, reason } = event
    return { kind, action, decision, ...actorMembers(event, limit), reason: cutOrNull(reason, limit) }
  }
  const { kind, action } = event
  if (action === 'recovered') return { kind, action, tornBytes: event.tornBytes }
  if (action === 'gap') return { kind, action, lost: event.lost, tornBytes: event.tornBytes, answered: event.answered }
  return { kind, action }
}

function readMembers(event: ReadEvent, limit: number): ReadEvent {
  return {
    kind: event.kind,
    decision: event.decision,
    code: event.code,
    status: event.status,
    ...actorMembers(event, limit),
    method: cutText(event.method, limit),
    route: cutText(event.route, limit),
    scope: event.scope,
    filter: cutText(event.filter, limit),
    container: cutOrNull(event.container, limit),
    engine: event.engine
      .slice(0, MAX_ENGINE_CALLS)
      .map(({ host, call, status, milliseconds }) => ({ host: cutText(host, limit), call, status, milliseconds })),
    bytes: event.bytes,
    redactions: event.redactions,
  }
}

function actorMembers(actor: Actor, limit: number): Actor {
  return {
    requestId: cutText(actor.requestId, limit),
    address: cutText(actor.address, limit),
    subject: cutOrNull(actor.subject, limit),
    issuer: cutOrNull(actor.issuer, limit),
    tokenId: cutOrNull(actor.tokenId, limit),
    sessionId: cutOrNull(actor.sessionId, limit),
  }
}

function cutOrNull(text: string | null, limit: number): string | null {
  return text === null ? null : cutText(text, limit)
}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isTextOrNull: Check = (value) => value === null || typeof value === 'string'
const isCount: Check = (value) => Number.isSafeInteger(value) && Number(value) >= 0
const isDigest: Check = (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
const isTime: Check = (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(value) &&
  !Number.isNaN(Date.parse(value))

const isCalls: Check = (value) =>
  Array.isArray(value) && value.every((call) => isText(call?.host) && isText(call?.call))

const CHAIN_MEMBERS = {
  v: (value: unknown) => value === 1,
  seq: (value: unknown) => isCount(value) && value !== 0,
  time: isTime,
  prev: isDigest,
  hash: isDigest,
}

const ACTOR_MEMBERS = {
  requestId: isText,
  address: isText,
  subject: isTextOrNull,
  issuer: isTextOrNull,
  tokenId: isTextOrNull,
  sessionId: isTextOrNull,
}

const READ_MEMBERS = {
  decision: isText,
  code: isTextOrNull,
  status: isCount,
  method: isText,
  route: isText,
  scope: isText,
  filter: isText,
  container: isTextOrNull,
  engine: isCalls,
  bytes: isCount,
  redactions: isCount,
}

const AUTH_MEMBERS = { action: isText, decision: isText, reason: isTextOrNull }

const TRAIL_MEMBERS = { recovered: { tornBytes: isCount }, gap: { lost: isCount, tornBytes: isCount } }

/** Whether a parsed line has the members of a record. Anyone with write access can put lines of any shape into the file. */
export function isRecord(value: unknown): value is AuditRecord {
  if (!isJsonObject(value)) return false
  return [CHAIN_MEMBERS, ...shapesOf(value)].every((shape) =>
    Object.entries<Check>(shape).every(([name, isValid]) => isValid(value[name])),
  )
}

const NEVER = { kind: () => false }

function shapesOf({ kind, action }: Readonly<Record<string, unknown>>): readonly Readonly<Record<string, Check>>[] {
  if (kind === 'read') return [ACTOR_MEMBERS, READ_MEMBERS]
  if (kind === 'auth') return [ACTOR_MEMBERS, AUTH_MEMBERS]
  if (kind !== 'service') return [NEVER]
  if (action === 'recovered' || action === 'gap') return [TRAIL_MEMBERS[action]]
  return [{ action: isText }]
}
