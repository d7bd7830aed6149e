import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { type Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { makeCertificates } from './certificates.js'
import { freePort } from './free-port.js'

const START_MS = 5_000
const FRONTS = join(process.cwd(), 'deploy/fronts')
const HOSTNAME = 'porthole.example.com'

export type FrontName = 'nginx' | 'haproxy'

/** What a request is sent with. */
export interface Sending {
  readonly from?: string
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly agent?: Agent
}

export interface TlsFront {
  readonly port: number
  /** One request over HTTP/1.1, on a connection of its own unless it has an agent. */
  open(path: string, sending?: Sending): Promise<IncomingMessage>
  /** A bare connection, for what no client library sends. */
  dial(): Promise<TLSSocket>
  stop(): Promise<void>
}

/**
 * Debian's own nginx or HAProxy, over HTTPS on 127.0.0.1, with the configuration that deploy/fronts/ has for operators:
 * nothing is changed in it but ports, paths of certificates, the clients' network and the pace.
 */
export async function startTlsFront(name: FrontName, backendPort: number): Promise<TlsFront> {
  const port = await freePort()
  const dir = mkdtempSync(join(tmpdir(), 'phf-'))
  const certificates = makeCertificates()
  const { cert, key } = certificates.authority(HOSTNAME, `subjectAltName=DNS:${HOSTNAME}`)
  certificates.remove()
  for (const [file, content] of Object.entries({ 'tls-cert.pem': cert, 'tls-key.pem': key, 'tls.pem': cert + key }))
    writeFileSync(join(dir, file), content)
  const own = readFileSync(join(FRONTS, name === 'nginx' ? 'nginx.conf' : 'haproxy.cfg'), 'utf8')
    .replace('127.0.0.1:3000', `127.0.0.1:${backendPort}`)
    .replaceAll('/etc/porthole/', `${dir}/`)
    .replace('listen 443', `listen 127.0.0.1:${port}`)
    .replace('bind :443', `bind 127.0.0.1:${port}`)
    .replace('10.0.0.0/8', '127.0.7.0/24')
    .replace('rate=20r/s', 'rate=1000r/s')
    .replace('gt 40', 'gt 1000')
  const file = join(dir, 'front.conf')
  writeFileSync(file, name === 'nginx' ? aroundNginx(own, dir) : own)
  const command = name === 'nginx' ? ['nginx', '-p', dir, '-c', file] : ['haproxy', '-db', '-f', file]
  // A test runner that is killed takes it along.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...command], {
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += String(chunk)
    })
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve())
    child.once('error', () => resolve())
  })
  const dial = () =>
    new Promise<TLSSocket>((resolve, reject) => {
      // From an address that is let in; half-closing is for the test to decide.
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca: cert,
        servername: HOSTNAME,
        ...{ localAddress: '127.0.7.9' },
      })
      socket.once('secureConnect', () => resolve(socket))
      socket.once('error', reject)
    })
  const stop = async () => {
    child.kill('SIGTERM')
    await ended
    rmSync(dir, { recursive: true, force: true })
  }
  if (!(await accepts(child, dial))) {
    await stop()
    throw new Error(`${name} does not start: ${output}`)
  }
  return {
    port,
    dial,
    stop,
    open: (path, { from = '127.0.7.1', method = 'GET', headers, body, agent } = {}) =>
      new Promise((resolve, reject) => {
        const place = { host: '127.0.0.1', port, localAddress: from, ca: cert, servername: HOSTNAME }
        const named = { Host: HOSTNAME, ...headers }
        const asked = request({ ...place, path, method, headers: named, agent: agent ?? false }, resolve)
        asked.on('error', reject)
        asked.end(body)
      }),
  }
}

/** What Debian has around the files of conf.d, without a folder of the machine's. */
function aroundNginx(own: string, dir: string): string {
  for (const name of ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']) mkdirSync(join(dir, name), { mode: 0o777 })
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(dir, name === 'client_body' ? 'body' : name)};`,
  )
  return `daemon off;
worker_processes 1;
pid ${dir}/nginx.pid;
error_log stderr;
events { worker_connections 1024; }
http {
${folders.join('\n')}
${own}
}
`
}

async function accepts(child: ChildProcess, dial: () => Promise<TLSSocket>): Promise<boolean> {
  const deadline = Date.now() + START_MS
  while (child.pid !== undefined && child.exitCode === null && Date.now() < deadline) {
    const socket = await dial().catch(() => null)
    if (socket !== null) {
      socket.destroy()
      return true
    }
    await sleep(50)
  }
  return false
}
