// Draws docs/architecture.svg out of docs/architecture.json.
import { readFileSync, writeFileSync } from 'node:fs'
import { drawRooms } from './picture/draw-rooms.js'
import { parsePicture } from './picture/rooms.js'

writeFileSync('docs/architecture.svg', drawRooms(parsePicture(readFileSync('docs/architecture.json', 'utf8'))))
