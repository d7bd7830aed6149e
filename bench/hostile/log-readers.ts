// One client follows the log at URL and CONTAINER, and one reads its last 100 lines again and again, both with TOKEN.
import { get } from 'node:http'
import { setPriority } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'

const LEAST_PRIORITY = 19
const AGAIN_MS = 100

setPriority(LEAST_PRIORITY)
const { URL: url = '', TOKEN: token = '', CONTAINER: id = '' } = process.env
const headers = { authorization: `Bearer ${token}` }
console.log('started')
await Promise.all([forever(`/api/containers/${id}/logs/stream?tail=1`), forever(`/api/containers/${id}/logs?tail=100`)])

async function forever(path: string): Promise<void> {
  for (;;) {
    await new Promise<void>((resolve) => {
      get(`${url}${path}`, { headers, agent: false }, (answer) => answer.resume().on('close', resolve)).on(
        'error',
        () => resolve(),
      )
    })
    await wait(AGAIN_MS)
  }
}
