import { BlockList, isIP } from 'node:net'
import type { RequestHandler } from 'express'
import { authEvent } from '../../audit/event.js'
import { ApiError } from '../../model/error.js'
import { actorOf } from './identify.js'
import type { RecordRefusal } from './refusals.js'
import { addressOf } from './resolve-address.js'

/** Lets only clients of these networks pass. Of each other address, one refusal a window is recorded. */
export function allowAddresses(networks: readonly string[], recordRefusal: RecordRefusal): RequestHandler {
  const allowed = new BlockList()
  for (const network of networks) {
    const [address = '', prefix] = network.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    allowed.addSubnet(address, prefix === undefined ? (family === 'ipv6' ? 128 : 32) : Number(prefix), family)
  }
  return async function refuseOtherAddresses(req, res, next) {
    const address = addressOf(res)
    const family = isIP(address)
    if (family !== 0 && allowed.check(address, family === 6 ? 'ipv6' : 'ipv4')) {
      next()
      return
    }
    await recordRefusal(authEvent(actorOf(req, res), 'address-refused', 'deny', 'not on IP_ALLOWLIST'), 1)
    throw new ApiError('address-not-allowed', 'not on IP_ALLOWLIST')
  }
}
