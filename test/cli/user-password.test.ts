import { verifyPassword } from '../../api/auth/sign-in/password.js'
import { createUsersRig, PASSWORD } from '../support/users-rig.js'

let rig: ReturnType<typeof createUsersRig>
beforeEach(() => {
  rig = createUsersRig()
})
afterEach(() => rig.remove())

describe('porthole user password', () => {
  test('changes the password alone', async () => {
    await rig.add('alice', '--containers', 'team=web')
    const [before] = rig.entries()
    const args = ['user', 'password', '--name', 'alice']
    const { stdout } = await rig.porthole(args, 'another horse entirely\r\n')
    expect(stdout).toBe(`changed the password of alice in ${rig.file}\n`)
    const [after] = rig.entries()
    expect({ ...after, passwordHash: '' }).toEqual({ ...before, passwordHash: '' })
    expect(await verifyPassword(after?.passwordHash ?? '', 'another horse entirely')).toBe(true)
    expect(await verifyPassword(after?.passwordHash ?? '', PASSWORD)).toBe(false)
  })

  test('refuses an unknown user', async () => {
    await rig.add('alice')
    const { code, stderr } = await rig.porthole(['user', 'password', '--name', 'bob'])
    expect([code, stderr]).toEqual([1, expect.stringContaining('there is no such user')])
  })

  test('says that the file does not exist', async () => {
    const { code, stderr } = await rig.porthole(['user', 'password', '--name', 'x'])
    expect([code, stderr]).toEqual([1, `porthole: ${rig.file} does not exist; porthole user add makes it\n`])
  })
})
