import { hasControlCharacter } from './control-character.js'

/** `key` (the label exists) or `key=value` (it has exactly that value), as docker's `--filter label=` reads it. */
export interface LabelSelector {
  readonly key: string
  readonly value: string | null
}

/** Bytes of one selector: docker itself bounds labels at nothing, and no honest selector comes near this. */
const MAX_SELECTOR_LENGTH = 512

/** Null where the text is no selector. */
export function parseLabelSelector(text: string): LabelSelector | null {
  if (text.length > MAX_SELECTOR_LENGTH) return null
  const at = text.indexOf('=')
  const key = at === -1 ? text : text.slice(0, at)
  if (key === '' || /\s/.test(key) || hasControlCharacter(key)) return null
  return { key, value: at === -1 ? null : text.slice(at + 1) }
}

/**
 * Matches against scrubbed labels: a selector that names the value of a secret label matches nothing, so it cannot be used to
 * guess the secret.
 */
export function matchesSelectors(labels: ReadonlyMap<string, string>, selectors: readonly LabelSelector[]): boolean {
  return selectors.every(({ key, value }) => (value === null ? labels.has(key) : labels.get(key) === value))
}

/** What parseLabelSelector reads. */
export function formatLabelSelector({ key, value }: LabelSelector): string {
  return value === null ? key : `${key}=${value}`
}
