import type { Keyboard } from '../../api/cli/command.js'
import { askHidden } from '../../api/cli/password-prompt.js'

/** A terminal whose keyboard is the test. */
class FakeTerminal implements Keyboard {
  readonly seen: string[] = []
  isRaw = false
  isOpen = false
  #listeners: ((keys: string) => void)[] = []

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw
  }

  setEncoding(): void {}

  on(_event: 'data', listener: (keys: string) => void): void {
    this.#listeners.push(listener)
  }

  off(_event: 'data', listener: (keys: string) => void): void {
    this.#listeners = this.#listeners.filter((other) => other !== listener)
  }

  resume(): void {
    this.isOpen = true
  }

  pause(): void {
    this.isOpen = false
  }

  ask(): Promise<string> {
    return askHidden('Password: ', this, (text) => {
      if (text !== '\n') expect(this.isRaw).toBe(true)
      this.seen.push(text)
    })
  }

  type(...keys: string[]): void {
    for (const key of keys) for (const listener of this.#listeners) listener(key)
  }
}

describe('askHidden', () => {
  test.each<[string, string[], string]>([
    ['what is typed key by key', ['a', 'b', 'c', '\r'], 'abc'],
    ['what is pasted with its line break', ['a b c\n'], 'a b c'],
    ['what is left after backspaces', ['a', '\x7f', '\x7f', 'b', 'c', '\b', '\r'], 'b'],
    ['one character less after a backspace, not half of one', ['\u{1F40E}\u{1F50B}', '\x7f', '\r'], '\u{1F40E}'],
    ['what follows Ctrl-U', ['wrong', '\x15', 'right', '\r'], 'right'],
    ['no arrow and no function key', ['a', '\x1b[A', '\x1bOP', 'b', '\r'], 'ab'],
    ['nothing', ['\r'], ''],
  ])('gives %s, and shows none of it', async (_what, keys, expected) => {
    const terminal = new FakeTerminal()
    const asked = terminal.ask()
    terminal.type(...keys)
    expect(await asked).toBe(expected)
    expect(terminal.seen).toEqual(['Password: ', '\n'])
    expect([terminal.isRaw, terminal.isOpen]).toEqual([false, false])
  })

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('gives up on %s, and puts the terminal back', async (_what, key) => {
    const terminal = new FakeTerminal()
    const asked = terminal.ask()
    terminal.type('secret', key)
    await expect(asked).rejects.toThrow(/^interrupted; nothing was changed$/)
    expect([terminal.isRaw, terminal.isOpen]).toEqual([false, false])
  })
})
