/** Who may tell us what, which of several routes is used, and whom we tell: every decision of routing that is a matter of taste. */
import { isBelow, isPrefix, ADDRESS_LENGTH_MAX } from '../../packet/address.js'
import type { Relation } from '../../contracts/account.js'
import { MAX_PATH_LENGTH, MAX_ROUTES_PER_PEER } from './limits.js'
import type { Candidate, Route } from './route.js'

/** What an account may configure about routes. Prefix lists name prefixes; what lies below a listed prefix is included. */
export interface RouteOptions {
  /** Tell this account our routes, take routes from it. Default: true, but false for a child. */
  sendRoutes?: boolean | undefined
  receiveRoutes?: boolean | undefined
  /** Prefixes that this account may announce to us. Default: any. */
  importPrefixes?: readonly string[] | undefined
  /** Prefixes that we announce to this account. Default: any. */
  exportPrefixes?: readonly string[] | undefined
  /** How many prefixes this account may announce. Default 200,000. */
  maximumPrefixes?: number | undefined
  /** The longest path (hops, its own connector included) that we take from this account. Default 64. */
  maximumPathLength?: number | undefined
  /** Whether we tell this account routes that lead to a peer or a parent of ours. Default: true, but false for a parent. */
  transit?: boolean | undefined
}

/** What the policy has to know about the connector. */
export interface Network {
  ownAddress (): string
  /** `g` in production, `test` in test networks. Only what lies below it is exchanged with others. */
  globalPrefix (): string
  relation (accountId: string): Relation
  isConnected (accountId: string): boolean
  /** The child's ILP address; only asked for children. */
  childAddress (accountId: string): string
  routeOptions (accountId: string): RouteOptions
}

const PRIORITY = { local: 3, child: 2, peer: 1, parent: 0 }

/** How much a next hop is worth: ourselves, then children, peers, parents. */
export const priorityOf = (nextHop: string, network: Network): number =>
  PRIORITY[nextHop === '' ? 'local' : network.relation(nextHop)]

export const sendsRoutesTo = (accountId: string, network: Network): boolean =>
  network.routeOptions(accountId).sendRoutes ?? network.relation(accountId) !== 'child'

export const receivesRoutesFrom = (accountId: string, network: Network): boolean =>
  network.routeOptions(accountId).receiveRoutes ?? network.relation(accountId) !== 'child'

const SOURCE_RANK = { configured: 0, local: 1, learnt: 2 }

/** The order of preference. The first criterion in which two candidates differ decides, and is the reason that is shown. */
const CRITERIA: ReadonlyArray<{ reason: string, compare: (a: Candidate, b: Candidate, network: Network) => number }> = [
  { reason: 'configured before local before learnt', compare: (a, b) => SOURCE_RANK[a.source] - SOURCE_RANK[b.source] },
  {
    reason: 'a connected account before one that is not',
    compare: (a, b, network) => a.source === 'configured' ? Number(network.isConnected(b.nextHop)) - Number(network.isConnected(a.nextHop)) : 0
  },
  { reason: 'higher priority', compare: (a, b) => b.priority - a.priority },
  { reason: 'configured earlier', compare: (a, b) => a.order - b.order },
  { reason: 'child before peer before parent', compare: (a, b, network) => priorityOf(b.nextHop, network) - priorityOf(a.nextHop, network) },
  { reason: 'shorter path', compare: (a, b) => a.path.length - b.path.length },
  { reason: 'smaller account id', compare: (a, b) => a.nextHop < b.nextHop ? -1 : 1 }
]

const decisive = (a: Candidate, b: Candidate, network: Network): { reason: string, order: number } | undefined => {
  for (const { reason, compare } of CRITERIA) {
    const order = compare(a, b, network)
    if (order !== 0) return { reason, order }
  }
  return undefined
}

const compare = (a: Candidate, b: Candidate, network: Network): number => decisive(a, b, network)?.order ?? 0

export function bestOf (candidates: readonly Candidate[], network: Network): Candidate | undefined {
  let best = candidates[0]
  for (const candidate of candidates.slice(1)) if (best !== undefined && compare(candidate, best, network) < 0) best = candidate
  return best
}

/** The candidates in order of preference, and why the first one won over the second. */
export function explain (candidates: readonly Candidate[], network: Network): { ranked: Candidate[], reason: string } {
  const ranked = [...candidates].sort((a, b) => compare(a, b, network))
  const [first, second] = ranked
  if (first === undefined) return { ranked, reason: 'no candidate' }
  if (second === undefined) return { ranked, reason: 'the only candidate' }
  return { ranked, reason: decisive(first, second, network)?.reason ?? 'equal' }
}

export type Refusal = 'malformed prefix' | 'malformed path' | 'outside the network' | 'own address space' | 'path through this connector' |
  'path too long' | 'not in importPrefixes' | 'too many prefixes'

/**
 * Why a route announced by the account is not taken; undefined when it is. What lies at or below our own address never comes from
 * outside, except that a child may announce what lies at or below its own address.
 */
export function refusalOf (
  route: { prefix: string, path: readonly string[] },
  accountId: string,
  heldPrefixes: number,
  network: Network
): Refusal | undefined {
  const { prefix, path } = route
  const options = network.routeOptions(accountId)
  const ownAddress = network.ownAddress()
  if (!isPrefix(prefix)) return 'malformed prefix'
  if (prefix === network.globalPrefix() || !isBelow(network.globalPrefix(), prefix)) return 'outside the network'
  if (isBelow(ownAddress, prefix) && !isChildsOwn(prefix, accountId, network)) return 'own address space'
  if (options.importPrefixes?.some(allowed => isBelow(allowed, prefix)) === false) return 'not in importPrefixes'
  if (path.length > Math.min(options.maximumPathLength ?? MAX_PATH_LENGTH, MAX_PATH_LENGTH)) return 'path too long'
  if (path.includes(ownAddress)) return 'path through this connector'
  if (path.some(hop => hop.length === 0 || hop.length > ADDRESS_LENGTH_MAX)) return 'malformed path'
  if (heldPrefixes >= (options.maximumPrefixes ?? MAX_ROUTES_PER_PEER)) return 'too many prefixes'
  return undefined
}

const isChildsOwn = (prefix: string, accountId: string, network: Network): boolean =>
  network.relation(accountId) === 'child' && isBelow(network.childAddress(accountId), prefix)

/** Whether we tell the account about a route. Never back to where it came from, and transit only as configured. */
export function mayExport (prefix: string, route: Route, accountId: string, network: Network): boolean {
  if (route.nextHop === accountId) return false
  const options = network.routeOptions(accountId)
  if (options.exportPrefixes?.some(allowed => isBelow(allowed, prefix)) === false) return false
  const transit = options.transit ?? network.relation(accountId) !== 'parent'
  return transit || priorityOf(route.nextHop, network) >= PRIORITY.child
}
