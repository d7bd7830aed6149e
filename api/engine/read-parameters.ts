/** Writes a parameter's value into the target; null where the value is not on the list. */
export type WriteParameter = (value: unknown) => string | null

/**
 * Ids in one filter. 64 hex digits and their quotes are 73 bytes when escaped; HAProxy takes a head of 16 KiB by
 * default.
 */
export const MAX_FILTER_IDS = 100

const CONTAINER_ID = /^[0-9a-f]{64}$/

export const yes: WriteParameter = (value) => (value === true || value === 1 ? 'true' : null)

export const no: WriteParameter = (value) => (value === false || value === 0 ? 'false' : null)

export const yesOrNo: WriteParameter = (value) => yes(value) ?? no(value)

/** The last so many lines, or `all`. */
export const lineCount: WriteParameter = (value) => {
  if (value === 'all') return value
  return Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : null
}

/** The engine's clock: seconds since 1970, with nanoseconds after a point. */
export const moment: WriteParameter = (value) => {
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && /^\d{1,12}(?:\.\d{1,9})?$/.test(text) ? text : null
}

export const containerIds: WriteParameter = (value) =>
  filter(
    value,
    'id',
    (ids) => ids.length <= MAX_FILTER_IDS && ids.every((id) => typeof id === 'string' && CONTAINER_ID.test(id)),
  )

export const containersOnly: WriteParameter = (value) =>
  filter(value, 'type', (types) => types.length === 1 && types[0] === 'container')

/** A filter object with one list under one name. */
function filter(value: unknown, name: string, accepts: (values: readonly unknown[]) => boolean): string | null {
  if (typeof value !== 'object' || value === null || Object.keys(value).join() !== name) return null
  const list = (value as Readonly<Record<string, unknown>>)[name]
  // Written from a copy: what is sent is what was looked at, whatever a getter or a toJSON would answer next.
  const copy = Array.isArray(list) ? [...list] : []
  return copy.length > 0 && accepts(copy) ? JSON.stringify({ [name]: copy }) : null
}
