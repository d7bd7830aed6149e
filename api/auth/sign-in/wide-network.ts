/**
 * The wide network of an address key, as limits count by: the /16 of an IPv4 address, the /32 of an IPv6 one. Registries give an
 * IPv6 /32 to a provider, so a client with thousands of addresses in it is still one party.
 */
export function wideNetworkOf(addressKey: string): string {
  if (!addressKey.includes(':')) return addressKey.split('.').slice(0, 2).join('.')
  const [first, second] = addressKey.split(':')
  return `${first || '0'}:${second || '0'}`
}
