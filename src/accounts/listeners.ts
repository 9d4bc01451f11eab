/**
 * Where the accounts' plugins listen, so that accounts which could never all listen are refused at once. A port of another program is free
 * one day; two accounts of ours on one port that cannot be told apart stay in each other's way.
 */
import { SluiceError } from '../contracts/errors.js'
import type { PluginInstance } from '../contracts/plugin.js'

const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::'])

/** Account ids by the name that their peers log in with; the account without one is under undefined. */
type Sharing = Map<string | undefined, string>

export class Listeners {
  /** By port, by host. */
  private readonly ports = new Map<number, Map<string, Sharing>>()

  /** Throws when the account and another could never both listen; then nothing is noted. */
  add (accountId: string, { listensOn }: PluginInstance): void {
    if (listensOn === undefined) return
    const { host, port, username } = listensOn
    const hosts = this.ports.get(port) ?? new Map<string, Sharing>()
    for (const [other, accounts] of hosts) {
      if (other !== host && (WILDCARDS.has(other) || WILDCARDS.has(host))) {
        const [otherId = ''] = accounts.values()
        throw inTheWay(accountId, otherId, `they listen on port ${port} of ${other} and of ${host}, which includes it. Give both the same host, or another port`)
      }
    }
    const accounts: Sharing = hosts.get(host) ?? new Map<string | undefined, string>()
    const [first] = accounts.values()
    const rival = accounts.get(username) ?? accounts.get(undefined) ?? (username === undefined ? first : undefined)
    if (rival !== undefined) {
      throw inTheWay(accountId, rival, `accounts that share a listener need a "listener.username" each, all different. listener=${host}:${port} ` +
        'Set usernames, or another port')
    }
    accounts.set(username, accountId)
    hosts.set(host, accounts)
    this.ports.set(port, hosts)
  }

  delete (accountId: string, { listensOn }: PluginInstance): void {
    if (listensOn === undefined) return
    const { host, port, username } = listensOn
    const hosts = this.ports.get(port)
    const accounts = hosts?.get(host)
    if (accounts?.get(username) !== accountId) return
    accounts.delete(username)
    if (accounts.size === 0) hosts?.delete(host)
    if (hosts?.size === 0) this.ports.delete(port)
  }
}

function inTheWay (accountId: string, otherId: string, reason: string): SluiceError {
  return new SluiceError('SLUICE_CONFIG_INVALID', `accounts ${otherId} and ${accountId} can never both listen: ${reason}.`)
}
