import { createUsersRig } from '../support/users-rig.js'

let rig: ReturnType<typeof createUsersRig>
beforeEach(() => {
  rig = createUsersRig()
})
afterEach(() => rig.remove())

describe('porthole user remove', () => {
  test('removes one user and leaves the rest in order', async () => {
    for (const name of ['alice', 'bob', 'carol']) await rig.add(name)
    const { stdout } = await rig.porthole(['user', 'remove', '--name', 'bob'])
    expect(stdout).toBe(`removed bob from ${rig.file}\n`)
    expect(rig.names()).toEqual(['alice', 'carol'])
  })

  test.each([
    ['Alice', 'there is no such user'],
    ['alice', 'this is the last user'],
  ])('refuses %s: %s', async (name, reason) => {
    await rig.add('alice')
    const before = rig.read()
    const { code, stderr } = await rig.porthole(['user', 'remove', '--name', name])
    expect([code, stderr]).toEqual([1, expect.stringContaining(reason)])
    expect([rig.read(), rig.files()]).toEqual([before, ['users.json']])
  })

  test('says that the file does not exist', async () => {
    const { code, stderr } = await rig.porthole(['user', 'remove', '--name', 'x'])
    expect([code, stderr]).toEqual([1, `porthole: ${rig.file} does not exist; porthole user add makes it\n`])
  })
})
