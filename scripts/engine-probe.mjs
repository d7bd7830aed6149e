// Which real engine the tests may use: prints one line of JSON, `{ socketPath, version, apiVersion }` or `{ reason }`.
// Jest collects tests synchronously, so test/support/dockerd.ts runs this as a process and waits for it.
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { pathToFileURL } from 'node:url'

/** An engine on this machine answers these three in milliseconds, even with a hundred containers; a busy machine takes longer. */
const ANSWER_MS = 5_000

export async function findEngine(env) {
  const named = env.PORTHOLE_TEST_ENGINE ? 'PORTHOLE_TEST_ENGINE' : env.DOCKER_HOST ? 'DOCKER_HOST' : null
  const candidates = named
    ? [env[named]]
    : [`${env.PORTHOLE_ENGINE_DIR || `${env.TMPDIR || tmpdir()}/porthole-engine`}/docker.sock`, '/var/run/docker.sock']
  const reasons = []
  for (const candidate of candidates) {
    const answer = await probe(candidate.replace(/^unix:\/\//, ''))
    if ('socketPath' in answer) return answer
    reasons.push(named ? `${answer.reason} (${named})` : answer.reason)
  }
  return { reason: `${reasons.join('; ')}: scripts/engine up starts one` }
}

async function probe(socketPath) {
  if (!socketPath.startsWith('/')) return { reason: `${socketPath} is not a unix socket` }
  try {
    await get(socketPath, '/_ping')
    const version = JSON.parse(await get(socketPath, '/version'))
    const filters = encodeURIComponent(JSON.stringify({ label: ['porthole.fixture=true'] }))
    const fixtures = JSON.parse(await get(socketPath, `/containers/json?filters=${filters}`))
    // A developer's own engine: no test may make containers there, and no test would find what it looks for.
    if (fixtures.length === 0) return { reason: `the engine at unix://${socketPath} runs no fixture containers` }
    return { socketPath, version: version.Version, apiVersion: version.ApiVersion }
  } catch (error) {
    return { reason: `no engine answers at unix://${socketPath} (${error.code ?? error.message})` }
  }
}

function get(socketPath, path) {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, path, agent: false, signal: AbortSignal.timeout(ANSWER_MS) }, (answer) => {
      let body = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => {
        body += chunk
      })
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve(body)
        else reject(new Error(`status ${answer.statusCode}`))
      })
    })
    outgoing.on('error', reject)
    outgoing.end()
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  console.log(JSON.stringify(await findEngine(process.env)))
}
