// Rooms as boxes, imports as arrows, in SVG that reads on light and on dark paper. Pure: a picture in, its text out.
import {
  at,
  type Box,
  boxOf,
  flowPath,
  gridOf,
  type Import,
  importPath,
  importsOf,
  LINE_HEIGHT,
  LOW_ROOM,
  MARGIN,
  type Point,
  pillOf,
} from './lay-out.js'
import type { Flow, Picture, Room } from './rooms.js'

const LEGEND_HEIGHT = 30
const CORNER = 7
const MARK_RADIUS = 8
const MARK_STEP = 2 * MARK_RADIUS + 5

const STYLE = `
text { font: 12.5px system-ui, "Segoe UI", "DejaVu Sans", sans-serif; fill: #424a53 }
.name { font-weight: 600; font-size: 15px; fill: #1f2328 }
.room { fill: #f6f8fa; stroke: #8c959f }
.low { fill: #eaeef2 }
.outside { fill: none; stroke: #8c959f; stroke-dasharray: 4 3 }
.import { fill: none; stroke: #6e7781; stroke-width: 1.4 }
.question { fill: none; stroke: #0969da; stroke-width: 3 }
.news { fill: none; stroke: #1a7f37; stroke-width: 3 }
.load { fill: none; stroke: #6e7781; stroke-width: 1.4; stroke-dasharray: 5 4 }
.import-head, .load-head { fill: #6e7781 }
.question-head { fill: #0969da }
.news-head { fill: #1a7f37 }
.mark { fill: #57606a }
.letter { fill: #ffffff; font-size: 10px; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  text { fill: #adbac7 }
  .name { fill: #e6edf3 }
  .room { fill: #1c2128; stroke: #768390 }
  .low { fill: #2d333b }
  .outside { stroke: #768390 }
  .import, .load { stroke: #909dab }
  .question { stroke: #539bf5 }
  .news { stroke: #57ab5a }
  .import-head, .load-head { fill: #909dab }
  .question-head { fill: #539bf5 }
  .news-head { fill: #57ab5a }
  .mark { fill: #909dab }
  .letter { fill: #1c2128 }
}`

export function drawRooms(picture: Picture): string {
  const grid = gridOf(picture)
  const boxes = [
    ...picture.outside.map(({ name, place }) => pillOf(boxOf(name, place, grid))),
    ...picture.rooms.map(({ name, place }) => boxOf(name, place, grid)),
  ]
  const box = (name: string): Box => {
    const found = boxes.find((one) => one.name === name)
    if (found === undefined) throw new Error(`no box is called ${name}`)
    return found
  }
  const width = grid.right + MARGIN
  const height = grid.bottom + LEGEND_HEIGHT + MARGIN
  const parts = [
    ...picture.outside.map(({ name }) => drawOutside(box(name))),
    ...picture.rooms.map((room) => drawRoom(room, box(room.name), picture.rooms)),
    ...importsOf(picture).map((one) => drawImport(one, box(one.from), box(one.to), boxes)),
    ...picture.flows.map((flow) => drawFlow(flow, box(flow.from), box(flow.to))),
    drawLegend(grid.bottom + LEGEND_HEIGHT, grid.x[1] ?? 0),
  ]
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(picture.title)}</title>
<style>${STYLE}
</style>
<defs>${['import', 'question', 'news', 'load'].map(drawHead).join('')}</defs>
${parts.join('\n')}
</svg>
`
}

function drawRoom(room: Room, box: Box, rooms: readonly Room[]): string {
  const isLow = box.bottom - box.top < LOW_ROOM
  const isLine = isLow && room.mark === undefined
  const baseline = box.top + (isLine ? (box.bottom - box.top) / 2 + 5 : 24)
  const parts = [
    `<rect class="room${room.mark === undefined ? '' : ' low'}" x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${box.bottom - box.top}" rx="${CORNER}"/>`,
    `<text class="name" x="${box.left + (room.mark === undefined ? 12 : 30)}" y="${baseline}">${escaped(room.name)}</text>`,
    ...room.says.map((line, index) =>
      isLine
        ? `<text x="${box.left + 84}" y="${baseline}">${escaped(line)}</text>`
        : `<text x="${box.left + 12}" y="${box.top + 43 + index * LINE_HEIGHT}">${escaped(line)}</text>`,
    ),
  ]
  if (room.mark !== undefined) parts.push(drawMark({ x: box.left + 17, y: baseline - 5 }, room.mark))
  if (room.isDrawnWithoutArrows) return parts.join('')
  const letters = rooms.flatMap(({ name, mark }) => (mark !== undefined && room.imports.includes(name) ? [mark] : []))
  const y = isLine ? baseline - 5 : box.bottom - (isLow ? 15 : 17)
  const left = isLow ? box.right - 17 - (letters.length - 1) * MARK_STEP : box.left + 20
  const marks = letters.map((letter, index) => drawMark(at(left + index * MARK_STEP, y), letter))
  return [...parts, ...marks].join('')
}

