import type { RequestHandler } from 'express'
import { authEvent } from '../../audit/event.js'
import type { Network } from '../../config/network.js'
import { ApiError } from '../../model/error.js'
import { actorOf } from './identify.js'
import { matchNetworks } from './match-networks.js'
import type { RecordRefusal } from './refusals.js'
import { addressOf } from './resolve-address.js'

/** Lets only clients of these networks pass. Records one refusal per window for each other address. */
export function allowAddresses(networks: readonly Network[], recordRefusal: RecordRefusal): RequestHandler {
  const isAllowed = matchNetworks(networks)
  return async function refuseOtherAddresses(req, res, next) {
    if (isAllowed(addressOf(res))) {
      next()
      return
    }
    await recordRefusal(authEvent(actorOf(req, res), 'address-refused', 'deny', 'not on IP_ALLOWLIST'), 1)
    throw new ApiError('address-not-allowed', 'not on IP_ALLOWLIST')
  }
}
