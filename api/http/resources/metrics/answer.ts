import { z } from 'zod'

/** Prometheus' text format, version 0.0.4. */
export const METRICS = z.string()

/** Its Content-Type. */
export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
