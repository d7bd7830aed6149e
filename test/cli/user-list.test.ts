import { createUsersRig } from '../support/users-rig.js'

let rig: ReturnType<typeof createUsersRig>
beforeEach(() => {
  rig = createUsersRig()
})
afterEach(() => rig.remove())

describe('porthole user list', () => {
  test('prints what each user may read, as a table and as JSON, and no hash', async () => {
    await rig.add('alice', '--containers', 'team=web\x1b[2J')
    await rig.add('bob', '--scope', 'logs:read')
    const people = await rig.porthole(['user', 'list'])
    const machines = await rig.porthole(['user', 'list', '--json'])
    expect(people.stdout).toBe(
      'NAME   MAY READ          CONTAINERS\nalice  viewer            team=web?[2J\nbob    viewer logs:read  all\n',
    )
    expect(JSON.parse(machines.stdout)).toEqual([
      { name: 'alice', roles: ['viewer'], scopes: [], containers: ['team=web\x1b[2J'] },
      { name: 'bob', roles: ['viewer'], scopes: ['logs:read'], containers: [] },
    ])
    expect(people.stdout + machines.stdout).not.toContain('argon2')
  })

  test('says that the file does not exist', async () => {
    const { code, stderr } = await rig.porthole(['user', 'list'])
    expect([code, stderr]).toEqual([1, `porthole: ${rig.file} does not exist; porthole user add makes it\n`])
  })
})
