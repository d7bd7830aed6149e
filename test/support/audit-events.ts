import type { AuthEvent, ReadEvent } from '../../api/audit/event.js'

export function readEvent(changes: Partial<ReadEvent> = {}): ReadEvent {
  return {
    kind: 'read',
    decision: 'allow',
    code: null,
    status: 200,
    requestId: '3edfaf61-daca-4326-bd17-30ffed3ea0c3',
    address: '10.0.0.1',
    subject: 'grafana',
    issuer: 'porthole',
    tokenId: 'a1',
    sessionId: null,
    method: 'GET',
    route: '/api/containers/:id',
    scope: 'containers:read',
    filter: '',
    container: 'ab'.repeat(32),
    engine: [{ host: 'local', call: 'inspect', status: 200, milliseconds: 3 }],
    bytes: 4_096,
    redactions: 2,
    ...changes,
  }
}

export function authEvent(changes: Partial<AuthEvent> = {}): AuthEvent {
  return {
    kind: 'auth',
    action: 'login',
    decision: 'allow',
    requestId: '3edfaf61-daca-4326-bd17-30ffed3ea0c3',
    address: '10.0.0.1',
    subject: 'alice',
    issuer: 'porthole',
    tokenId: null,
    sessionId: 's1',
    reason: null,
    ...changes,
  }
}
