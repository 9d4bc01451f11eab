/** The routes that were configured or added: a prefix may have several, the one with the highest priority is meant first. */
import { isPrefix } from '../packet/address.js'
import { MAX_CONFIGURED_ROUTES } from '../config/limits.js'
import { SluiceError } from '../contracts/errors.js'
import type { NodeLogger, RouteConfig, RouteInfo } from '../contracts/node.js'

export class RoutingTable {
  /** By prefix, in the order of preference. */
  readonly #routes = new Map<string, RouteInfo[]>()
  /** The prefixes that lead to a next hop. */
  readonly #prefixes = new Map<string, Set<string>>()
  #size = 0

  /** @param log is told, at `debug`, of each route that is added or removed. Throws for a route that makes no sense. */
  constructor (routes: readonly RouteConfig[] = [], private readonly log?: Pick<NodeLogger, 'debug'>) {
    for (const { prefix, nextHop, priority } of routes) this.addRoute(prefix, nextHop, priority)
  }

  /** How many routes there are, each of several for one prefix counted. */
  get size (): number {
    return this.#size
  }

  /** Adds a route, or changes the priority of the one with this prefix and next hop. Throws, changing nothing, when it makes no sense. */
  addRoute (prefix: string, nextHop: string, priority = 0): void {
    checkRoute(prefix, nextHop, priority)
    const others = this.routesFor(prefix).filter(route => route.nextHop !== nextHop)
    if (others.length === this.routesFor(prefix).length) {
      if (this.#size >= MAX_CONFIGURED_ROUTES) throw new SluiceError('SLUICE_TOO_MANY_ROUTES', `Too many routes, at most ${MAX_CONFIGURED_ROUTES}. Remove some first.`)
      this.#size++
    }
    // Sorting keeps the order of equals: the first added wins a tie.
    this.#routes.set(prefix, [...others, { prefix, nextHop, priority }].sort((a, b) => b.priority - a.priority))
    const prefixes = this.#prefixes.get(nextHop)
    if (prefixes === undefined) this.#prefixes.set(nextHop, new Set([prefix]))
    else prefixes.add(prefix)
    this.log?.debug({ prefix, nextHop, priority }, 'route_added')
  }

  /**
   * Adds routes over one next hop, or none of them: throws, changing nothing. Returns what takes them back, except for those that were
   * changed again since.
   */
  addRoutes (nextHop: string, routes: ReadonlyArray<Pick<RouteConfig, 'prefix' | 'priority'>>): () => void {
    const steps: Array<() => void> = []
    const takeBack = (): void => { for (const step of steps.splice(0).reverse()) step() }
    try {
      for (const { prefix, priority } of routes) {
        const before = this.routeTo(prefix, nextHop)
        this.addRoute(prefix, nextHop, priority)
        const added = this.routeTo(prefix, nextHop)
        steps.push(() => {
          if (this.routeTo(prefix, nextHop) !== added) return
          if (before === undefined) this.removeRoute(prefix, nextHop)
          else this.addRoute(prefix, nextHop, before.priority)
        })
      }
    } catch (error) {
      takeBack()
      throw error
    }
    return takeBack
  }

  /** The route for exactly this prefix over this next hop. */
  routeTo (prefix: string, nextHop: string): Readonly<RouteInfo> | undefined {
    return this.routesFor(prefix).find(route => route.nextHop === nextHop)
  }

  /** Removes the routes for exactly this prefix, or the one over `nextHop`. Returns those that existed. */
  removeRoute (prefix: string, nextHop?: string): RouteInfo[] {
    const routes = this.routesFor(prefix)
    const kept = routes.filter(route => nextHop !== undefined && route.nextHop !== nextHop)
    if (kept.length === 0) this.#routes.delete(prefix)
    else this.#routes.set(prefix, kept)
    this.#size -= routes.length - kept.length
    const removed = routes.filter(route => !kept.includes(route))
    for (const route of removed) this.#forget(route)
    return removed
  }

  /** The prefixes that are routed to a next hop, in the order in which they were added. Looks at no other routes. */
  prefixesOf (nextHop: string): string[] {
    return [...this.#prefixes.get(nextHop) ?? []]
  }

  /** Whether any route leads to this next hop. */
  leadsTo (nextHop: string): boolean {
    return this.#prefixes.has(nextHop)
  }

  /** Whether there is a route for exactly this prefix. */
  has (prefix: string): boolean {
    return this.#routes.has(prefix)
  }

  /** The first choice for an address: of the longest prefix, the route with the highest priority. Null when there is none. */
  getNextHop (destination: string): string | null {
    for (let prefix = destination; ; prefix = prefix.slice(0, prefix.lastIndexOf('.'))) {
      const [best] = this.routesFor(prefix)
      if (best !== undefined) return best.nextHop
      if (!prefix.includes('.')) return null
    }
  }

  getAllRoutes (): RouteInfo[] {
    return [...this.#routes.values()].flat().map(route => ({ ...route }))
  }

  private routesFor (prefix: string): RouteInfo[] {
    return this.#routes.get(prefix) ?? []
  }

  #forget ({ prefix, nextHop }: RouteInfo): void {
    const prefixes = this.#prefixes.get(nextHop)
    prefixes?.delete(prefix)
    this.log?.debug({ prefix, nextHop }, 'route_removed')
    if (prefixes?.size === 0) this.#prefixes.delete(nextHop)
  }
}

/** Throws a SluiceError that says what is wrong with a route. */
function checkRoute (prefix: string, nextHop: string, priority = 0): void {
  if (typeof prefix !== 'string' || prefix === '') throw new SluiceError('SLUICE_ROUTE_INVALID', 'Missing or invalid prefix')
  if (!isPrefix(prefix)) throw new SluiceError('SLUICE_ROUTE_INVALID', `Invalid ILP address prefix: ${prefix}`)
  if (typeof nextHop !== 'string' || nextHop === '') throw new SluiceError('SLUICE_ROUTE_INVALID', 'Missing or invalid nextHop')
  if (!Number.isSafeInteger(priority)) throw new SluiceError('SLUICE_ROUTE_INVALID', `priority must be a whole number, got: ${String(priority)}`)
}
