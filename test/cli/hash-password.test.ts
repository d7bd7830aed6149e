import { verifyPassword } from '../../api/auth/sign-in/password.js'
import { runCli } from '../support/cli.js'

const PASSWORD = 'correct horse battery'

describe('porthole hash-password', () => {
  test.each([[[]], [['--password-stdin']]])('with %j prints the hash of one line of standard input', async (args) => {
    const { code, stdout, stderr } = await runCli(['hash-password', ...args], { input: `${PASSWORD}\n` })
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}\n$/)
    expect(await verifyPassword(stdout.trim(), PASSWORD)).toBe(true)
  })

  test('refuses a password as an argument, and does not repeat it', async () => {
    const { code, stderr } = await runCli(['hash-password', 'hunter2 hunter2'])
    expect([code, stderr]).toEqual([
      2,
      'porthole: hash-password: takes options alone; see porthole hash-password --help\n',
    ])
  })
})
