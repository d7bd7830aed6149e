import { z } from 'zod'
import { CONTAINER_STATES, type Container, HEALTH_STATES } from '../../../model/container.js'
import { PROBLEMS, problemsOf } from '../../../model/problem.js'
import type { Answer, ContentOf } from '../../endpoints/answer.js'
import {
  containerId,
  flag,
  integer,
  optionalInteger,
  optionalText,
  optionalTime,
  text,
  textByName,
  texts,
} from '../answer-parts.js'
import { listOf } from '../list.js'
import { showLabels } from '../shown-labels.js'

/** Digits of a short id, as docker prints them. */
export const SHORT_ID_LENGTH = 12

/** The fields that the list and the detail answer share. */
export const containerFields = {
  id: containerId,
  shortId: text,
  host: text,
  name: text,
  image: optionalText,
  imageId: optionalText,
  state: z.enum(CONTAINER_STATES).nullable(),
  status: optionalText,
  health: z.enum(HEALTH_STATES).nullable(),
  createdAt: optionalTime,
  startedAt: optionalTime,
  finishedAt: optionalTime,
  exitCode: optionalInteger,
  oomKilled: flag,
  problems: z.array(z.enum(PROBLEMS)),
  ports: z.array(
    z.strictObject({ ip: optionalText, hostPort: optionalInteger, containerPort: integer, protocol: text }),
  ),
  labels: textByName,
  project: optionalText,
  service: optionalText,
  partial: flag,
}

const CONTAINER = z.strictObject({ ...containerFields, restartCount: optionalInteger, networks: texts })
export const CONTAINER_LIST = listOf(CONTAINER)

export interface Terms {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Whether the caller may see paths on the host. */
  readonly showHostPaths: boolean
}

export function containerAnswer(
  container: Container,
  { now, showHostPaths }: Terms,
): Answer<ContentOf<typeof CONTAINER>> {
  const { labels, hidden } = showLabels(container.labels, showHostPaths)
  const content = {
    id: container.id,
    shortId: container.id.slice(0, SHORT_ID_LENGTH),
    host: container.hostId,
    name: container.name,
    image: container.image,
    imageId: container.imageId,
    state: container.state,
    status: container.status,
    health: container.health,
    createdAt: container.createdAt,
    startedAt: container.startedAt,
    finishedAt: container.finishedAt,
    exitCode: container.exitCode,
    oomKilled: container.oomKilled,
    restartCount: container.restartCount,
    problems: problemsOf(container, now),
    ports: container.ports,
    labels,
    project: container.project,
    service: container.service,
    partial: container.isPartial,
    networks: container.networks,
  }
  return { content, redactions: container.redactions + hidden }
}
