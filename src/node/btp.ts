/** The plugin `btp`, loaded by its name as a user's own would be, with what it offers besides the plugin interface. */
import type { ClientRules, ListeningPort } from '../contracts/transport.js'
import { loadConstructor } from '../modules/load-module.js'
import { IpAllowlist } from '../http/allowlist.js'
import type { NodeSecurity } from '../contracts/node-security.js'
import type { Logger } from '../contracts/logger.js'
import type { PluginInstance } from '../contracts/plugin.js'

/**
 * Asked about a name that no account is for, and about the address of who gives it. Undefined: nobody gets in under it. A promise: a plugin
 * is on its way, unless it rejects. Throws NoRoomError with what the peer is to be told.
 */
export type Admit = (username: string, address: string) => Promise<void> | undefined

interface BtpListenOptions {
  host: string
  port: number
  /** Origins of web pages that may connect. */
  allowedOrigins: readonly string[]
  admit: Admit
  /** Undefined: every address may connect. */
  clients?: ClientRules | undefined
}

export interface BtpPlugin {
  new (options: Record<string, unknown>, services: { log: Logger }): PluginInstance
  /** Rejects when the port cannot be had. */
  listen (options: BtpListenOptions, log: Logger): Promise<ListeningPort>
}

/** Undefined where every address may connect, and no proxy is believed. */
export function clientRules ({ allowedIPs, trustedProxies }: NodeSecurity): ClientRules | undefined {
  if (allowedIPs.length === 0 && trustedProxies.length === 0) return undefined
  const [allowed, proxies] = [new IpAllowlist(allowedIPs), new IpAllowlist(trustedProxies)]
  return {
    mayConnect: address => allowedIPs.length === 0 || allowed.allows(address),
    isProxy: address => proxies.allows(address)
  }
}

export function btpPlugin (): BtpPlugin {
  const plugin: unknown = loadConstructor('plugin', 'btp')
  if (!isBtpPlugin(plugin)) throw new Error('the plugin "btp" cannot listen for peers to come. Reinstall the package.')
  return plugin
}

function isBtpPlugin (plugin: unknown): plugin is BtpPlugin {
  return typeof plugin === 'function' && 'listen' in plugin && typeof plugin.listen === 'function'
}
