/**
 * The routes that we do not learn from peers: our own address, our children's, the default route, and those that the operator configured.
 */
import { isPrefix } from '../packet/address.js'
import { MAX_CONFIGURED_ROUTES } from '../config/limits.js'
import type { Logger } from '../contracts/logger.js'
import type { Network } from './table/policy.js'
import { originAuth } from './table/route.js'
import type { Candidate } from './table/route.js'

/** Several routes for one prefix are allowed: the highest `priority` (default 0) whose account is connected is used. */
export interface ConfiguredRoute {
  targetPrefix: string
  peerId: string
  priority?: number | undefined
}

export interface FixedRouteOptions {
  routingSecret: Buffer
  /** '' for none, 'auto' for the first parent, or an account id. */
  defaultRoute: string
  routes: readonly ConfiguredRoute[]
}

const keyOf = (route: ConfiguredRoute): string => `${route.targetPrefix} ${route.peerId}`

export class FixedRoutes {
  #accounts: ReadonlySet<string> = new Set()
  /** Next hops of our own, our children's and the default route, by prefix. */
  #local = new Map<string, string>()
  /** Configured routes by prefix, in the order in which they were configured. */
  #configured = new Map<string, ConfiguredRoute[]>()
  #count = 0
  /** Those added while running, and those of the configuration that were removed. */
  #added = new Map<string, ConfiguredRoute>()
  #removed = new Set<string>()

  constructor (private readonly options: () => FixedRouteOptions, private readonly network: Network, private readonly log: Logger) {}

  /** Reads configuration and accounts anew. */
  reload (accounts: ReadonlySet<string>): void {
    this.#accounts = accounts
    this.#local = this.#localNextHops()
    this.#configured = new Map()
    this.#count = 0
    const unchanged = this.options().routes.filter(route => !this.#removed.has(keyOf(route)) && !this.#added.has(keyOf(route)))
    for (const route of [...unchanged, ...this.#added.values()]) this.#configure(route)
  }

  /** Every prefix with a fixed route, our own address first. */
  prefixes (): Set<string> {
    return new Set([...this.#local.keys(), ...this.#configured.keys()])
  }

  /** The prefixes with a configured route over this account: which one is used depends on whether the account is connected. */
  prefixesOver (accountId: string): string[] {
    return [...this.#configured].filter(([, routes]) => routes.some(({ peerId }) => peerId === accountId)).map(([prefix]) => prefix)
  }

  /** The configured routes, in order. */
  configured (): ConfiguredRoute[] {
    return [...this.#configured.values()].flat()
  }

  /** The fixed routes for exactly this prefix. Configured ones whose account does not exist are left out. */
  candidates (prefix: string): Candidate[] {
    const candidates: Candidate[] = []
    const common = { prefix, path: [], auth: originAuth(this.options().routingSecret, prefix) }
    const nextHop = this.#local.get(prefix)
    if (nextHop !== undefined) candidates.push({ ...common, source: 'local', nextHop, priority: 0, order: 0 })
    this.#configured.get(prefix)?.forEach(({ peerId, priority = 0 }, order) => {
      if (this.#accounts.has(peerId)) candidates.push({ ...common, source: 'configured', nextHop: peerId, priority, order })
    })
    return candidates
  }

  /** Adds a route, or changes the priority of an existing one. Throws when it makes no sense. */
  add ({ targetPrefix, peerId, priority = 0 }: ConfiguredRoute): void {
    if (!isPrefix(targetPrefix)) {
      throw new Error(`invalid prefix for a route: use segments of letters, digits, _ ~ and -, with single periods between them. targetPrefix=${JSON.stringify(targetPrefix)}`)
    }
    if (peerId === '') throw new Error(`a route needs the id of an account. targetPrefix=${targetPrefix}`)
    if (!Number.isFinite(priority)) throw new Error(`the priority of a route must be a number. targetPrefix=${targetPrefix} priority=${priority}`)
    if (this.#count >= MAX_CONFIGURED_ROUTES) throw new Error(`too many configured routes, remove some first. maximum=${MAX_CONFIGURED_ROUTES}`)
    const route = { targetPrefix, peerId, priority }
    this.#unconfigure(route)
    this.#added.set(keyOf(route), route)
    this.#configure(route)
  }

  /** Removes the configured routes for exactly this prefix, or the one over the given account. Returns those that existed. */
  remove ({ targetPrefix, peerId }: { targetPrefix: string, peerId?: string | undefined }): ConfiguredRoute[] {
    const concerned = (this.#configured.get(targetPrefix) ?? []).filter(route => peerId === undefined || route.peerId === peerId)
    for (const route of concerned) {
      this.#unconfigure(route)
      if (!this.#added.delete(keyOf(route))) this.#removed.add(keyOf(route))
    }
    return concerned
  }

  #configure (route: ConfiguredRoute): void {
    const { targetPrefix: prefix, peerId } = route
    if (!this.#accounts.has(peerId)) this.log.warn('ignoring configured route, account does not exist. prefix=%s accountId=%s', prefix, peerId)
    const routes = this.#configured.get(prefix)
    if (routes === undefined) this.#configured.set(prefix, [route])
    else routes.push(route)
    this.#count++
  }

  #unconfigure ({ targetPrefix, peerId }: ConfiguredRoute): void {
    const routes = this.#configured.get(targetPrefix) ?? []
    const kept = routes.filter(route => route.peerId !== peerId)
    this.#count -= routes.length - kept.length
    if (kept.length === 0) this.#configured.delete(targetPrefix)
    else this.#configured.set(targetPrefix, kept)
  }

  #localNextHops (): Map<string, string> {
    const { network, log } = this
    const nextHops = new Map([[network.ownAddress(), '']])
    const defaultAccount = this.#defaultAccount()
    if (defaultAccount !== undefined && !nextHops.has(network.globalPrefix())) nextHops.set(network.globalPrefix(), defaultAccount)
    for (const accountId of this.#accounts) {
      if (network.relation(accountId) !== 'child') continue
      const address = network.childAddress(accountId)
      if (!isPrefix(address)) log.warn('no route to child, its address is invalid. accountId=%s address=%s', accountId, address)
      else if (nextHops.has(address)) log.warn('no route to child, its address is taken. accountId=%s address=%s', accountId, address)
      else nextHops.set(address, accountId)
    }
    return nextHops
  }

  #defaultAccount (): string | undefined {
    const { defaultRoute } = this.options()
    if (defaultRoute === '') return undefined
    if (defaultRoute === 'auto') return [...this.#accounts].find(accountId => this.network.relation(accountId) === 'parent')
    if (this.#accounts.has(defaultRoute)) return defaultRoute
    this.log.warn('ignoring default route, account does not exist. accountId=%s', defaultRoute)
    return undefined
  }
}
