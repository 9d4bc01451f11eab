/** A vault that is reached through the SOCKS proxy of its chain, and in no other way: what cannot go through it is refused. */
import { SocksAgent } from '../../../src/lib/socks-agent.js'
import { parseSocksProxy } from '../../../src/lib/socks-proxy.js'
import { VaultError } from './vault.js'

/** For one answer, ms: circuits are slow. */
export const PROXIED_ANSWER_MS = 20_000
const KEPT_MAX = 4

/** For requests with and without TLS. */
export function agentsOf (proxy: string): { http: SocksAgent, https: SocksAgent } {
  const agent = (isSecure: boolean): SocksAgent =>
    new SocksAgent(parseSocksProxy(proxy), { isSecure, timeoutMs: PROXIED_ANSWER_MS, keptMax: KEPT_MAX })
  return { http: agent(false), https: agent(true) }
}

/** Something would be asked past the proxy. @param why in a sentence without its end */
export function pastProxy (label: string, why: string): VaultError {
  return new VaultError(`the chain is reached through a proxy, and so is ${label}, but ${why}. ` +
    'To reach the vault directly, with the address of this node, set vault.transport to direct', false)
}
