import { z } from 'zod'

/** Characters of a user name that a client sends. Names of existing users are shorter. */
const MAX_USERNAME_LENGTH = 256

/** Characters of a password that a client sends. The bound on passwords themselves is in bytes, and is checked later. */
const MAX_PASSWORD_LENGTH = 1_024

/** Characters of a refresh token, and of a stream's path. */
const MAX_FIELD_LENGTH = 256

function field(max: number) {
  return z.string('must be a string').min(1, 'must not be empty').max(max, `takes at most ${max} characters`)
}

export const NO_BODY = z.strictObject({})
export const LOGIN_BODY = z.strictObject({ username: field(MAX_USERNAME_LENGTH), password: field(MAX_PASSWORD_LENGTH) })
export const REFRESH_BODY = z.strictObject({ refreshToken: field(MAX_FIELD_LENGTH) })
export const LOGOUT_BODY = z.strictObject({ refreshToken: field(MAX_FIELD_LENGTH).optional() })
export const TICKET_BODY = z.strictObject({ path: field(MAX_FIELD_LENGTH) })
export type LoginBody = z.output<typeof LOGIN_BODY>
export type RefreshBody = z.output<typeof REFRESH_BODY>
export type LogoutBody = z.output<typeof LOGOUT_BODY>
export type TicketBody = z.output<typeof TICKET_BODY>
