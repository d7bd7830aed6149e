import request from 'supertest'
import type { ReadEvent } from '../../../api/audit/event.js'
import { LogScrubber } from '../../../api/engine/log-scrubber.js'
import type { LogPage } from '../../../api/model/log-line.js'
import type { Scope } from '../../../api/model/scope.js'
import { REDACTED } from '../../../api/redaction/scrub.js'
import { createRig } from '../../support/app-parts.js'
import {
  decodeChanges,
  decodeContainers,
  decodeImages,
  decodeInspect,
  decodeNetworks,
  decodeTop,
  decodeVolumes,
  LineDecoder,
} from '../../support/decoded.js'
import { HAPPENED, idOf } from '../../support/fake-engine.js'
import { containerOf, type FakeView } from '../../support/fake-view.js'
import { tokenFor } from '../../support/tokens.js'

const ID = idOf('a')
const SCOPES: readonly Scope[] = ['containers:read', 'logs:read', 'events:read', 'system:read']
const WITH_PATHS: readonly Scope[] = [...SCOPES, 'security:read']
const PATH_LABEL = 'com.docker.compose.project.working_dir'

/** A view of decoded engine answers that hold each of these texts wherever a text may be. */
function fill(view: FakeView, text: string): void {
  const Labels = { note: text, other: text, [PATH_LABEL]: '/srv/shop' }
  const listed = {
    ...{ Id: ID, Names: ['/web'], Image: 'nginx', ImageID: 'sha256:1', Created: 1, State: 'running', Status: 'Up' },
    Labels,
  }
  view.all = decodeContainers([listed]).map((container) => containerOf(container))
  const inspected = decodeInspect({
    ...{ Id: ID, Name: '/web', Image: 'sha256:1', Created: '2026-11-24T00:00:00Z' },
    State: { Status: 'running', Running: true, Error: text, Health: { Log: [{ ExitCode: 0, Output: text }] } },
    Config: { Labels, Env: ['A=1', 'B=', 'C'], Cmd: ['sh', '-c', text] },
    HostConfig: {},
    Mounts: [{ Type: 'bind', Source: `/${text}`, Destination: '/data' }],
  })
  view.inspect = async () => inspected
  const bothHosts = { hostId: 'local', observedAt: 1_000, fault: null }
  view.answers.images = [{ ...bothHosts, value: decodeImages([{ Id: 'sha256:1', Labels }]) }]
  view.answers.networks = [{ ...bothHosts, value: decodeNetworks([{ Id: '1', Name: 'n', Labels, Options: Labels }]) }]
  const Options = { o: text, device: '/srv' }
  view.answers.volumes = [{ ...bothHosts, value: decodeVolumes({ Volumes: [{ Name: 'v', Labels, Options }] }) }]
  view.processes = decodeTop({ Titles: ['PID', 'CMD'], Processes: [['1', text]] })
  view.fileChanges = decodeChanges([{ Path: `/${text}`, Kind: 1 }])
  view.logPage = pageOf([text, 'plain'])
  const event = new LineDecoder().decode(
    JSON.stringify({ Type: 'container', Action: `exec_create: ${text}`, Actor: { ID, Attributes: {} }, timeNano: 5 }),
  )
  if (event !== null) view.events.openHost('local').record(event, HAPPENED)
}

function pageOf(messages: readonly string[]): LogPage {
  const scrubber = new LogScrubber()
  const lines = messages.map((message) =>
    scrubber.scrub({ at: '17.000000001', stream: 'stdout', message, isCut: false, parts: 1 }),
  )
  return { lines, isTruncated: false, redactions: lines.reduce((sum, { redactions }) => sum + redactions, 0) }
}

function rig(text: string) {
  const made = createRig()
  fill(made.view, text)
  const ask = async (path: string, scopes = WITH_PATHS, accept = 'application/json') => {
    const answer = await request(made.app)
      .get(path)
      .set('Authorization', `Bearer ${tokenFor({ scopes: [...scopes] })}`)
      .set('Accept', accept)
    expect(answer.status).toBe(200)
    return answer.text
  }
  const lastRead = () => made.audit.events.findLast((event): event is ReadEvent => event.kind === 'read')
  return { ...made, ask, lastRead }
}

/** With one secret in each text: redactions for a caller with `security:read`, and for one without. */
const HIDDEN: readonly (readonly [path: string, withPaths: number, without: number | null])[] = [
  ['/api/containers', 2, 3],
  [`/api/containers/${ID}`, 2 + 3 + 2 + 2, 2 + 3 + 2 + 1],
  [`/api/containers/${ID}/top`, 1, 1],
  [`/api/containers/${ID}/changes`, 1, null],
  [`/api/containers/${ID}/logs`, 1, 1],
  ['/api/events', 1, 1],
  ['/api/images', 2, 3],
  ['/api/networks', 4, 5],
  ['/api/volumes', 3, 5],
]

