// The simulated engines of bench/growth.ts: HOSTS of them with CONTAINERS each. Prints their sockets as one line of JSON. A line
// on standard input is the number of a host: it stops a container there, and prints which one and when.
import { createInterface } from 'node:readline'
import { SimulatedEngine } from '../demo/engine.js'

const engines: SimulatedEngine[] = []
for (let host = 0; host < Number(process.env['HOSTS']); host += 1) {
  const engine = new SimulatedEngine({ containers: Number(process.env['CONTAINERS']), seed: 1_000 + host })
  await engine.start()
  engines.push(engine)
}
console.log(JSON.stringify(engines.map(({ endpoint }) => ('socketPath' in endpoint ? endpoint.socketPath : ''))))

for await (const line of createInterface({ input: process.stdin })) {
  const engine = engines[Number(line)]
  const container = engine?.containers().find(({ state }) => state === 'running')
  if (engine === undefined || container === undefined) continue
  engine.stopContainer(container.id)
  console.log(JSON.stringify({ id: container.id, at: Date.now() }))
}
for (const engine of engines) await engine.stop()
