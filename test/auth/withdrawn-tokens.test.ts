import { WithdrawnTokenFile } from '../../api/auth/withdrawn-tokens.js'

function rig() {
  const file = { text: 'stolen', stamp: '1', fault: null as Error | null, stampFault: null as Error | null }
  const complaints: unknown[] = []
  const withdrawn = new WithdrawnTokenFile(
    {
      read: () => {
        if (file.fault !== null) throw file.fault
        return file.text
      },
      stamp: () => {
        if (file.stampFault !== null) throw file.stampFault
        return file.stamp
      },
    },
    (error) => complaints.push(error),
  )
  return { file, withdrawn, complaints }
}

describe('WithdrawnTokenFile', () => {
  test('reads again after a fault that passes, with nothing lost', () => {
    const { file, withdrawn, complaints } = rig()
    file.fault = new Error('EMFILE')
    expect(withdrawn.refresh()).toBe(false)
    expect(withdrawn.has('stolen')).toBe(false)
    file.fault = null
    expect(withdrawn.refresh()).toBe(true)
    expect(withdrawn.has('stolen')).toBe(true)
    expect(complaints).toHaveLength(1)
  })

  test.each(['fault', 'stampFault'] as const)('goes on to hold what it held, and complains once, at a %s', (kind) => {
    const { file, withdrawn, complaints } = rig()
    withdrawn.refresh()
    file[kind] = new Error('EACCES')
    file.stamp = '2'
    for (let i = 0; i < 5; i += 1) expect(withdrawn.refresh()).toBe(false)
    expect(withdrawn.has('stolen')).toBe(true)
    expect(complaints).toHaveLength(1)
    file[kind] = null
    expect(withdrawn.refresh()).toBe(true)
    file[kind] = new Error('EACCES')
    file.stamp = '3'
    withdrawn.refresh()
    expect(complaints).toHaveLength(2)
  })

  test('goes on to hold when the file is gone, and looks at one that comes back', () => {
    const { file, withdrawn } = rig()
    withdrawn.refresh()
    file.stamp = ''
    expect(withdrawn.refresh()).toBe(false)
    expect(withdrawn.has('stolen')).toBe(true)
    file.text = 'another'
    file.stamp = '1'
    expect(withdrawn.refresh()).toBe(true)
    expect([withdrawn.has('stolen'), withdrawn.has('another')]).toEqual([false, true])
  })

  test('has nothing new while nothing has changed', () => {
    const { withdrawn } = rig()
    expect([withdrawn.refresh(), withdrawn.refresh()]).toEqual([true, false])
  })
})
