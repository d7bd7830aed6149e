import { RefreshTokens } from '../../api/auth/sign-in/refresh-token.js'
import { SignIn } from '../../api/auth/sign-in/sign-in.js'
import { SignInGuard } from '../../api/auth/sign-in/sign-in-guard.js'
import type { AppParts } from '../../api/http/app.js'
import type { Scope } from '../../api/model/scope.js'
import type { User } from '../../api/model/user.js'
import { createMemoryStore } from '../../api/store/memory.js'
import { createRig } from './app-parts.js'
import { TOKEN_SETTINGS } from './tokens.js'

export const PASSWORD = 'correct horse battery staple'

export function userOf(name: string, changes: Partial<User> = {}): User {
  return {
    name,
    passwordHash: `hash of ${PASSWORD}`,
    scopes: ['containers:read', 'stats:read'] satisfies Scope[],
    selectors: [],
    ...changes,
  }
}

/** Signing in over HTTP, with a password check that takes no time and a clock that the test drives. */
export function createSignInRig(changes: Partial<AppParts> & { readonly loginLimit?: number } = {}) {
  const { loginLimit = 10, ...parts } = changes
  const time = { now: Date.now() }
  const now = () => time.now
  const store = createMemoryStore(now)
  const users = new Map<string, User>([['alice', userOf('alice')]])
  let last: Promise<unknown> = Promise.resolve()
  const signIn = new SignIn({
    token: TOKEN_SETTINGS,
    settings: { accessTokenTtlMs: 900_000, refreshTokenTtlMs: 7 * 86_400_000 },
    users: { find: (name) => users.get(name) ?? null },
    checkPassword: async (name, password) => {
      const user = users.get(name)
      return user?.passwordHash === `hash of ${password}` ? user : null
    },
    // One at a time without bounds, so that a test may sign in from one address any number of times.
    queue: {
      enter: (_address, signIn) => {
        const result = last.then(signIn)
        last = result.catch(() => {})
        return result
      },
    },
    guard: new SignInGuard(store, { limit: loginLimit, windowMs: 900_000 }),
    sessions: store.sessions,
    refreshTokens: new RefreshTokens(Buffer.alloc(32, 7)),
    now,
  })
  return { ...createRig({ store, signIn, now, ...parts }), time, users, signIn }
}
