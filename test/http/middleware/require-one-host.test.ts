import { createServer } from 'node:http'
import { requireOneHost } from '../../../api/http/middleware/require-one-host.js'
import { listen } from '../../../api/http/server.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { appOf } from '../../support/middleware-app.js'
import { sendRaw, statusesIn } from '../../support/raw-http.js'

const cleanup = cleanupAfterEach()

async function answerTo(...fields: readonly string[]): Promise<string> {
  const server = createServer({ requireHostHeader: false }, appOf([requireOneHost()]))
  cleanup(() => server.close())
  const port = await listen(server, '127.0.0.1', 0)
  return sendRaw(port, `${['GET / HTTP/1.1', ...fields].join('\r\n')}\r\n\r\n`)
}

test('lets a request with one Host pass', async () => {
  expect(statusesIn(await answerTo('Host: x', 'Connection: close'))).toEqual([200])
})

test.each([
  ['no Host', []],
  ['two', ['Host: x', 'Host: y']],
  ['the same twice', ['Host: x', 'HOST: x']],
])('refuses %s, and closes the connection', async (_what, fields) => {
  const text = await answerTo(...fields)
  expect(statusesIn(text)).toEqual([400])
  expect(text).toMatch(/^Connection: close\r$/m)
  expect(text).toContain('A request carries exactly one Host field.')
})
