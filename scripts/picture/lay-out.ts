// Where the boxes of the picture stand, and where the lines between them go. Units are those of the drawing.
import type { Picture, Place } from './rooms.js'

/** Between two columns, two rows, and around all of it. */
const COLUMN_GAP = 46
const ROW_GAP = 36
export const MARGIN = 14

/** Between two lines of text. */
export const LINE_HEIGHT = 16

/** A room lower than this has one line, or two where it has a mark. */
export const LOW_ROOM = 70

export interface Box {
  readonly name: string
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** Where each column and each row begins, and where the last ends. */
export interface Grid {
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly right: number
  readonly bottom: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

export function gridOf({ columns, rows }: Picture): Grid {
  const [x, y] = [offsetsOf(columns, COLUMN_GAP), offsetsOf(rows, ROW_GAP)]
  return { x, y, right: (x.at(-1) ?? 0) - COLUMN_GAP, bottom: (y.at(-1) ?? 0) - ROW_GAP }
}

/** Where each begins, and where one after the last would. */
function offsetsOf(sizes: readonly number[], gap: number): readonly number[] {
  const offsets = [MARGIN]
  for (const size of sizes) offsets.push((offsets.at(-1) ?? 0) + size + gap)
  return offsets
}

export function boxOf(name: string, place: Place, grid: Grid): Box {
  return {
    name,
    left: grid.x[place.column] ?? 0,
    top: grid.y[place.row] ?? 0,
    right: (grid.x[place.column + place.columns] ?? 0) - COLUMN_GAP,
    bottom: (grid.y[place.row + place.rows] ?? 0) - ROW_GAP,
  }
}

/** What stands outside is as high as its words, in the middle of its cell, so that a line passes below it. */
export function pillOf(box: Box): Box {
  const middle = (box.top + box.bottom) / 2
  const half = 13 + (box.name.split(' ').length * LINE_HEIGHT) / 2
  return { ...box, top: middle - half, bottom: middle + half }
}

export interface Import {
  readonly from: string
  readonly to: string
  readonly port: string | undefined
  /** Two that import each other share one line with two heads. */
  readonly isMutual: boolean
}

/** Those that are drawn as arrows: not where a mark or a flow shows the same. */
export function importsOf({ rooms, flows }: Picture): readonly Import[] {
  const isMarked = (name: string) => rooms.some((room) => room.name === name && room.mark !== undefined)
  const all = rooms
    .filter((room) => !room.isDrawnWithoutArrows && room.mark === undefined)
    .flatMap(({ name, imports, ports }) => imports.map((to) => ({ from: name, to, port: ports[to] })))
    .filter(({ from, to }) => !isMarked(to) && !flows.some((flow) => flow.from === from && flow.to === to))
  return all
    .map((one) => ({ ...one, isMutual: all.some(({ from, to }) => from === one.to && to === one.from) }))
    .filter(({ from, to, isMutual }) => !isMutual || from < to)
}

/** An import goes straight where nothing stands between, and else along a gap between rows. */
export function importPath(from: Box, to: Box, boxes: readonly Box[]): readonly Point[] {
  return straight(from, to, boxes) ?? bent(from, to)
}

/** A flow goes from middle to middle: sideways, or down. */
export function flowPath(from: Box, to: Box): readonly Point[] {
  const top = Math.max(from.top, to.top)
  const bottom = Math.min(from.bottom, to.bottom)
  const y = (top + bottom) / 2
  const x = (from.left + from.right) / 2
  const isLeftwards = from.left > to.right
  const sideways = isLeftwards ? [at(from.left, y), at(to.right, y)] : [at(from.right, y), at(to.left, y)]
  return top < bottom ? sideways : [at(x, from.bottom), at(x, to.top)]
}

function straight(from: Box, to: Box, boxes: readonly Box[]): readonly Point[] | null {
  const top = Math.max(from.top, to.top)
  const height = Math.min(from.bottom, to.bottom) - top
  if (height > 0) {
    // Below the middle, where the flows are.
    const y = top + height * (height > LOW_ROOM ? 0.86 : 0.5)
    const [start, end] = from.left > to.right ? [from.left, to.right] : [from.right, to.left]
    const isInTheWay = (box: Box) =>
      box.left > Math.min(start, end) && box.right < Math.max(start, end) && box.top < y && box.bottom > y
    return boxes.some(isInTheWay) ? null : [at(start, y), at(end, y)]
  }
  const left = Math.max(from.left, to.left)
  const right = Math.min(from.right, to.right)
  return left < right && from.bottom < to.top
    ? [at((left + right) / 2, from.bottom), at((left + right) / 2, to.top)]
    : null
}

/** Down, along the gap below the upper of the two, or below both where they end in one row, and to the other. */
function bent(from: Box, to: Box): readonly Point[] {
  const x = (from.left + from.right) / 2
  const end = (to.left + to.right) / 2
  const isBelow = from.bottom < to.top
  const gap = (isBelow ? from.bottom : to.bottom) + ROW_GAP / 2
  return [at(x, from.bottom), at(x, gap), at(end, gap), at(end, isBelow ? to.top : to.bottom)]
}

export function at(x: number, y: number): Point {
  return { x, y }
}
