import { z } from 'zod'
import type { DiskUse, DiskUsePart } from '../../model/engine-object.js'
import { scrubText } from '../../redaction/scrub.js'
import { memberAnswer } from '../json/answer-reader.js'
import { flag, optionalNumber, text } from './shape.js'

const USAGE = z.object({ Size: optionalNumber, RefCount: optionalNumber }).nullish()

const LISTS = {
  Images: z.object({ Containers: optionalNumber, Size: optionalNumber, SharedSize: optionalNumber }),
  Containers: z.object({ State: text.nullish(), SizeRw: optionalNumber }),
  // Scrubbed as each comes: twenty thousand names at once take seconds.
  Volumes: z.object({ Name: text.transform((name) => scrubText(name).value), UsageData: USAGE }),
  BuildCache: z.object({ Size: optionalNumber, InUse: flag, Shared: flag }),
}

type Item<Name extends keyof typeof LISTS> = z.output<(typeof LISTS)[Name]>

interface Members {
  readonly Images: readonly Item<'Images'>[]
  readonly Containers: readonly Item<'Containers'>[]
  readonly Volumes: readonly Item<'Volumes'>[]
  readonly BuildCache: readonly Item<'BuildCache'>[]
  readonly LayersSize: number | null
}

/** Answer of GET /system/df. */
export const diskUseAnswer = memberAnswer({
  what: 'the disk use',
  lists: LISTS,
  rest: z.object({ LayersSize: optionalNumber }),
  finish: diskUseOf,
})

/**
 * Added up as docker/cli does (cli/command/formatter/disk_usage.go): layers that images share count once; what is reclaimable is
 * what no container uses; a running container's layer is in use, a stopped one's is not.
 */
function diskUseOf({
  Images: images,
  Containers: containers,
  Volumes: volumes,
  BuildCache: cache,
  LayersSize,
}: Members): DiskUse {
  const layers = LayersSize ?? 0
  const usedImages = images.filter(({ Containers }) => (Containers ?? 0) > 0)
  // -1 is a size that nobody has worked out: then the shared layers cannot be told from the image's own.
  const usedBytes = sum(usedImages, ({ Size, SharedSize }) => Math.max(0, (Size ?? 0) - Math.max(0, SharedSize ?? 0)))
  const isActive = (state: string | null | undefined) => /^(?:running|paused|restarting)$/.test(state ?? '')
  const known = volumes.map(({ UsageData }) => ({ bytes: sizeOf(UsageData), uses: UsageData?.RefCount ?? 0 }))
  return {
    images: part(images.length, usedImages.length, layers, Math.max(0, layers - usedBytes)),
    containers: part(
      containers.length,
      containers.filter(({ State }) => isActive(State)).length,
      sum(containers, ({ SizeRw }) => SizeRw ?? 0),
      sum(containers, ({ State, SizeRw }) => (isActive(State) ? 0 : (SizeRw ?? 0))),
    ),
    volumes: part(
      volumes.length,
      known.filter(({ uses }) => uses > 0).length,
      sum(known, ({ bytes }) => bytes ?? 0),
      sum(known, ({ bytes, uses }) => (uses > 0 ? 0 : (bytes ?? 0))),
    ),
    buildCache: part(
      cache.length,
      cache.filter(({ InUse }) => InUse).length,
      sum(cache, ({ Size, Shared }) => (Shared ? 0 : (Size ?? 0))),
      sum(cache, ({ Size, Shared, InUse }) => (Shared || InUse ? 0 : (Size ?? 0))),
    ),
    volumeBytes: new Map(volumes.map(({ Name, UsageData }) => [Name, sizeOf(UsageData)])),
  }
}

function part(count: number, active: number, sizeBytes: number, reclaimableBytes: number): DiskUsePart {
  return { count, active, sizeBytes, reclaimableBytes }
}

function sizeOf(usage: z.infer<typeof USAGE>): number | null {
  const size = usage?.Size ?? null
  return size === null || size < 0 ? null : size
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
