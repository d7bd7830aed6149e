// `npm run bench:scrub`: nanoseconds a character that redaction takes for ordinary and for hostile text. With a number of seconds
// behind it (`npm run bench:scrub -- 300`), it searches for texts that take longer, always in the same order.
import { scrubText } from '../api/redaction/scrub.js'
import { cpuTime } from '../test/support/cpu-time.js'
import { BENIGN_UNIT, fill, HOSTILE_ENDS, HOSTILE_UNITS } from '../test/support/hostile-texts.js'

const LENGTHS = [8_192, 65_536]
const REPEATS = 10
const NANOSECONDS_PER_MILLISECOND = 1_000_000
const SHOWN = 20
const SEARCHED_LENGTH = 16_384
const MAX_PIECES = 6

interface Cost {
  readonly text: string
  readonly nanoseconds: number
}

/** Of CPU time, the least of a few attempts, a character: the first ones compile, and some collect garbage. */
function costOf(text: string, repeats = REPEATS): number {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < repeats; i += 1) {
    const startedAt = cpuTime()
    scrubText(text)
    best = Math.min(best, cpuTime() - startedAt)
  }
  return (best * NANOSECONDS_PER_MILLISECOND) / text.length
}

function print(title: string, costs: readonly Cost[]): void {
  console.log(title)
  for (const { text, nanoseconds } of costs) console.log(`  ${nanoseconds.toFixed(1).padStart(7)}  ${text}`)
}

const slowest = (costs: readonly Cost[]) => costs.toSorted((a, b) => b.nanoseconds - a.nanoseconds).slice(0, SHOWN)

for (const length of LENGTHS) {
  const benign = costOf(fill(BENIGN_UNIT, length), 50)
  print(`${length} characters, nanoseconds a character`, [
    { text: 'an ordinary log', nanoseconds: benign },
    ...slowest(
      HOSTILE_UNITS.flatMap((unit) =>
        HOSTILE_ENDS.map((end) => ({
          text: `${JSON.stringify(unit)} ... ${JSON.stringify(end)}`,
          nanoseconds: costOf(fill(unit, length, end)),
        })),
      ),
    ),
  ])
}

const seconds = Number(process.argv[2] ?? 0)
if (seconds > 0) print(`the slowest of what was tried in ${seconds} s`, search(seconds * 1_000))

/** Tries mixtures of pieces, and goes on from the slowest so far. */
function search(milliseconds: number): readonly Cost[] {
  const random = seeded(20_261_124)
  const pieces = [
    ...HOSTILE_UNITS,
    ',',
    ';',
    '}',
    ']',
    '>',
    '|',
    'password',
    'token',
    'value=',
    'x'.repeat(63),
    'y'.repeat(250),
  ]
  const pick = () => pieces[Math.floor(random() * pieces.length)] ?? ''
  let found: Cost[] = []
  const endsAt = performance.now() + milliseconds
  while (performance.now() < endsAt) {
    const parent = found[Math.floor(random() * found.length)]
    const unit: string[] = random() < 0.3 || parent === undefined ? [pick()] : JSON.parse(parent.text)
    const at = Math.floor(random() * (unit.length + 1))
    unit.splice(at, random() < 0.3 ? 1 : 0, ...(random() < 0.8 ? [pick()] : []))
    if (unit.length === 0 || unit.length > MAX_PIECES) continue
    const text = JSON.stringify(unit)
    if (found.some((one) => one.text === text)) continue
    const filled = fill(unit.join(''), SEARCHED_LENGTH, HOSTILE_ENDS[Math.floor(random() * HOSTILE_ENDS.length)])
    if (costOf(filled, 2) < (found.at(-1)?.nanoseconds ?? 0)) continue
    found = slowest([...found, { text, nanoseconds: costOf(filled) }]).slice()
  }
  return found
}

/** Numbers below 1, the same with each run (Lehmer's generator). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
