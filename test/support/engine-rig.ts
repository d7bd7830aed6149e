import type { Socket } from 'node:net'
import { createDockerodeEngine, type DockerodeEngineOptions } from '../../api/engine/dockerode.js'
import type { Engine } from '../../api/engine/engine.js'
import { type Answer, answerWith, type FaultServer, startFaultServer } from './fault-server.js'
import { fixture, JOB, WEB } from './recorded-answers.js'

/** Docker 20.10 as it was recorded. */
const RECORDED: Readonly<Record<string, string>> = {
  '/version': fixture('docker-20.10-version.json'),
  '/info': fixture('docker-20.10-info.json'),
  '/containers/json': fixture('docker-20.10-list.json'),
  [`/containers/${WEB}/json`]: fixture('docker-20.10-inspect.json'),
  [`/containers/${WEB}/stats`]: fixture('docker-20.10-cgroup1-stats-one-shot.json'),
  [`/containers/${JOB}/stats`]: fixture('docker-20.10-stats-exited.json'),
}

/** Answers as that engine did. */
export function answerRecorded(socket: Socket, head: string): void {
  const path = /^GET ([^? ]+)/.exec(head)?.[1] ?? ''
  const body = RECORDED[path]
  if (path === '/_ping') socket.write(answerWith(200, 'OK', 'text/plain'))
  else if (body !== undefined) socket.write(answerWith(200, body))
  else socket.write(answerWith(404, '{"message":"No such container"}'))
}

/** Our engine over a server that answers as the test says. */
export class EngineRig {
  readonly #opened: { close(): unknown }[] = []

  async start(answer: Answer, options?: DockerodeEngineOptions): Promise<{ server: FaultServer; engine: Engine }> {
    const server = await startFaultServer(answer)
    const engine = createDockerodeEngine(server.endpoint, options)
    this.#opened.push(server, engine)
    return { server, engine }
  }

  /** Closes all that it started, the last first. */
  async stop(): Promise<void> {
    for (const one of this.#opened.splice(0).reverse()) await one.close()
  }
}

export const never = () => new AbortController().signal
