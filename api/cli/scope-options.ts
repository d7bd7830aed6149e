import { isRole, isScope, ROLES, type Role, SCOPES, type Scope } from '../model/scope.js'
import { type Arguments, UsageError } from './command.js'

/** The scopes of --scope, which takes several separated by spaces and may be repeated. */
export function readScopes(command: string, given: Arguments): readonly Scope[] {
  const words = given.texts('scope').flatMap((text) => text.split(/\s+/).filter((word) => word !== ''))
  const scopes = words.map((word) => {
    if (!isScope(word)) throw new UsageError(`${command}: --scope knows ${SCOPES.join(' ')}`)
    return word
  })
  return [...new Set(scopes)]
}

/** The roles of --role, which may be repeated. */
export function readRoles(command: string, given: Arguments): readonly Role[] {
  const roles = given.texts('role').map((role) => {
    if (!isRole(role)) throw new UsageError(`${command}: --role knows ${Object.keys(ROLES).join(' ')}`)
    return role
  })
  return [...new Set(roles)]
}
