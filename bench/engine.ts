// The simulated engine that all servers of a bench read from. Prints its socket.
import { SimulatedEngine } from '../demo/engine.js'

const engine = new SimulatedEngine({ containers: Number(process.env['CONTAINERS']) })
await engine.start()
const { endpoint } = engine
console.log('socketPath' in endpoint ? endpoint.socketPath : '')
process.on('SIGTERM', () => {
  void engine.stop().then(() => process.exit(0))
})
