/** A request as the rules of a socket proxy see it, without a body and without a field that matters. */
export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  /** Without its question mark; empty if there is none. */
  readonly query: string
}

export interface ProxyVerdict {
  readonly isAllowed: boolean
  readonly backend: string
}

type Criterion = (request: ProxiedRequest) => boolean

/** `timeout server` of each backend in milliseconds, those without one by that of `defaults`. */
export function serverTimeouts(config: string): ReadonlyMap<string, number> {
  const units: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 }
  const timeouts = new Map<string, number>()
  for (const section of config.split(/^(?=\S)/m)) {
    const [, kind, name = ''] = /^(defaults|backend) ?(\S*)/.exec(section) ?? []
    if (kind === undefined) continue
    const [, count, unit = ''] = /^ {2}timeout server (\d+)([smh])$/m.exec(section) ?? []
    const own = count === undefined ? timeouts.get('') : Number(count) * (units[unit] ?? Number.NaN)
    timeouts.set(name, own ?? Number.NaN)
  }
  return timeouts
}

/**
 * Judges requests by the rules of a HAProxy configuration, as far as ours use that language. The real HAProxy runs in
 * test/deploy; this one needs none, so that a read without a rule shows at once.
 *
 * @throws where a rule is written in words that it does not know
 */
export function proxyOf(config: string): (request: ProxiedRequest) => ProxyVerdict {
  const acls = new Map<string, Criterion>()
  const conditionOf = (text: string): Criterion => {
    const alternatives = text.split(' || ').map((one) => conjunctionOf(one, acls))
    return (request) => alternatives.some((holds) => holds(request))
  }
  const rules: { isAllow: boolean; holds: Criterion }[] = []
  const uses: { backend: string; holds: Criterion }[] = []
  let last = ''
  for (const line of config.split('\n').map((one) => one.trim())) {
    const [, name, criterion] = /^acl (\S+) (.+)$/.exec(line) ?? []
    if (name !== undefined && criterion !== undefined) acls.set(name, criterionOf(criterion))
    const [, verb, sense, condition] = /^http-request (allow|deny)(?: (if|unless) (.+))?$/.exec(line) ?? []
    if (verb !== undefined) {
      const holds = condition === undefined ? () => true : conditionOf(condition)
      rules.push({ isAllow: verb === 'allow', holds: sense === 'unless' ? (request) => !holds(request) : holds })
    }
    const [, backend, when] = /^use_backend (\S+) if (.+)$/.exec(line) ?? []
    if (backend !== undefined && when !== undefined) uses.push({ backend, holds: conditionOf(when) })
    last = /^default_backend (\S+)$/.exec(line)?.[1] ?? last
  }
  return (request) => ({
    // What no rule denies HAProxy lets pass.
    isAllowed: rules.find(({ holds }) => holds(request))?.isAllow ?? true,
    backend: uses.find(({ holds }) => holds(request))?.backend ?? last,
  })
}

function conjunctionOf(text: string, acls: ReadonlyMap<string, Criterion>): Criterion {
  const terms = [...text.matchAll(/(!?)(?:\{ (.+?) \}(?= |$)|(\S+))/g)].map(([, not, inline, name = '']) => {
    const holds = inline === undefined ? acls.get(name) : criterionOf(inline)
    if (holds === undefined) throw new Error(`no acl ${name}`)
    return not === '!' ? (request: ProxiedRequest) => !holds(request) : holds
  })
  return (request) => terms.every((holds) => holds(request))
}

function criterionOf(text: string): Criterion {
  const [sample = '', ...words] = text.split(' ')
  if (/^req\.hdr(?:_val)?\(/.test(sample)) return () => false
  if (text === 'query,length gt 0') return ({ query }) => query.length > 0
  if (sample === 'path_end') return ({ path }) => words.some((end) => path.endsWith(end))
  if (sample !== 'method' && sample !== 'path' && sample !== 'query') throw new Error(`no criterion ${text}`)
  if (words[0] !== '-m') return (request) => words.includes(request[sample])
  const [, match, pattern = ''] = words
  if (match === 'sub') return (request) => request[sample].includes(pattern)
  if (match !== 'reg') throw new Error(`no match ${text}`)
  const expression = new RegExp(pattern.replace(/^'(.*)'$/, '$1'))
  return (request) => expression.test(request[sample])
}
