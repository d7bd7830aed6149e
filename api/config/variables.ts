/** A secret: in the variable itself, or in the file that NAME_FILE names, as docker and vault pass secrets. */
function secret<Name extends string>(name: Name) {
  return [name, `${name}_FILE`] as const
}

/** The settings that this version reads. docs/configuration.md has a row for each, in this order. */
export const VARIABLES = [
  'NODE_ENV',
  'HOST',
  'PORT',
  'LOG_LEVEL',
  'AUTH_ENABLED',
  'JWT_ALGORITHM',
  ...secret('JWT_SECRET'),
  ...secret('JWT_SECRET_PREVIOUS'),
  ...secret('JWT_PRIVATE_KEY'),
  ...secret('JWT_PUBLIC_KEY'),
  ...secret('JWT_PUBLIC_KEY_PREVIOUS'),
  'JWT_ISSUER',
  'JWT_AUDIENCE',
  'ACCESS_TOKEN_TTL',
  'REFRESH_TOKEN_TTL',
  'USERS_FILE',
  'REVOKED_TOKENS_FILE',
  'JWKS_URL',
  'JWKS_ISSUER',
  'JWKS_AUDIENCE',
  'JWKS_ALGORITHMS',
  'JWKS_TOKEN_TYPE',
  'JWKS_CLAIM_MAP',
  'JWKS_CONTAINERS_CLAIM',
  'DOCKER_HOST',
  'DOCKER_PORT',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CA_PATH',
  'DOCKER_CERT_PATH',
  'DOCKER_KEY_PATH',
  'HOSTS_FILE',
  'RATE_LIMIT_WINDOW',
  'RATE_LIMIT_GENERAL',
  'RATE_LIMIT_STATS',
  'RATE_LIMIT_METRICS',
  'RATE_LIMIT_LOGIN',
  'TRUST_PROXY',
  'IP_ALLOWLIST',
  'CORS_ORIGINS',
  'AUDIT_LOG',
  'AUDIT_ON_FAILURE',
  'SAMPLE_INTERVAL',
  'HISTORY_WINDOW',
  'LOG_REDACTION',
] as const

/** Settings that a later version will read. They are refused, because ignoring one would silently leave a guard open. */
export const NOT_YET = [...secret('REDIS_URL'), ...secret('ALERT_WEBHOOK_URL')] as const

/** Settings of docker's own tools. They are refused, because ignoring one could dial another engine than the operator meant. */
type OfDocker = 'DOCKER_TLS' | 'DOCKER_CONTEXT'

/** The name of a setting. */
export type Variable = (typeof VARIABLES)[number]

/** A name that is only read to be refused. */
export type RefusedVariable = (typeof NOT_YET)[number] | OfDocker

/** A setting that NAME_FILE may supply instead. */
export type SecretVariable = { [Name in Variable]: `${Name}_FILE` extends Variable ? Name : never }[Variable]
