import { inspectAnswer } from '../../api/engine/decode/container-inspect.js'
import { containersAnswer } from '../../api/engine/decode/container-list.js'
import { diskUseAnswer } from '../../api/engine/decode/disk-use.js'
import { imagesAnswer, networksAnswer, volumesAnswer } from '../../api/engine/decode/engine-object.js'
import { EVENT_SHAPE, EventDecoder } from '../../api/engine/decode/event.js'
import { changesAnswer } from '../../api/engine/decode/file-change.js'
import { infoAnswer, versionAnswer } from '../../api/engine/decode/host.js'
import { topAnswer } from '../../api/engine/decode/process.js'
import { StaticTexts } from '../../api/engine/decode/static-texts.js'
import { statsAnswer } from '../../api/engine/decode/stats.js'
import type { MakeReader } from '../../api/engine/json/answer-reader.js'
import { JsonLines } from '../../api/engine/json/json-lines.js'
import { JsonPruner } from '../../api/engine/json/json-pruner.js'
import type { ContainerEvent, EventStep } from '../../api/model/container-event.js'

/** What the tests hide, and no answer may show. */
export const SECRET = /hunter2|s3cr3t/

/** Maps as JSON, so that a search sees what they hold. */
export function dump(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (member instanceof Map ? [...member] : member))
}

export function faultOf(decode: () => unknown): Error {
  try {
    decode()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('decoded')
}

/** What is read of an answer with this JSON. */
export function decoded<T>(makeReader: MakeReader<T>, value: unknown): T {
  const reader = makeReader()
  const { shape, isSplit, bounds } = reader
  const pruner = new JsonPruner({
    shape,
    isSplit,
    bounds,
    onUnit: (unit) => reader.take(JSON.parse(unit.json), unit),
  })
  pruner.push(Buffer.from(JSON.stringify(value)))
  pruner.end()
  return reader.result(false)
}

export const decodeContainerList = (value: unknown) => decoded(containersAnswer(new StaticTexts()), value)
export const decodeContainers = (value: unknown) => decodeContainerList(value).containers
export const decodeImages = (value: unknown) => decoded(imagesAnswer, value)
export const decodeNetworks = (value: unknown) => decoded(networksAnswer, value)
export const decodeVolumes = (value: unknown) => decoded(volumesAnswer, value)
export const decodeDiskUse = (value: unknown) => decoded(diskUseAnswer, value)
export const decodeChanges = (value: unknown) => decoded(changesAnswer, value)
export const decodeTop = (value: unknown) => decoded(topAnswer, value)
export const decodeVersion = (value: unknown) => decoded(versionAnswer, value)
export const decodeInfo = (value: unknown) => decoded(infoAnswer, value)
export const decodeReading = (value: unknown) => decoded(statsAnswer, value)

/** As the answer for the id that it has itself. */
export function decodeInspect(value: unknown) {
  const { Id } = (value ?? {}) as { Id?: unknown }
  return decoded(inspectAnswer(String(Id), new StaticTexts()), value)
}

/** Decodes lines of the event stream, one after another. */
export class LineDecoder {
  readonly #decoder: EventDecoder

  constructor(texts = new StaticTexts()) {
    this.#decoder = new EventDecoder(texts)
  }

  step(line: string): EventStep | null {
    const steps: (EventStep | null)[] = []
    const lines = new JsonLines(EVENT_SHAPE, (read) => steps.push(this.#decoder.decode(read)))
    lines.push(Buffer.from(line))
    lines.end()
    return steps[0] ?? null
  }

  /** Null where it is no event of a container, or a gap. */
  decode(line: string): ContainerEvent | null {
    const step = this.step(line)
    return step?.kind === 'event' ? step.event : null
  }
}
