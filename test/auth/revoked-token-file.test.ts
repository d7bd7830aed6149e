import { RevokedTokenFile } from '../../api/auth/revoked-token-file.js'
import { WatchedFile } from '../../api/auth/watched-file.js'

function rig() {
  const file = { text: 'stolen', stamp: '1', fault: null as Error | null, stampFault: null as Error | null }
  const complaints: unknown[] = []
  const watched = new WatchedFile(
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
    // The service checks by its own timer, so the clock may stand still.
    () => 0,
  )
  const revokedTokens = new RevokedTokenFile(watched, (error) => complaints.push(error))
  return { file, revokedTokens, complaints }
}

describe('RevokedTokenFile', () => {
  test('reads again after a passing fault, and loses no id', () => {
    const { file, revokedTokens, complaints } = rig()
    file.fault = new Error('EMFILE')
    expect(revokedTokens.refresh()).toBe(false)
    expect(revokedTokens.has('stolen')).toBe(false)
    file.fault = null
    expect(revokedTokens.refresh()).toBe(true)
    expect(revokedTokens.has('stolen')).toBe(true)
    expect(complaints).toHaveLength(1)
  })

  test.each(['fault', 'stampFault'] as const)('keeps its ids, and reports the fault once, at a %s', (kind) => {
    const { file, revokedTokens, complaints } = rig()
    revokedTokens.refresh()
    file[kind] = new Error('EACCES')
    file.stamp = '2'
    for (let i = 0; i < 5; i += 1) expect(revokedTokens.refresh()).toBe(false)
    expect(revokedTokens.has('stolen')).toBe(true)
    expect(complaints).toHaveLength(1)
    file[kind] = null
    expect(revokedTokens.refresh()).toBe(true)
    file[kind] = new Error('EACCES')
    file.stamp = '3'
    revokedTokens.refresh()
    expect(complaints).toHaveLength(2)
  })

  test('keeps its ids while the file is gone, and reads one that comes back', () => {
    const { file, revokedTokens, complaints } = rig()
    revokedTokens.refresh()
    file.stampFault = Object.assign(new Error('no such file'), { code: 'ENOENT' })
    expect(revokedTokens.refresh()).toBe(false)
    expect(revokedTokens.has('stolen')).toBe(true)
    expect(complaints).toEqual([])
    file.stampFault = null
    file.text = 'another'
    file.stamp = '1'
    expect(revokedTokens.refresh()).toBe(true)
    expect([revokedTokens.has('stolen'), revokedTokens.has('another')]).toEqual([false, true])
  })

  test('reports no change while the file is the same', () => {
    const { revokedTokens } = rig()
    expect([revokedTokens.refresh(), revokedTokens.refresh()]).toEqual([true, false])
  })
})
