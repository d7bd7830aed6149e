// Opens sockets in the network namespace that it is started in, and hands them to its parent: a socket stays in the
// namespace that it was opened in (network_namespaces(7)). namespace-sockets.ts is the parent.
import { connect, createServer } from 'node:net'

process.on('message', ({ id, connectTo, listenOn }) => {
  const fail = ({ code, message }) => process.send({ id, error: { code, message } })
  if (connectTo !== undefined) {
    const socket = connect(connectTo)
    // What arrives before the parent has the socket must not be read here.
    socket.pause()
    socket.once('error', fail)
    socket.once('connect', () => process.send({ id }, socket))
  } else {
    const server = createServer()
    server.once('error', fail)
    // Both processes would accept connections until this one closes its copy.
    server.listen(0, listenOn, () => process.send({ id, port: server.address().port }, server, () => server.close()))
  }
})
