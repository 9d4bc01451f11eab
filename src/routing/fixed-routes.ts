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
  readonly #accounts = new Set<string>()
  /** In the order in which they came: the default route may lead to the first. */
  readonly #parents = new Set<string>()
  /** The addresses of the children that have a route. */
  readonly #addresses = new Map<string, string>()
  #defaultAccount: string | undefined
  /** Next hops of our own, our children's and the default route, by prefix: the first to come gets the packets. */
  readonly #local = new Map<string, readonly string[]>()
  /** Configured routes by prefix, in the order in which they were configured. */
  readonly #configured = new Map<string, ConfiguredRoute[]>()
  /** The prefixes of the configured routes over each account, whether or not it exists. */
  readonly #prefixesOver = new Map<string, Set<string>>()
  #count = 0
  /** Those added while running, and those of the configuration that were removed. */
  #added = new Map<string, ConfiguredRoute>()
  #removed = new Set<string>()

  /** @param onWaiting is told of a configured route whose account does not exist, or no longer */
  constructor (
    private readonly options: () => FixedRouteOptions, private readonly network: Network, private readonly log: Logger,
    private readonly onWaiting: (prefix: string, accountId: string) => void
  ) {}

  /** Reads configuration and accounts anew. */
  reload (accounts: Iterable<string>): void {
    for (const known of [this.#accounts, this.#parents, this.#addresses, this.#local, this.#configured, this.#prefixesOver]) known.clear()
    this.#count = 0
    this.#defaultAccount = undefined
    this.#claim(this.network.ownAddress(), '')
    for (const accountId of accounts) this.#place(accountId)
    this.#chooseDefault()
    const { defaultRoute, routes } = this.options()
    if (defaultRoute !== 'auto' && defaultRoute !== '') this.#warnOfDefault(defaultRoute)
    const unchanged = routes.filter(route => !this.#removed.has(keyOf(route)) && !this.#added.has(keyOf(route)))
    for (const route of [...unchanged, ...this.#added.values()]) this.#configure(route)
  }

  /** Takes up an account. Returns the prefixes whose routes that may have changed; looks at no other account. */
  accountAdded (accountId: string): Set<string> {
    const address = this.#place(accountId)
    return new Set([...address === undefined ? [] : [address], ...this.#chooseDefault(), ...this.prefixesOver(accountId)])
  }

  /** Drops an account. Returns the prefixes whose routes that may have changed; looks at no other account. */
  accountRemoved (accountId: string): Set<string> {
    this.#accounts.delete(accountId)
    this.#parents.delete(accountId)
    const address = this.#addresses.get(accountId)
    this.#addresses.delete(accountId)
    if (address !== undefined) this.#unclaim(address, accountId)
    if (accountId === this.options().defaultRoute) this.#warnOfDefault(accountId)
    const configured = this.prefixesOver(accountId)
    for (const prefix of configured) this.onWaiting(prefix, accountId)
    return new Set([...address === undefined ? [] : [address], ...this.#chooseDefault(), ...configured])
  }

  /** Every prefix with a fixed route, our own address first. */
  prefixes (): Set<string> {
    return new Set([...this.#local.keys(), ...this.#configured.keys()])
  }

  /** The prefixes with a configured route over this account: which one is used depends on whether the account is connected. */
  prefixesOver (accountId: string): Iterable<string> {
    return this.#prefixesOver.get(accountId) ?? []
  }

  /** The configured routes, in order. */
  configured (): ConfiguredRoute[] {
    return [...this.#configured.values()].flat()
  }

  /** The fixed routes for exactly this prefix. Configured ones whose account does not exist are left out. */
  candidates (prefix: string): Candidate[] {
    const candidates: Candidate[] = []
    const path: string[] = []
    const auth = originAuth(this.options().routingSecret, prefix)
    const nextHop = this.#local.get(prefix)?.[0]
    if (nextHop !== undefined) candidates.push({ prefix, path, auth, source: 'local', nextHop, priority: 0, order: 0 })
    this.#configured.get(prefix)?.forEach(({ peerId, priority = 0 }, order) => {
      if (this.#accounts.has(peerId)) candidates.push({ prefix, path, auth, source: 'configured', nextHop: peerId, priority, order })
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
    if (!this.#accounts.has(peerId)) this.onWaiting(prefix, peerId)
    const routes = this.#configured.get(prefix)
    if (routes === undefined) this.#configured.set(prefix, [route])
    else routes.push(route)
    this.#count++
    const prefixes = this.#prefixesOver.get(peerId)
    if (prefixes === undefined) this.#prefixesOver.set(peerId, new Set([prefix]))
    else prefixes.add(prefix)
  }

  #unconfigure ({ targetPrefix, peerId }: ConfiguredRoute): void {
    const routes = this.#configured.get(targetPrefix) ?? []
    const kept = routes.filter(route => route.peerId !== peerId)
    this.#count -= routes.length - kept.length
    if (kept.length === 0) this.#configured.delete(targetPrefix)
    else this.#configured.set(targetPrefix, kept)
    const prefixes = this.#prefixesOver.get(peerId)
    prefixes?.delete(targetPrefix)
    if (prefixes?.size === 0) this.#prefixesOver.delete(peerId)
  }

  /** Notes an account, and the local route to it if it is a child. Returns the prefix of that. */
  #place (accountId: string): string | undefined {
    this.#accounts.add(accountId)
    const relation = this.network.relation(accountId)
    if (relation === 'parent') this.#parents.add(accountId)
    if (relation !== 'child') return undefined
    const address = this.network.childAddress(accountId)
    if (!isPrefix(address)) {
      this.log.warn('no route to child, its address is invalid. accountId=%s address=%s', accountId, address)
      return undefined
    }
    if (this.#local.has(address)) this.log.warn('no route to child, its address is taken. accountId=%s address=%s', accountId, address)
    this.#addresses.set(accountId, address)
    this.#claim(address, accountId)
    return address
  }

  #claim (prefix: string, nextHop: string): void {
    this.#local.set(prefix, [...this.#local.get(prefix) ?? [], nextHop])
  }

  #unclaim (prefix: string, nextHop: string): void {
    const kept = this.#local.get(prefix)?.filter(other => other !== nextHop) ?? []
    if (kept.length === 0) this.#local.delete(prefix)
    else this.#local.set(prefix, kept)
  }

  /** Points the default route at the account that is due now. Returns its prefix if that is another one than before. */
  #chooseDefault (): string[] {
    const { defaultRoute } = this.options()
    const [firstParent] = this.#parents
    const due = defaultRoute === 'auto' ? firstParent : this.#accounts.has(defaultRoute) ? defaultRoute : undefined
    if (due === this.#defaultAccount) return []
    const prefix = this.network.globalPrefix()
    if (this.#defaultAccount !== undefined) this.#unclaim(prefix, this.#defaultAccount)
    if (due !== undefined) this.#claim(prefix, due)
    this.#defaultAccount = due
    return [prefix]
  }

  #warnOfDefault (accountId: string): void {
    if (!this.#accounts.has(accountId)) this.log.warn('ignoring default route, account does not exist. accountId=%s', accountId)
  }
}
