import type { LabelSelector } from '../../model/label-selector.js'
import { isHostPathLabel } from '../../redaction/host-path-labels.js'
import { REDACTED } from '../../redaction/scrub.js'

/** Labels as a caller may see them. `hidden` counts the values that are paths on the host and hidden from this caller. */
export interface ShownLabels {
  readonly labels: Record<string, string>
  readonly hidden: number
}

export function showLabels(labels: ReadonlyMap<string, string>, showHostPaths: boolean): ShownLabels {
  if (showHostPaths) return { labels: Object.fromEntries(labels), hidden: 0 }
  let hidden = 0
  const shown = [...labels].map(([key, value]) => {
    if (!isHostPathLabel(key)) return [key, value]
    hidden += 1
    return [key, REDACTED]
  })
  return { labels: Object.fromEntries(shown), hidden }
}

/** Whether a filter guesses at a path on the host. A caller who may not see such a path cannot find it out in this way either. */
export function guessesHostPath(filter: readonly LabelSelector[], showHostPaths: boolean): boolean {
  return !showHostPaths && filter.some(({ key, value }) => value !== null && isHostPathLabel(key))
}
