import type { Socket } from 'node:net'

interface Output {
  /** Bytes whose write has ended, and those that the kernel has not taken of the write under way. */
  readonly written: number
  readonly queued: number
  /** Milliseconds: when it was first seen to stand there. */
  readonly since: number
}

/**
 * Drops clients that read nothing of what they asked for. Node's own timeout takes two periods for that, and each byte that the
 * client sends or is sent begins it anew. A client that is slow but reads is never dropped, nor is a connection where no output
 * waits: a request may wait for an engine.
 */
export class OutputWatch {
  readonly #patienceMs: number
  readonly #outputs = new WeakMap<Socket, Output>()

  /** `patienceMs`: how long output may stand still. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs
  }

  /** Destroys the sockets whose output has stood still for too long. */
  check(sockets: Iterable<Socket>, now: number): void {
    for (const socket of sockets) {
      if (socket.writableLength === 0) {
        this.#outputs.delete(socket)
        continue
      }
      const written = socket.bytesWritten - socket.writableLength
      const queued = queuedBytes(socket)
      const known = this.#outputs.get(socket)
      if (known === undefined || known.written !== written || known.queued !== queued)
        this.#outputs.set(socket, { written, queued, since: now })
      else if (now - known.since >= this.#patienceMs) socket.destroy()
    }
  }
}

/**
 * One write may be megabytes and take a slow reader minutes. How far it has come is known to the handle alone: net.Socket asks it
 * in the same way before its own timeout, and shows it nowhere. Without it, a write would count as a whole.
 */
function queuedBytes(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  const queued: unknown = typeof handle === 'object' && handle !== null ? Reflect.get(handle, 'writeQueueSize') : 0
  return typeof queued === 'number' ? queued : 0
}
