import { runCli } from '../support/cli.js'
import { SECRET } from '../support/tokens.js'

const SIGNING = { JWT_SECRET: SECRET }

describe('porthole serve', () => {
  test.each([['--demo'], ['--or-demo']])('refuses %s in production', async (flag) => {
    const { code, stderr } = await runCli(['serve', flag], { env: { ...SIGNING, NODE_ENV: 'production' } })
    expect([code, stderr.includes('NODE_ENV=production')]).toEqual([2, true])
  })

  test.each(['0', '5001', 'x', '-1'])('refuses to simulate %s containers', async (count) => {
    const { code, stderr } = await runCli(['serve', '--demo', `--demo-containers=${count}`], { env: SIGNING })
    expect([code, stderr.includes('1 to 5000')]).toEqual([2, true])
  })
})
