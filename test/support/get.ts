import type { Express } from 'express'
import request from 'supertest'
import { tokenFor } from './tokens.js'

/** A GET with a token: one that holds every scope, unless another is given. */
export function get(app: Express, path: string, token = tokenFor()) {
  return request(app).get(path).set('Authorization', `Bearer ${token}`)
}
