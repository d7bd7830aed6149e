// The source of docs/architecture.svg: the rooms, where each is drawn, and whom each may import.
import { z } from 'zod'

const PLACE = z.strictObject({
  column: z.int().nonnegative(),
  row: z.int().nonnegative(),
  columns: z.int().positive().default(1),
  rows: z.int().positive().default(1),
})

const ROOM = z.strictObject({
  name: z.string(),
  place: PLACE,
  /** Lines of a few words each. */
  says: z.array(z.string()),
  imports: z.array(z.string()),
  /** The one type of a room that is imported of it, where it is a port. */
  ports: z.record(z.string(), z.string()).default({}),
  /** A letter: a room that many import is marked in theirs by it, and no arrow leads to it. */
  mark: z.string().length(1).optional(),
  isDrawnWithoutArrows: z.boolean().default(false),
})

const PICTURE = z.strictObject({
  title: z.string(),
  /** Widths and heights, in the units of the drawing. */
  columns: z.array(z.number().positive()),
  rows: z.array(z.number().positive()),
  rooms: z.array(ROOM),
  outside: z.array(z.strictObject({ name: z.string(), place: PLACE })),
  flows: z.array(
    z.strictObject({
      from: z.string(),
      to: z.string(),
      kind: z.enum(['question', 'news', 'load']),
      label: z.string().optional(),
    }),
  ),
})

export type Place = z.infer<typeof PLACE>
export type Room = z.infer<typeof ROOM>
export type Picture = z.infer<typeof PICTURE>
export type Flow = Picture['flows'][number]

/** Throws where the text is no such source, or names a room that it does not have. */
export function parsePicture(text: string): Picture {
  const picture = PICTURE.parse(JSON.parse(text))
  const rooms = picture.rooms.map(({ name }) => name)
  const all = [...rooms, ...picture.outside.map(({ name }) => name)]
  const lost = [
    ...picture.rooms.flatMap((room) => room.imports.filter((name) => !rooms.includes(name))),
    ...picture.flows.flatMap(({ from, to }) => [from, to].filter((name) => !all.includes(name))),
  ]
  if (lost.length > 0) throw new Error(`there is no room called ${lost.join(', ')}`)
  return picture
}
