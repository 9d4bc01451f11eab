/** What names this machine alone, as a server binds it and as URLs write it. Anybody here may come by it, and nobody else. */

const NAMES = 'localhost|127(\\.\\d{1,3}){3}'
const ADDRESS = new RegExp(`^(${NAMES}|::1|::ffff:127(\\.\\d{1,3}){3})$`, 'i')
const HOSTNAME = new RegExp(`^(${NAMES}|\\[::1\\])$`, 'i')
const ANY_ADDRESS = '0.0.0.0'

/** Whether a server that binds this address is reached from this machine alone. */
export function isLoopbackAddress (address: string): boolean {
  return ADDRESS.test(address)
}

/** Whether a client that connects to this host of a URL stays on this machine: most systems take 0.0.0.0 for it, too. */
export function staysHere (hostname: string): boolean {
  return HOSTNAME.test(hostname) || hostname === ANY_ADDRESS
}
