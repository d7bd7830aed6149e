// The usual way: an Express handler that verifies the token and asks the engine through dockerode at each request. It does less
// than Porthole: no limits, no log, no redaction, and no inspect for the fields that a list lacks. Prints its port.
import type { AddressInfo } from 'node:net'
import Docker from 'dockerode'
import express from 'express'
import jwt from 'jsonwebtoken'

const docker = new Docker({ socketPath: process.env['ENGINE_SOCKET'] ?? '' })
const secret = process.env['JWT_SECRET'] ?? ''
const app = express()
app.use((req, _res, next) => {
  jwt.verify(req.headers.authorization?.slice('Bearer '.length) ?? '', secret, { algorithms: ['HS256'] })
  next()
})
app.get('/api/containers', async (_req, res) => {
  // biome-ignore lint/nursery/useAwaitThenable: dockerode's overloads hide the promise
  res.json(await docker.listContainers({ all: true }))
})
app.get('/api/containers/:id/stats', async (req, res) => {
  // biome-ignore lint/nursery/useAwaitThenable: as above
  res.json(await docker.getContainer(req.params.id).stats({ stream: false }))
})
const server = app.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port))