/** The same without secrets: what is hidden regardless of its content. */
const ALWAYS_HIDDEN = new Map([
  [`/api/containers/${ID}`, [3, 4]],
  ['/api/containers', [0, 1]],
  ['/api/images', [0, 1]],
  ['/api/networks', [0, 1]],
  ['/api/volumes', [0, 3]],
])

describe('the record of a read counts what is hidden', () => {
  test.each(HIDDEN)('in %s', async (path, withPaths, without) => {
    const { ask, lastRead } = rig('token=hunter2')
    const text = await ask(path)
    expect(text).not.toContain('hunter2')
    expect([lastRead()?.redactions, text.split(REDACTED).length - 1]).toEqual([withPaths, withPaths])
    if (without === null) return
    const shown = await ask(path, SCOPES)
    expect([lastRead()?.redactions, shown.split(REDACTED).length - 1]).toEqual([without, without])
  })

  test.each(HIDDEN)('and no text that reads [redacted], in %s', async (path, _withPaths, without) => {
    const { ask, lastRead } = rig(`${REDACTED} and ${REDACTED}`)
    const [withPaths = 0, alone = 0] = ALWAYS_HIDDEN.get(path) ?? []
    expect((await ask(path)).split(REDACTED).length - 1).toBeGreaterThan(withPaths)
    expect(lastRead()?.redactions).toBe(withPaths)
    if (without === null) return
    await ask(path, SCOPES)
    expect(lastRead()?.redactions).toBe(alone)
  })

  test.each(['text/plain', 'application/x-ndjson'])(
    'in a log as %s, and no line that reads [redacted]',
    async (type) => {
      const honest = rig('token=hunter2')
      expect(await honest.ask(`/api/containers/${ID}/logs`, SCOPES, type)).toContain(REDACTED)
      expect(honest.lastRead()?.redactions).toBe(1)
      const forged = rig(REDACTED)
      expect(await forged.ask(`/api/containers/${ID}/logs`, SCOPES, type)).toContain(REDACTED)
      expect(forged.lastRead()?.redactions).toBe(0)
    },
  )

  test('in an answer out of the cache as in the one that it was made for', async () => {
    const { ask, lastRead, view } = rig('token=hunter2')
    const counts = []
    for (let i = 0; i < 3; i += 1) {
      await ask('/api/containers', SCOPES)
      counts.push(lastRead()?.redactions)
      // Without another version the answer is not made anew.
      view.all = []
    }
    expect(counts).toEqual([3, 3, 3])
  })
})

describe('the record of a read names the container', () => {
  test('in full where it was read, and as it was asked for where it was refused', async () => {
    const { ask, app, lastRead } = rig('x')
    await ask(`/api/containers/${ID.slice(0, 12)}/logs`, SCOPES, 'text/plain')
    expect(lastRead()?.container).toBe(ID)
    const missing = 'f'.repeat(13)
    await request(app).get(`/api/containers/${missing}`).set('Authorization', `Bearer ${tokenFor()}`)
    expect(lastRead()).toMatchObject({ container: missing, code: 'container-not-found', status: 404 })
  })

  test('and none for a list, for any names of its items', async () => {
    const { ask, lastRead } = rig('x')
    for (const path of ['/api/containers', '/api/images']) {
      await ask(path)
      expect([path, lastRead()?.container]).toEqual([path, null])
    }
  })
})

describe('without a record there is no answer', () => {
  test('to a read, a refusal, a sign-out or a stream, where it is so configured', async () => {
    const { app, audit } = rig('x')
    audit.isBroken = true
    for (const path of ['/api/containers', `/api/containers/${ID}`, '/api/stats', '/api/stats/stream', '/api/audit']) {
      const answer = await request(app).get(path).set('Authorization', `Bearer ${tokenFor()}`)
      expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'audit-unavailable'])
      expect(answer.headers['retry-after']).toBeDefined()
      expect(answer.headers['etag']).toBeUndefined()
      expect(answer.text).not.toContain('"web"')
    }
    expect((await request(app).get('/health/live')).status).toBe(200)
    audit.isBroken = false
    expect((await request(app).get('/api/containers').set('Authorization', `Bearer ${tokenFor()}`)).status).toBe(200)
  })

  test.each(['/api/containers', '/api/stats/stream', `/api/containers/${ID}/stats/stream`, '/api/events/stream'])(
    'and the record of %s is lost once',
    async (path) => {
      const { app, audit } = rig('x')
      audit.isBroken = true
      expect((await request(app).get(path).set('Authorization', `Bearer ${tokenFor()}`)).status).toBe(503)
      expect(audit.lost).toBe(1)
    },
  )
})
