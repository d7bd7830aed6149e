import { z } from 'zod'
import { CONTAINER_ID, instant, once, pageSize, text } from '../query-parts.js'

/** A page of audit records, which people read. */
const PAGE_SIZE = 100

const sequenceNumber = z
  .string()
  .regex(/^\d{1,15}$/, 'is not a nextCursor of this list')
  .transform(Number)
  .optional()

export const AUDIT_QUERY = z.strictObject({
  since: once(instant),
  until: once(instant),
  kind: once(z.enum(['read', 'auth', 'service']).optional()),
  action: once(text.optional()),
  decision: once(z.enum(['allow', 'deny']).optional()),
  subject: once(text.optional()),
  route: once(text.optional()),
  container: once(z.string().regex(CONTAINER_ID, 'must be 12 to 64 lower-case hexadecimal digits').optional()),
  requestId: once(text.optional()),
  limit: once(pageSize).transform((limit) => limit ?? PAGE_SIZE),
  cursor: once(sequenceNumber),
})
export type AuditQuery = z.output<typeof AUDIT_QUERY>
