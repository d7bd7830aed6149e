import type { IncomingMessage } from 'node:http'

/** All values of a header field, unchanged: `req.headers` drops all but the first. `name` is in lower case. */
export function fieldValues({ rawHeaders }: IncomingMessage, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < rawHeaders.length; i += 2)
    if (rawHeaders[i]?.toLowerCase() === name) values.push(rawHeaders[i + 1] ?? '')
  return values
}
