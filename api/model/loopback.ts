/** Whether a host, as a listener binds it or as a URL or a Host field names it, is this machine's loopback (RFC 6890, section 2.2). */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(host)
}
