import { decodeContainers, decodeInspect } from '../../support/decoded.js'
import { recorded } from '../../support/recorded-answers.js'

describe('long values', () => {
  test('have up to 4096 characters, of a label and of an argument', () => {
    const [listed] = recorded('docker-20.10-list.json') as [object]
    const inspect = recorded('docker-20.10-inspect.json') as { Config: object }
    const kept = (length: number) => {
      const text = 'x'.repeat(length)
      const label = decodeContainers([{ ...listed, Labels: { a: text } }])[0]?.labels.get('a')?.length
      const config = { ...inspect.Config, Cmd: [text], Entrypoint: null }
      return [label, decodeInspect({ ...inspect, Config: config }).command[0]?.length]
    }
    expect([4_095, 4_096, 4_097, 100_000].map(kept)).toEqual([
      [4_095, 4_095],
      [4_096, 4_096],
      [4_096, 4_096],
      [4_096, 4_096],
    ])
  })

  test('are cut after their secrets are gone, so that no half of one is left', () => {
    const [listed] = recorded('docker-20.10-list.json') as [object]
    const jwt = `eyJhbGciOiJIUzI1NiJ9.${'a'.repeat(200)}.${'b'.repeat(200)}`
    const [container] = decodeContainers([{ ...listed, Labels: { a: `${'x '.repeat(2_000)}${jwt}` } }])
    expect(container?.labels.get('a')).not.toContain('eyJ')
  })
})
