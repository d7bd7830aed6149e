import { z } from 'zod'
import type { ContainerEvent, EventStep } from '../../model/container-event.js'
import { evictOldest } from '../../model/evict-oldest.js'
import { type Scrubbed, scrubText } from '../../redaction/scrub.js'
import { CONTAINER_SCRUB_CHARACTERS, ScrubBudget } from '../../redaction/scrub-budget.js'
import type { JsonLine } from '../json/json-lines.js'
import { shapeOf } from '../json/json-shape.js'
import {
  containerId,
  detached,
  labels,
  optionalNumber,
  scrubbedLabels,
  scrubCommandLine,
  seconds,
  text,
} from './shape.js'
import type { StaticTexts } from './static-texts.js'

/** Containers whose labels are remembered: they never change, and a health check makes three events each time. */
const MAX_REMEMBERED = 1_024

const EVENT = z.object({
  Type: text.nullish(),
  Action: text.nullish(),
  Actor: z.object({ ID: text.nullish(), Attributes: labels }).nullish(),
  time: optionalNumber,
  timeNano: optionalNumber,
})

const CONTAINER_EVENT = z.object({
  Action: z.string().regex(/^[A-Za-z_-]{1,64}(?::|$)/),
  Actor: z.object({ ID: containerId }),
})

/** What the engine lays among a container's labels (moby daemon/events.go, and each caller of LogContainerEventWithAttributes). */
const OWN_ATTRIBUTES = new Set([
  'name',
  'image',
  'exitCode',
  'execDuration',
  'execID',
  'signal',
  'oldName',
  'container',
  'comment',
  'imageID',
  'imageRef',
  'height',
  'width',
]) // prettier-ignore

/** What is read of an event. */
export const EVENT_SHAPE = shapeOf(EVENT)

/** Reads the lines of GET /events. Holds the labels of containers that it has met, scrubbed. */
export class EventDecoder {
  readonly #texts: StaticTexts
  /** Of containers that no list has shown yet. */
  readonly #labels = new Map<string, ReadonlyMap<string, string>>()

  constructor(texts: StaticTexts) {
    this.#texts = texts
  }

  /**
   * Null where a line is not about one container: `prune` is about all and names none. What follows the verb is held apart:
   * `exec_create: sh -c ...` carries a command line, which is scrubbed, and `health_status: healthy` a state. A line that cannot be
   * read is a gap.
   */
  decode({ unit, rest }: JsonLine): EventStep | null {
    if (unit === null) return { kind: 'gap', containerId: containerIn(rest) }
    const { success, data: event } = EVENT.safeParse(parsed(unit.json))
    if (!success) return { kind: 'gap', containerId: containerIn(unit.json) }
    const decoded = this.#decode(event, unit.json)
    return decoded === null ? null : { kind: 'event', event: decoded }
  }

  #decode(event: z.output<typeof EVENT>, line: string): ContainerEvent | null {
    if (event.Type !== 'container') return null
    const known = CONTAINER_EVENT.safeParse(event)
    if (!known.success) return null
    const { Action, Actor } = known.data
    const attributes = event.Actor?.Attributes ?? {}
    const [action = '', detail = ''] = Action.split(/:\s?(.*)/s)
    const name = named(attributes['name'])
    const image = named(attributes['image'])
    const command = action.startsWith('exec_') && detail !== '' ? scrubCommandLine(detail) : NOTHING
    const oldName = action === 'rename' ? named(attributes['oldName']?.replace(/^\//, '')) : NOTHING
    return {
      containerId: detached(Actor.ID),
      action: detached(action),
      timeNano: timeNanoOf(line, event),
      name: name.value,
      image: image.value,
      labels: this.#labelsOf(Actor.ID, attributes),
      // A label of the same name poses as an attribute where the event has none.
      exitCode: action === 'die' || action === 'exec_die' ? wholeNumber(attributes['exitCode']) : null,
      signal: action === 'kill' ? wholeNumber(attributes['signal']) : null,
      health: detail === 'healthy' || detail === 'unhealthy' ? detail : null,
      command: command.value,
      execId: action.startsWith('exec_') ? execIdOf(attributes['execID']) : null,
      oldName: oldName.value,
      redactions: name.redactions + image.redactions + command.redactions + oldName.redactions,
    }
  }

  #labelsOf(id: string, attributes: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
    const known = this.#texts.knownLabels(id) ?? this.#labels.get(id)
    if (known !== undefined) return known
    const given = Object.entries(attributes).filter(([key]) => !OWN_ATTRIBUTES.has(key))
    const labels = scrubbedLabels(Object.fromEntries(given), new ScrubBudget(CONTAINER_SCRUB_CHARACTERS)).value
    this.#labels.set(id, labels)
    evictOldest(this.#labels, MAX_REMEMBERED)
    return labels
  }
}

/** Characters of a name: the longest reference to an image that Docker takes has fewer. */
const MAX_NAME = 512

const NOTHING = { value: null, redactions: 0 }

function named(text: string | undefined): Scrubbed<string | null> {
  if (text === undefined || text === '') return NOTHING
  const { value, redactions } = scrubText(text.slice(0, MAX_NAME))
  return { value: detached(value), redactions }
}

/** Text in a label or a command cannot be taken for it: there a quote is escaped. */
function containerIn(text: string): string | null {
  const id = /"ID":"([0-9a-f]{64})"/.exec(text)?.[1]
  return id === undefined ? null : detached(id)
}

/** Undefined where it is no JSON. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function execIdOf(text: string | undefined): string | null {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? detached(text) : null
}

function wholeNumber(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,9}$/.test(text) ? Number(text) : null
}

/**
 * The digits as the line has them, because a double rounds them by hundreds. They cannot be those of a label: a label's
 * value is a string, and a quote within one is escaped.
 */
function timeNanoOf(line: string, event: { timeNano: number | null; time: number | null }): string {
  const digits = /"timeNano"\s{0,8}:\s{0,8}(\d{1,20})\b/.exec(line)?.[1]
  if (digits !== undefined && Number(digits) === event.timeNano) return detached(digits)
  return event.time !== null && event.time > 0 && seconds.safeParse(event.time).success
    ? `${Math.trunc(event.time)}000000000`
    : '0'
}
