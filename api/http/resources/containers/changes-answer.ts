import { z } from 'zod'
import type { Container } from '../../../model/container.js'
import { CHANGE_KINDS, type FileChange } from '../../../model/file-change.js'
import type { HostStatus } from '../../../model/host.js'
import type { Answer, ContentOf } from '../../endpoints/answer.js'
import { containerId, flag, text } from '../answer-parts.js'
import { listAnswer, listFrame } from '../list.js'
import type { Page } from '../page.js'

const CHANGE = z.strictObject({ path: text, kind: z.enum(CHANGE_KINDS) })

export const CHANGE_LIST = z.strictObject({
  id: containerId,
  name: text,
  host: text,
  items: z.array(CHANGE),
  ...listFrame,
  truncated: flag,
})

/** `hosts` holds the container's own host. */
export function changesAnswer(
  { id, name, hostId }: Container,
  page: Page<FileChange>,
  isTruncated: boolean,
  hosts: readonly HostStatus[],
): Answer<ContentOf<typeof CHANGE_LIST>> {
  const items = page.items.map(({ path, kind, redactions }) => ({ content: { path, kind }, redactions }))
  const { content: list, redactions } = listAnswer({ ...page, items }, hosts)
  return { content: { id, name, host: hostId, ...list, truncated: isTruncated }, redactions }
}
