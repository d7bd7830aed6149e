import { z } from 'zod'
import type { HostObjects } from '../../../live/view.js'
import type { DiskUse } from '../../../model/engine-object.js'
import type { HostStatus } from '../../../model/host.js'
import type { ContentOf } from '../../endpoints/answer.js'
import { engineFault, faultOf, integer, optionalNumber, optionalText, optionalTime, timeOf } from '../answer-parts.js'
import { listOf } from '../list.js'
import { type HostTerms, hostContent, hostFields } from '../overview/answer.js'

const DISK_USE_PART = z
  .strictObject({ count: integer, active: integer, sizeBytes: integer, reclaimableBytes: integer })
  .nullable()

const DISK_USE = z.strictObject({
  observedAt: optionalTime,
  fault: engineFault,
  images: DISK_USE_PART,
  containers: DISK_USE_PART,
  volumes: DISK_USE_PART,
  buildCache: DISK_USE_PART,
})

const SYSTEM = z.strictObject({
  ...hostFields,
  minApiVersion: optionalText,
  loggingDriver: optionalText,
  clockSkewSeconds: optionalNumber,
  disk: DISK_USE.nullable(),
})

export const SYSTEM_LIST = listOf(SYSTEM)

/** `disk` is null if the caller may not see all containers, or did not ask for it. */
export function systemContent(
  host: HostStatus,
  terms: HostTerms,
  disk: HostObjects<DiskUse> | null,
): ContentOf<typeof SYSTEM> {
  return {
    ...hostContent(host, terms),
    minApiVersion: host.version?.minApiVersion ?? null,
    loggingDriver: host.info?.loggingDriver ?? null,
    clockSkewSeconds: host.clockSkewMs === null ? null : host.clockSkewMs / 1_000,
    disk: disk === null ? null : diskUseContent(disk),
  }
}

function diskUseContent({ value, observedAt, fault }: HostObjects<DiskUse>): ContentOf<typeof DISK_USE> {
  return {
    observedAt: timeOf(observedAt),
    fault: faultOf(fault),
    images: value?.images ?? null,
    containers: value?.containers ?? null,
    volumes: value?.volumes ?? null,
    buildCache: value?.buildCache ?? null,
  }
}
