import { type Network, parseNetwork } from '../../api/config/cidr.js'

/** As the configuration hands them on. */
export function networks(...texts: string[]): readonly Network[] {
  return texts.map((text) => {
    const { network } = parseNetwork(text)
    if (network === undefined) throw new Error(`${text} is no network`)
    return network
  })
}
