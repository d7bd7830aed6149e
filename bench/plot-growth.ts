export interface GrowthRow {
  readonly containers: number
  readonly hosts: number
  /** Milliseconds from the start of the process to the first full page: every host live, every container inspected. */
  readonly coldStartMs: number
  readonly residentMegabytes: number
  readonly highestMegabytes: number
  /** Percent of one core, without requests. */
  readonly idleCpuPercent: number
  readonly listP50Ms: number
  readonly listP99Ms: number
  /** Milliseconds from the engine's change to an answer that shows it. */
  readonly visibleMs: number
  /** Seconds since the latest sample of the running container that was sampled least recently. */
  readonly oldestSampleSeconds: number
}

interface Panel {
  readonly title: string
  readonly unit: string
  readonly of: (row: GrowthRow) => number
}

const PANELS: readonly Panel[] = [
  { title: 'Memory (RSS)', unit: 'MB', of: ({ residentMegabytes }) => residentMegabytes },
  { title: 'CPU without requests', unit: '% of a core', of: ({ idleCpuPercent }) => idleCpuPercent },
  { title: 'List of 100, p99', unit: 'ms', of: ({ listP99Ms }) => listP99Ms },
  { title: 'Event to visible, slowest of 10', unit: 'ms', of: ({ visibleMs }) => visibleMs },
]

const [WIDTH, HEIGHT] = [380, 240]
const MARGIN = { left: 56, right: 16, top: 34, bottom: 38 }

/** An SVG of four small plots against the number of containers. Grey without a background, so that it reads on light and dark. */
export function plotGrowth(rows: readonly GrowthRow[]): string {
  const panels = PANELS.map((panel, i) => {
    const [x, y] = [(i % 2) * WIDTH, Math.floor(i / 2) * HEIGHT]
    return `<g transform="translate(${x} ${y})">${drawPanel(panel, rows)}</g>`
  })
  const size = `width="${WIDTH * 2}" height="${HEIGHT * 2}" viewBox="0 0 ${WIDTH * 2} ${HEIGHT * 2}"`
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="11" fill="#888">
<title>How one Porthole grows from 100 to 5,000 containers</title>
${panels.join('\n')}
</svg>
`
}

function drawPanel({ title, unit, of }: Panel, rows: readonly GrowthRow[]): string {
  const largest = Math.max(...rows.map(({ containers }) => containers))
  const top = roundUp(Math.max(...rows.map(of)))
  const x = (containers: number) => MARGIN.left + (containers / largest) * (WIDTH - MARGIN.left - MARGIN.right)
  const y = (value: number) => HEIGHT - MARGIN.bottom - (value / top) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const grid = [0, 0.5, 1].map((share) => {
    const at = y(share * top).toFixed(1)
    const line = `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${at}" y2="${at}" stroke="#8884"/>`
    return `${line}<text x="${MARGIN.left - 6}" y="${at}" dy="4" text-anchor="end">${share * top}</text>`
  })
  const ticks = [0, 0.5, 1].map(
    (share) =>
      `<text x="${x(share * largest).toFixed(1)}" y="${HEIGHT - MARGIN.bottom + 16}" text-anchor="middle">${share * largest}</text>`,
  )
  const points = rows.map((row) => `${x(row.containers).toFixed(1)},${y(of(row)).toFixed(1)}`)
  const dots = points.map((point) => {
    const [cx, cy] = point.split(',')
    return `<circle cx="${cx}" cy="${cy}" r="3" fill="#2a8"/>`
  })
  return [
    `<text x="${MARGIN.left}" y="18" font-size="13" font-weight="bold">${title}, ${unit}</text>`,
    ...grid,
    ...ticks,
    `<text x="${WIDTH - MARGIN.right}" y="${HEIGHT - 8}" text-anchor="end">containers</text>`,
    `<polyline points="${points.join(' ')}" fill="none" stroke="#2a8" stroke-width="2"/>`,
    ...dots,
  ].join('')
}

/** The next of 1, 2, 4 or 10 times a power of ten. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1e-9)))
  return power * ([1, 2, 4, 10].find((step) => value <= step * power) ?? 10)
}
