import { z } from 'zod'
import { CHANGE_KINDS, type FileChange } from '../../model/file-change.js'
import { scrubText } from '../../model/redaction.js'
import { number, parse, text } from './shape.js'

/** Characters of a path that are kept: Linux takes 4,096 bytes (limits.h, PATH_MAX). */
const MAX_PATH = 4_096

const CHANGES = z.array(z.object({ Path: text, Kind: number })).nullable()

/** Answer of GET /containers/{id}/changes; null where nothing has changed. An unknown kind is one path's oddity: it is left out. */
export function decodeChanges(value: unknown): readonly FileChange[] {
  return (parse(CHANGES, value, 'the changes') ?? []).flatMap(({ Path, Kind }) => {
    const kind = CHANGE_KINDS[Kind]
    return kind === undefined ? [] : [{ path: scrubText(Path.slice(0, MAX_PATH)).value, kind }]
  })
}
