import { z } from 'zod'
import { CHANGE_KINDS, type ChangeList, type FileChange } from '../../model/file-change.js'
import { scrubText } from '../../redaction/scrub.js'
import { itemAnswer } from '../json/answer-reader.js'
import { number, text } from './shape.js'

/** Characters of a path: Linux takes 4,096 bytes (limits.h, PATH_MAX). */
const MAX_PATH = 4_096

/** Changes of one container: nobody reads all of them where a distribution was installed in it. */
const MAX_CHANGES = 20_000

const CHANGE = z.object({ Path: text, Kind: number })

/** Answer of GET /containers/{id}/changes; null where nothing has changed. An unknown kind is one path's oddity: it is left out. */
export const changesAnswer = itemAnswer(CHANGE, {
  what: 'the changes',
  isNullable: true,
  most: MAX_CHANGES,
  decode(value): FileChange | null {
    const { success, data } = CHANGE.safeParse(value)
    const kind = success ? CHANGE_KINDS[data.Kind] : undefined
    if (data === undefined || kind === undefined) return null
    const { value: path, redactions } = scrubText(data.Path.slice(0, MAX_PATH))
    return { path, kind, redactions }
  },
  finish: ({ items, isTruncated }): ChangeList => ({ changes: items, isTruncated }),
})
