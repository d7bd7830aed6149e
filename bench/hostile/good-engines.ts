// The engines that are well: HOSTS of them with CONTAINERS running containers each. Prints their sockets as one line of JSON.
import { SimulatedEngine } from '../../demo/engine.js'
import { startAll } from './running-engine.js'

const engines = Array.from(
  { length: Number(process.env['HOSTS']) },
  (_, host) => new SimulatedEngine({ containers: Number(process.env['CONTAINERS']), seed: 1_000 + host }),
)
for (const engine of engines) {
  await engine.start()
  startAll(engine)
}
console.log(JSON.stringify(engines.map(({ endpoint }) => ('socketPath' in endpoint ? endpoint.socketPath : ''))))
process.on('SIGTERM', () => {
  void Promise.all(engines.map((engine) => engine.stop())).then(() => process.exit(0))
})
