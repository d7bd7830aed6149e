import type { Command } from './command.js'

interface CommandEntry {
  /** One or two words. */
  readonly name: string
  readonly purpose: string
  /** Loads the command's modules on demand: a health check needs neither the service nor argon2. */
  readonly load: () => Promise<Command>
}

/** The operator's commands, in the order of the help text. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: 'serve', purpose: 'serve the API', load: async () => (await import('./serve.js')).serve },
  {
    name: 'token create',
    purpose: 'sign an access token',
    load: async () => (await import('./token-create.js')).tokenCreate,
  },
  {
    name: 'token revoke',
    purpose: 'refuse one token from now on',
    load: async () => (await import('./token-revoke.js')).tokenRevoke,
  },
  {
    name: 'user add',
    purpose: 'add a user who may sign in',
    load: async () => (await import('./user-add.js')).userAdd,
  },
  {
    name: 'user password',
    purpose: "change a user's password",
    load: async () => (await import('./user-password.js')).userPassword,
  },
  {
    name: 'user remove',
    purpose: 'remove a user',
    load: async () => (await import('./user-remove.js')).userRemove,
  },
  {
    name: 'user list',
    purpose: 'list users and what they may read',
    load: async () => (await import('./user-list.js')).userList,
  },
  {
    name: 'hash-password',
    purpose: 'hash a password for USERS_FILE',
    load: async () => (await import('./hash-password.js')).hashPassword,
  },
  {
    name: 'audit verify',
    purpose: 'check the chain of an audit trail',
    load: async () => (await import('./audit-verify.js')).auditVerify,
  },
  {
    name: 'healthcheck',
    purpose: 'ask the service whether it is alive',
    load: async () => (await import('./healthcheck.js')).healthcheck,
  },
]

/** The command that these arguments begin with; null if there is none. */
export function findCommand(args: readonly string[]): CommandEntry | null {
  return COMMANDS.find(({ name }) => name === args.slice(0, wordsOf(name)).join(' ')) ?? null
}

export function wordsOf(name: string): number {
  return name.split(' ').length
}
