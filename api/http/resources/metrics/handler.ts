import type { Input, Sources } from '../../endpoints/input.js'
import { PlainText } from '../../endpoints/plain-text.js'
import { METRICS_TYPE } from './answer.js'

export async function showMetrics({ metrics }: Sources, { selectors }: Input<unknown>) {
  return { content: new PlainText(await metrics.text(selectors.length === 0), METRICS_TYPE), redactions: 0 }
}