function drawMark({ x, y }: Point, letter: string): string {
  return `<circle class="mark" cx="${x}" cy="${y}" r="${MARK_RADIUS}"/><text class="letter" x="${x}" y="${y + 3.5}" text-anchor="middle">${letter}</text>`
}

function drawOutside(box: Box): string {
  const words = box.name.split(' ')
  const x = (box.left + box.right) / 2
  const first = (box.top + box.bottom) / 2 + 4 - ((words.length - 1) / 2) * LINE_HEIGHT
  const lines = words.map(
    (word, index) => `<text x="${x}" y="${first + index * LINE_HEIGHT}" text-anchor="middle">${escaped(word)}</text>`,
  )
  const height = box.bottom - box.top
  return `<rect class="outside" x="${box.left}" y="${box.top}" width="${box.right - box.left}" height="${height}" rx="${height / 2}"/>${lines.join('')}`
}

function drawImport({ port, isMutual }: Import, from: Box, to: Box, boxes: readonly Box[]): string {
  const points = importPath(from, to, boxes)
  return drawLine('import', points, isMutual) + (port === undefined ? '' : drawLabel(points, 15, port))
}

function drawFlow({ kind, label }: Flow, from: Box, to: Box): string {
  const points = flowPath(from, to)
  return drawLine(kind, points, false) + (label === undefined ? '' : drawLabel(points, -8, label))
}

/** Beside the middle of a line from left to right, or the other way round. */
function drawLabel(points: readonly Point[], below: number, label: string): string {
  const [start, end] = [points[0] ?? at(0, 0), points.at(-1) ?? at(0, 0)]
  return `<text x="${(start.x + end.x) / 2}" y="${start.y + below}" text-anchor="middle">${escaped(label)}</text>`
}

function drawLine(kind: string, points: readonly Point[], isMutual: boolean): string {
  const path = points.map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${x} ${y}`).join(' ')
  const start = isMutual ? ` marker-start="url(#${kind})"` : ''
  return `<path class="${kind}" d="${path}"${start} marker-end="url(#${kind})"/>`
}

function drawHead(kind: string): string {
  const size = kind === 'question' || kind === 'news' ? 4 : 8
  return `<marker id="${kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="${size}" markerHeight="${size}" orient="auto-start-reverse"><path class="${kind}-head" d="M0 0 L10 5 L0 10 z"/></marker>`
}

/** What each kind of line is, and how much room its words take. */
const LEGEND: readonly (readonly [kind: string, text: string, width: number])[] = [
  ['question', 'what a caller asks', 178],
  ['news', 'what an engine says', 190],
  ['import', 'may import', 132],
  ['load', 'only for serve --demo', 196],
]

function drawLegend(y: number, x: number): string {
  let left = x
  const parts: string[] = []
  for (const [kind, text, width] of LEGEND) {
    parts.push(drawLine(kind, [at(left, y), at(left + 28, y)], false), drawLegendText(left + 36, y, text))
    left += width
  }
  parts.push(
    drawMark(at(left + MARK_RADIUS, y), 'M'),
    drawLegendText(left + 24, y, 'may import the room with this mark'),
  )
  return parts.join('')
}

function drawLegendText(x: number, y: number, text: string): string {
  return `<text x="${x}" y="${y + 4}">${text}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
