import { z } from 'zod'
import { CHANGE_KINDS, type ChangeList, type FileChange } from '../../model/file-change.js'
import { scrubText } from '../../redaction/scrub.js'
import { number, parse, text } from './shape.js'

/** Characters of a path: Linux takes 4,096 bytes (limits.h, PATH_MAX). */
const MAX_PATH = 4_096

/** Changes of one container: nobody reads all of them where a distribution was installed in it. */
const MAX_CHANGES = 20_000

const CHANGES = z.array(z.object({ Path: text, Kind: number })).nullable()

/** Answer of GET /containers/{id}/changes; null where nothing has changed. An unknown kind is one path's oddity: it is left out. */
export function decodeChanges(value: unknown): ChangeList {
  const all = parse(CHANGES, value, 'the changes') ?? []
  const changes = all.slice(0, MAX_CHANGES).flatMap(({ Path, Kind }): FileChange[] => {
    const kind = CHANGE_KINDS[Kind]
    if (kind === undefined) return []
    const { value: path, redactions } = scrubText(Path.slice(0, MAX_PATH))
    return [{ path, kind, redactions }]
  })
  return { changes, isTruncated: all.length > MAX_CHANGES }
}
