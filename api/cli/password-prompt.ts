import { passwordProblem } from '../auth/sign-in/password.js'
import { type Arguments, CommandFailure, type Io, type Keyboard, UsageError } from './command.js'

/** Bytes read from standard input: more than a password may have, so that a long one is refused with the reason. */
const MAX_INPUT_BYTES = 8_192

/** The bytes that a keyboard sends. */
const CTRL_C = '\u0003'
const CTRL_D = '\u0004'
const CTRL_U = '\u0015'
const ESCAPE = '\u001b'
const BACKSPACES = ['\b', '\u007f']

export const PASSWORD_OPTIONS = { 'password-stdin': { type: 'boolean' } } as const
export const PASSWORD_HELP = '--password-stdin       take the password from standard input, one line, and ask nothing'

/**
 * Reads a new password that is acceptable for this user: typed twice at a terminal, else one line of standard input. Never an
 * argument, because every process of the machine can read arguments and every shell stores them.
 */
export async function readNewPassword(command: string, given: Arguments, io: Io, name = ''): Promise<string> {
  const password = io.stdin.isTTY ? await ask(given.flag('password-stdin'), io) : await readLine(command, io.stdin)
  const problem = passwordProblem(password, name)
  if (problem !== null) throw new UsageError(`${command}: the password ${problem}`)
  return password
}

async function ask(isOnce: boolean, { stdin, stderr }: Io): Promise<string> {
  const write = (text: string) => stderr.write(text)
  const password = await askHidden('Password: ', stdin, write)
  if (!isOnce && (await askHidden('Once more: ', stdin, write)) !== password)
    throw new CommandFailure('the two passwords differ; nothing was changed')
  return password
}

/** Asks without echo. Echo is off before the question appears, and the terminal is restored on every path. */
export function askHidden(question: string, keyboard: Keyboard, write: (text: string) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let typed: readonly string[] = []
    const finish = () => {
      keyboard.off('data', onKeys)
      keyboard.setRawMode(false)
      keyboard.pause()
      write('\n')
    }
    const onKeys = (keys: string) => {
      // Arrow and function keys arrive as one chunk. Split, half of one would become part of the password.
      if (keys.startsWith(ESCAPE)) return
      for (const key of keys) {
        if (key === '\r' || key === '\n') {
          finish()
          resolve(typed.join(''))
          return
        }
        if (key === CTRL_C || key === CTRL_D) {
          finish()
          reject(new CommandFailure('interrupted; nothing was changed'))
          return
        }
        if (key === CTRL_U) typed = []
        else if (BACKSPACES.includes(key)) typed = typed.slice(0, -1)
        else typed = [...typed, key]
      }
    }
    keyboard.setEncoding('utf8')
    keyboard.setRawMode(true)
    keyboard.on('data', onKeys)
    keyboard.resume()
    write(question)
  })
}

/** Reads to the end of the input, and strips the final line break. */
async function readLine(command: string, input: AsyncIterable<Buffer | string>): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input) {
    chunks.push(Buffer.from(chunk))
    length += chunk.length
    if (length > MAX_INPUT_BYTES) throw new UsageError(`${command}: standard input is longer than any password`)
  }
  const text = decode(Buffer.concat(chunks))
  if (text === null) throw new UsageError(`${command}: the password is not UTF-8`)
  const line = text.replace(/\r?\n$/, '')
  if (line === '') throw new UsageError(`${command}: standard input holds no password; it takes one line`)
  if (line.includes('\n')) throw new UsageError(`${command}: standard input holds more than one line`)
  return line
}

function decode(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
