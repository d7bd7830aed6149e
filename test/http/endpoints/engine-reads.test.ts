import { type ClientRequest, get as httpGet } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MAX_ENGINE_READS_PER_PARTY, MAX_WAIT_FOR_TURN_MS } from '../../../api/http/endpoints/engine-reads.js'
import type { ProcessList } from '../../../api/model/process.js'
import { createRig } from '../../support/app-parts.js'
import { cleanupAfterEach } from '../../support/cleanup.js'
import { FakeClock } from '../../support/fake-clock.js'
import { idOf } from '../../support/fake-engine.js'
import { containerOf } from '../../support/fake-view.js'
import { tokenFor as tokenAt } from '../../support/tokens.js'
import { until } from '../../support/until.js'

const cleanup = cleanupAfterEach()
const TOP = `/api/containers/${idOf('a')}/top`

interface Asked {
  readonly request: ClientRequest
  readonly answer: Promise<{ readonly status: number; readonly retryAfter: string | undefined; readonly text: string }>
}

/** An app over an engine that answers when the test says so. */
function rig() {
  const clock = new FakeClock()
  const made = createRig({ clock })
  made.view.all = [containerOf({ id: idOf('a') })]
  const held: (() => void)[] = []
  made.view.top = () =>
    new Promise<ProcessList>((resolve) =>
      held.push(() => resolve({ processes: [], redactions: 0, isTruncated: false })),
    )
  const server = made.app.listen(0)
  cleanup(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const ask = (subject: string, path = TOP): Asked => {
    const headers = { authorization: `Bearer ${tokenAt({ subject }, clock.now())}` }
    const request = httpGet({ port, path, headers, agent: false })
    const answer: Asked['answer'] = new Promise((resolve, reject) => {
      request.on('error', reject)
      request.on('response', (response) => {
        let text = ''
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString()
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'], text }),
        )
      })
    })
    return { request, answer }
  }
  return { ...made, clock, held, ask }
}

describe('reads that wait for an engine', () => {
  test('are eight at once of one subject; one more waits 2 s for its turn, and another subject not at all', async () => {
    const { ask, held, clock, audit } = rig()
    const first = Array.from({ length: MAX_ENGINE_READS_PER_PARTY }, () => ask('greedy'))
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY)
    const over = ask('greedy')
    await until(() => clock.pending === 1)
    const other = ask('modest')
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY + 1)
    held[MAX_ENGINE_READS_PER_PARTY]?.()
    expect((await other.answer).status).toBe(200)
    await clock.advance(MAX_WAIT_FOR_TURN_MS - 1)
    expect(clock.pending).toBe(1)
    await clock.advance(1)
    const refused = await over.answer
    expect([refused.status, refused.retryAfter]).toEqual([503, '2'])
    expect(JSON.parse(refused.text)).toMatchObject({
      code: 'engine-unavailable',
      detail: expect.stringMatching(/^8 of your requests wait for an engine already/),
    })
    expect(audit.events.at(-1)).toMatchObject({ kind: 'read', subject: 'greedy', code: 'engine-unavailable' })
    for (const answer of held) answer()
    for (const { answer } of first) expect((await answer).status).toBe(200)
  })

  test('start as soon as one before them is answered', async () => {
    const { ask, held, clock } = rig()
    for (let i = 0; i < MAX_ENGINE_READS_PER_PARTY; i += 1) ask('greedy')
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY)
    const next = ask('greedy')
    await until(() => clock.pending === 1)
    held[0]?.()
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY + 1)
    for (const answer of held) answer()
    expect((await next.answer).status).toBe(200)
    expect(clock.pending).toBe(0)
  })

  test('end with a client that goes away: no read, no record, no turn lost', async () => {
    const { ask, held, clock, audit } = rig()
    for (let i = 0; i < MAX_ENGINE_READS_PER_PARTY; i += 1) ask('greedy')
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY)
    const gone = ask('greedy')
    gone.answer.catch(() => {})
    await until(() => clock.pending === 1)
    const records = audit.events.length
    gone.request.destroy()
    await until(() => clock.pending === 0)
    const next = ask('greedy')
    await until(() => clock.pending === 1)
    expect(audit.events).toHaveLength(records)
    held[0]?.()
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY + 1)
    for (const answer of held) answer()
    expect((await next.answer).status).toBe(200)
  })

  test('do not keep what memory answers waiting', async () => {
    const { ask, held } = rig()
    for (let i = 0; i < MAX_ENGINE_READS_PER_PARTY; i += 1) ask('greedy')
    await until(() => held.length === MAX_ENGINE_READS_PER_PARTY)
    for (const path of ['/api/containers', '/api/stats', '/api/images', '/api/system'])
      expect([path, (await ask('greedy', path).answer).status]).toEqual([path, 200])
    for (const answer of held) answer()
  })
})
