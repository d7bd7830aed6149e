import { hasControlCharacter } from './control-character.js'

/** `key` (the label exists) or `key=value` (it has exactly that value), as docker's `--filter label=` reads it. */
export interface LabelSelector {
  readonly key: string
  readonly value: string | null
}

/** Bytes of one selector. Docker does not bound labels, but an honest selector is far shorter. */
const MAX_SELECTOR_LENGTH = 512

/** Null if the text is not a selector. */
export function parseLabelSelector(text: string): LabelSelector | null {
  if (text.length > MAX_SELECTOR_LENGTH) return null
  const at = text.indexOf('=')
  const key = at === -1 ? text : text.slice(0, at)
  if (key === '' || /\s/.test(key) || hasControlCharacter(key)) return null
  return { key, value: at === -1 ? null : text.slice(at + 1) }
}

/**
 * Matches against scrubbed labels, so a selector with the value of a secret label matches nothing and cannot be used to guess the
 * secret.
 */
export function matchesSelectors(labels: ReadonlyMap<string, string>, selectors: readonly LabelSelector[]): boolean {
  return selectors.every(({ key, value }) => (value === null ? labels.has(key) : labels.get(key) === value))
}

/** Writes what parseLabelSelector reads. */
export function formatLabelSelector({ key, value }: LabelSelector): string {
  return value === null ? key : `${key}=${value}`
}
