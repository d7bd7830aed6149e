// A hostile engine at SOCKET, in a process of its own. A line on standard input names its attack; it is repeated once that holds.
import { setPriority } from 'node:os'
import { createInterface } from 'node:readline'
import { ATTACKS } from './attacks.js'
import { HostileEngine } from './hostile-engine.js'

/** In earnest it runs on another machine: here it must not take the CPU of those who are measured. */
const LEAST_PRIORITY = 19

setPriority(LEAST_PRIORITY)
const engine = new HostileEngine()
await engine.start(process.env['SOCKET'] ?? '')
console.log('started')
process.on('SIGTERM', () => {
  void engine.stop().then(() => process.exit(0))
})
for await (const name of createInterface({ input: process.stdin })) {
  const attack = ATTACKS[name]
  if (attack === undefined) throw new Error(`no attack is called ${name}`)
  await engine.attack(attack)
  console.log(name)
}
