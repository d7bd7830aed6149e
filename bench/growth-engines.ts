// Simulated engines for bench/growth.ts, in a process of their own: HOSTS of them with CONTAINERS each. Prints one line of JSON with
// their sockets. A line on its standard input, the number of a host, starts or stops a container there, and the answer names it.
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
