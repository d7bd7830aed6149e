import { COMMANDS } from '../../api/cli/commands.js'
import { runCli } from '../support/cli.js'

describe('porthole', () => {
  test.each([[['--help']], [['-h']], [['help']]])('%j lists every command, with exit code 0', async (args) => {
    const { code, stdout, stderr } = await runCli(args)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Usage: porthole')
    for (const { name, purpose } of COMMANDS) expect(stdout).toContain(`  ${name.padEnd(14)}${purpose}\n`)
  })

  test.each(COMMANDS.map(({ name }) => [name]))('%s --help prints how it is used, with exit code 0', async (name) => {
    const { code, stdout } = await runCli([...name.split(' '), '--help'])
    expect([code, stdout.startsWith(`Usage: porthole ${name}`)]).toEqual([0, true])
  })

  test.each(COMMANDS.map((entry) => [entry.name, entry] as const))('%s is loaded by its name', async (name, entry) => {
    expect((await entry.load()).name).toBe(name)
  })

  test('prints the overview if no command is named, with exit code 2', async () => {
    const { code, stdout } = await runCli([])
    expect([code, stdout.includes('Usage: porthole')]).toEqual([2, true])
  })

  test.each([[['fly']], [['token']], [['token', 'destroy']], [['user']]])('%j is a usage error', async (args) => {
    const { code, stdout, stderr } = await runCli(args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^porthole: there is no command .+ see porthole --help\n$/)
  })
})
