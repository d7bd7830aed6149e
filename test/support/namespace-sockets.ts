import { type SendHandle, spawn } from 'node:child_process'
import { Server, Socket } from 'node:net'
import { join } from 'node:path'

export interface Destination {
  readonly host: string
  readonly port: number
  /** The client's own address, where the namespace has several. */
  readonly localAddress?: string
}

export interface Listener {
  readonly server: Server
  readonly port: number
}

/** Sockets of another network namespace, for this process to use. */
export interface NamespaceSockets {
  /** Rejects with the error of connect(2), its code included. */
  connect(to: Destination): Promise<Socket>
  /** Listens on a free port of the address. */
  listen(address: string): Promise<Listener>
  /** Sockets that are open stay open. */
  close(): void
}

interface Opened {
  readonly id: number
  readonly port?: number
  readonly error?: { readonly code: string; readonly message: string }
}

/** Needs root. `path`: where the namespace is mounted, or a `/proc/PID/ns/net`. */
export function openSocketsIn(path: string): NamespaceSockets {
  // A test runner that is killed takes it along.
  const command = ['--pdeathsig', 'TERM', '--', 'nsenter', `--net=${path}`, '--', process.execPath]
  const child = spawn('setpriv', [...command, join(__dirname, 'socket-opener.mjs')], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, Waiter>()
  let asked = 0

  child.on('message', (message, handle) => {
    const { id, error, port } = message as Opened
    const waiter = waiting.get(id)
    waiting.delete(id)
    if (error !== undefined) waiter?.reject(Object.assign(new Error(error.message), { code: error.code }))
    else waiter?.resolve({ handle, port })
  })
  const failAll = (reason: string) => {
    for (const { reject } of waiting.values()) reject(new Error(reason))
    waiting.clear()
  }
  child.on('error', ({ message }) => failAll(message))
  child.on('exit', () => failAll(`the process in ${path} has ended`))

  function ask(what: object): Promise<Handed> {
    asked += 1
    const id = asked
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      child.send({ id, ...what }, (error) => {
        if (error !== null) failAll(error.message)
      })
    })
  }

  return {
    async connect(to) {
      const { handle } = await ask({ connectTo: to })
      if (!(handle instanceof Socket)) throw new Error('the kernel did not hand the socket over')
      return handle
    },
    async listen(address) {
      const { handle, port } = await ask({ listenOn: address })
      if (!(handle instanceof Server) || port === undefined) throw new Error('the kernel did not hand the server over')
      return { server: handle, port }
    },
    close: () => {
      if (child.connected) child.disconnect()
    },
  }
}

interface Handed {
  readonly handle: SendHandle | undefined
  readonly port: number | undefined
}

interface Waiter {
  resolve(handed: Handed): void
  reject(error: Error): void
}
