import { withoutEscapes } from '../../api/redaction/terminal-text.js'
import { cpuTime } from '../support/cpu-time.js'

test('withoutEscapes takes no time, whatever a container has written', () => {
  const text = `\u001b${';#'.repeat(32_000)}`
  const startedAt = cpuTime()
  withoutEscapes(text)
  // Seconds, where it is quadratic.
  expect(cpuTime() - startedAt).toBeLessThan(1_500)
})
