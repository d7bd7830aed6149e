/** What the tests hide, and no answer may show. */
export const SECRET = /hunter2|s3cr3t/

/** Maps as JSON, so that a search sees what they hold. */
export function dump(value: unknown): string {
  return JSON.stringify(value, (_key, member) => (member instanceof Map ? [...member] : member))
}

export function faultOf(decode: () => unknown): Error {
  try {
    decode()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('decoded')
}
