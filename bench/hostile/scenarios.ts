import type { ATTACKS } from './attacks.js'

export interface Scenario {
  /** What BENCH_ONLY picks it by; letters tell variants apart. */
  readonly number: string
  readonly title: string
  readonly attack: keyof typeof ATTACKS
  /** Whether the hostile host's harmless containers can be told from its answers. */
  readonly showsHarmless: boolean
  /** Milliseconds that the event loop may be held, where a figure is promised. */
  readonly mostHeldMs?: number
  /** Containers of the hostile host, where all of them fit what is promised for one. */
  readonly total?: number
  /** A client follows a log, and another one reads it again and again. */
  readonly readsLog?: true
  /** Only whether the harmless containers are shown from the start: answers of this size cost nobody anything. */
  readonly isQuick?: true
}

/** Scenarios by number. */
export const SCENARIOS: readonly Scenario[] = [
  // What the machine itself adds.
  shown('0', 'nothing hostile', 'none'),
  lost('1', 'list of 4 MB of [],', 'list-of-lists'),
  lost('2', 'list of 31 MB of [', 'list-deep'),
  lost('3', 'list of 31 MB of [],', 'list-of-lists-31'),
  shown('4', 'inspect with an Error of 3.9 MB, each second', 'long-error'),
  shown('5', 'list with an Image of 30 MB', 'long-image'),
  shown('6a', 'list with 500,000 labels of one container', 'list-labels'),
  shown('6b', 'list with 500,000 numbers as labels', 'list-labels-typed'),
  shown('6c', 'inspect with 280,000 labels, each second', 'inspect-labels'),
  shown('6d', 'inspect with 280,000 numbers as labels, each second', 'inspect-labels-typed'),
  shown('7a', '450 containers with 64 KB of short labels', 'many-short-labels'),
  shown('7b', '450 containers with 64 KB of hostile labels', 'many-hostile-labels'),
  shown('8', '10,000 events a second of 16 KB', 'event-flood'),
  shown('9', 'events of 4 MB, as many as are taken', 'event-long'),
  shown('10', '256 hostile arguments of 8 KB, health flips each second', 'hostile-arguments'),
  { ...shown('11', 'hostile log, followed and read', 'hostile-log'), readsLog: true },
  lost('12a', 'never answers', 'silence'),
  lost('12b', 'one byte a second', 'drip'),
  lost('12c', '30 MB of spaces', 'spaces'),
  { ...shown('13', 'list of 10,000 containers', 'many-containers'), mostHeldMs: 50, total: 10_030 },
  shown('14', 'list with items that do not fit', 'misfits'),
  quick('14a', 'no State', 'no-state'),
  quick('14b', 'a port is null', 'null-port'),
  quick('14c', 'a label is null', 'null-label'),
  quick('14d', 'Image is null', 'null-image'),
  quick('14e', 'Created is no time', 'odd-created'),
  quick('14f', 'an item is null', 'null-item'),
  quick('14g', 'Id is a number', 'id-of-numbers'),
  quick('14h', 'Id is short', 'short-id'),
]

/** `6` picks 6a to 6d, `6a` itself. Everything without a wish. */
export function chosenScenarios(wish: string | undefined): readonly Scenario[] {
  if (wish === undefined || wish === '') return SCENARIOS
  const wanted = wish.split(',').map((one) => one.trim())
  return SCENARIOS.filter(({ number }) => wanted.includes(number) || wanted.includes(number.replace(/[a-z]$/, '')))
}

function shown(number: string, title: string, attack: Scenario['attack']): Scenario {
  return { number, title, attack, showsHarmless: true }
}

function lost(number: string, title: string, attack: Scenario['attack']): Scenario {
  return { number, title, attack, showsHarmless: false }
}

function quick(number: string, title: string, attack: Scenario['attack']): Scenario {
  return { ...shown(number, title, attack), isQuick: true }
}
