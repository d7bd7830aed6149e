/** What a token may read. Each route requires exactly one scope (docs/api.md). */
export const SCOPES = [
  'containers:read',
  'stats:read',
  'logs:read',
  'events:read',
  'system:read',
  'security:read',
  'audit:read',
  'metrics:read',
] as const

export type Scope = (typeof SCOPES)[number]

const VIEWER: readonly Scope[] = ['containers:read', 'stats:read', 'events:read']

/** Roles: named sets of scopes. */
export const ROLES = {
  viewer: VIEWER,
  operator: [...VIEWER, 'logs:read', 'system:read'],
  auditor: ['security:read', 'audit:read', 'metrics:read'],
  admin: SCOPES,
} as const satisfies Readonly<Record<string, readonly Scope[]>>

export type Role = keyof typeof ROLES

export function isScope(text: string): text is Scope {
  return (SCOPES as readonly string[]).includes(text)
}

export function isRole(text: string): text is Role {
  return Object.hasOwn(ROLES, text)
}
