// What a hostile engine, container or log says, by name. Bodies are made once, so that sending them costs little.
import type { SimulatedEngine } from '../../demo/engine.js'
import { HOSTILE_NAME, HOSTILE_TEXT, hostileArguments, hostileId, labelsOf, nested, spaces } from './hostile-texts.js'

/** Anything that JSON can say in an object. */
export type Entry = Readonly<Record<string, unknown>>

export interface Attack {
  /** Instead of any list, whatever is asked for. */
  readonly rawList?: () => Buffer
  /** Entries of the list beside the harmless ones, made from one of those. */
  readonly entries?: (harmless: Entry) => readonly unknown[]
  /** The inspect of a hostile container, made from a harmless one. */
  readonly inspect?: (harmless: Entry) => Entry
  /** Each second the first hostile container has an event, so that it is read again. */
  readonly touches?: boolean
  /** Lines of the event stream; null for as many as are taken. */
  readonly events?: { readonly perSecond: number | null; readonly line: (nanos: bigint) => string }
  /** The log of the first hostile container, without an end. */
  readonly logLine?: string
  /** Every answer, from the ping on. */
  readonly everywhere?: 'silence' | 'drip' | 'spaces'
  /** What the engine itself does, and how it is undone. */
  readonly begin?: (engine: SimulatedEngine) => () => void
}

const MEGABYTE = 1_000_000
const KIB = 1024
const FLIP_MS = 1_000
const FIRST = hostileId(0)

export const ATTACKS: Readonly<Record<string, Attack>> = {
  none: {},
  'list-of-lists': { rawList: () => nested('[],', 4 * MEGABYTE) },
  'list-deep': { rawList: () => Buffer.alloc(31 * MEGABYTE, '[') },
  'list-of-lists-31': { rawList: () => nested('[],', 31 * MEGABYTE) },
  'long-error': {
    entries: (harmless) => [evil(harmless, 0)],
    inspect: (harmless) => ({
      ...harmless,
      State: { ...object(harmless['State']), Error: 'x'.repeat(3.9 * MEGABYTE) },
    }),
    touches: true,
  },
  'long-image': { entries: (harmless) => [{ ...evil(harmless, 0), Image: 'x'.repeat(30 * MEGABYTE) }] },
  'list-labels': { entries: (harmless) => [{ ...evil(harmless, 0), Labels: labelsOf(500_000, () => 'v') }] },
  'list-labels-typed': { entries: (harmless) => [{ ...evil(harmless, 0), Labels: labelsOf(500_000, (i) => i) }] },
  // Shorter names: an inspect of more than 4 MiB is refused by its length alone.
  'inspect-labels': inspectLabels(() => ''),
  'inspect-labels-typed': inspectLabels(() => 1),
  'many-short-labels': {
    entries: (harmless) =>
      labelled(
        harmless,
        labelsOf(1_800, () => 'a harmless value of 23'),
      ),
  },
  'many-hostile-labels': {
    entries: (harmless) =>
      labelled(
        harmless,
        labelsOf(8, () => HOSTILE_TEXT.slice(0, 8 * KIB)),
      ),
  },
  'event-flood': {
    entries: (harmless) => [evil(harmless, 0)],
    events: { perSecond: 10_000, line: eventLines('health_status: healthy', 'x'.repeat(16 * KIB)) },
  },
  'event-long': {
    entries: (harmless) => [evil(harmless, 0)],
    events: { perSecond: null, line: eventLines('exec_create: sh', 'x'.repeat(4 * MEGABYTE)) },
  },
  'hostile-arguments': { begin: flipping },
  'hostile-log': { entries: (harmless) => [evil(harmless, 0)], logLine: HOSTILE_TEXT },
  silence: { everywhere: 'silence' },
  drip: { everywhere: 'drip' },
  spaces: { everywhere: 'spaces', rawList: () => spaces(30 * MEGABYTE) },
  'many-containers': {
    entries: (harmless) =>
      Array.from({ length: 10_000 }, (_, i) => ({
        ...evil(harmless, i),
        State: 'exited',
        Status: 'Exited (0) 2 days ago',
      })),
    inspect: (harmless) => ({
      ...harmless,
      State: { ...object(harmless['State']), Status: 'exited', Running: false, FinishedAt: '2026-11-24T00:00:00Z' },
    }),
  },
  ...misfits({
    'no-state': (entry) => ({ ...entry, State: undefined }),
    'null-port': (entry) => ({ ...entry, Ports: [null] }),
    'null-label': (entry) => ({ ...entry, Labels: { team: null } }),
    'null-image': (entry) => ({ ...entry, Image: null }),
    'odd-created': (entry) => ({ ...entry, Created: 1e300 }),
    'null-item': () => null,
    'id-of-numbers': (entry) => ({ ...entry, Id: 12 }),
    'short-id': (entry) => ({ ...entry, Id: 'e71e' }),
  }),
}

/** One attack for each entry that does not fit, and one with all of them. */
function misfits(bad: Readonly<Record<string, (entry: Entry) => unknown>>): Record<string, Attack> {
  const all = Object.values(bad)
  const one = Object.entries(bad).map(([name, spoil]): [string, Attack] => [
    name,
    { entries: (harmless) => [spoil(evil(harmless, 0))] },
  ])
  return {
    ...Object.fromEntries(one),
    misfits: { entries: (harmless) => all.map((spoil, i) => spoil(evil(harmless, i))) },
  }
}

function evil(harmless: Entry, index: number): Entry {
  return { ...harmless, Id: hostileId(index), Names: [`/${HOSTILE_NAME}${index}`] }
}

function labelled(harmless: Entry, labels: Entry): readonly Entry[] {
  return Array.from({ length: 450 }, (_, i) => ({ ...evil(harmless, i), Labels: labels }))
}

function inspectLabels(valueAt: () => string | number): Attack {
  const labels = labelsOf(280_000, valueAt)
  return {
    entries: (harmless) => [evil(harmless, 0)],
    inspect: (harmless) => ({ ...harmless, Config: { ...object(harmless['Config']), Labels: labels } }),
    touches: true,
  }
}

function object(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

/** Only the time differs from line to line. */
function eventLines(action: string, text: string): (nanos: bigint) => string {
  const rest = JSON.stringify({
    status: action,
    id: FIRST,
    Type: 'container',
    Action: action,
    Actor: { ID: FIRST, Attributes: { image: 'nginx:1.27', name: 'hostile-0', text } },
    scope: 'local',
  }).slice(1)
  return (nanos) => `{"time":${nanos / 1_000_000_000n},"timeNano":${nanos},${rest}\n`
}

/** One container of an engine that is well: its arguments are dear to scrub, and its health check makes it be read each second. */
function flipping(engine: SimulatedEngine): () => void {
  const id = engine.run({ name: `${HOSTILE_NAME}flipping`, cmd: hostileArguments(256, 8 * KIB), health: 'healthy' })
  let isHealthy = true
  const timer = setInterval(() => {
    isHealthy = !isHealthy
    engine.setHealth(id, isHealthy ? 'healthy' : 'unhealthy')
  }, FLIP_MS)
  return () => {
    clearInterval(timer)
    engine.remove(id)
  }
}
