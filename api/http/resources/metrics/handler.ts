import type { Input, Sources } from '../../endpoints/input.js'
import { PlainText } from '../../endpoints/plain-text.js'

export async function showMetrics({ metrics }: Sources, { selectors }: Input<unknown>) {
  return new PlainText(await metrics.text(selectors.length === 0), METRICS_TYPE)
}

/** Prometheus' text format. */
const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
