/** Routes with the reason for each choice, and what would become of a packet for an address. */
import type { RouteCandidateView, RouteExplanation, RouteQuery, RouteView } from '../../contracts/explorer.js'
import { describeError } from '../../lib/describe-error.js'
import { isBelow } from '../../packet/address.js'
import type { ViewParts } from './facts.js'
import { perUnit } from './rates.js'

/** As many are shown in the order of their names; more, in the order in which they came. */
const SORTED_MAX = 10_000

type RouteParts = Pick<ViewParts, 'accounts' | 'routing' | 'backend' | 'door'>

export function routeViews (parts: RouteParts, { prefix, limit, offset }: RouteQuery): { routes: RouteView[], total: number } {
  const prefixes = [...parts.routing.prefixes()].filter(each => prefix === undefined || isBelow(prefix, each))
  const ordered = prefixes.length <= SORTED_MAX ? prefixes.sort() : prefixes
  return { routes: ordered.slice(offset, offset + limit).flatMap(each => routeView(each, parts) ?? []), total: prefixes.length }
}

/** The prefix that leads to each account, by its id: of several, the first that is found. One pass for all accounts. */
export function prefixesByAccount ({ routing }: Pick<ViewParts, 'routing'>): Map<string, string> {
  const found = new Map<string, string>()
  for (const prefix of routing.prefixes()) {
    const nextHop = routing.resolve(prefix)?.nextHop
    if (nextHop !== undefined && !found.has(nextHop)) found.set(nextHop, prefix)
  }
  return found
}

export async function explainRoute (destination: string, parts: RouteParts): Promise<RouteExplanation> {
  const { accounts, routing, backend } = parts
  const found = routing.resolve(destination)
  const route = found === undefined ? undefined : routeView(found.prefix, parts)
  const matching = shorterThan(destination).filter(prefix => prefix !== found?.prefix && routing.choice(prefix) !== undefined)
  if (found === undefined || route === undefined) {
    return {
      destination,
      sentence: `No route matches ${destination}: a packet for it is rejected with F02. Add a route for one of its prefixes, such as ${parentOf(destination)}.`,
      shorter: [],
      trouble: 'There is no route.'
    }
  }
  const { nextHop } = found
  if (nextHop === '' || parts.door.isOwn(nextHop)) {
    return { destination, sentence: `A packet for ${destination} has arrived: ${found.prefix} is this node itself.`, route, shorter: matching }
  }
  const isHere = accounts.isConnected(nextHop)
  const many = route.candidates.length === 1 ? '' : `, the best of ${route.candidates.length} (${route.reason})`
  const sentence = `A packet for ${destination} goes to ${nextHop}, by the route for ${found.prefix}${many}` +
    (isHere ? '.' : `. But ${nextHop} is not connected: it is rejected with T01.`)
  const rate = await rateTo(nextHop, parts)
  return {
    destination, sentence, route, shorter: matching,
    ...('rate' in rate && { rate: rate.rate }),
    ...(!isHere ? { trouble: `${nextHop} is not connected.` } : 'trouble' in rate && { trouble: rate.trouble })
  }

  async function rateTo (account: string, { door }: RouteParts): Promise<{ rate: NonNullable<RouteExplanation['rate']> } | { trouble: string } | object> {
    const source = accounts.getAccountIds().find(id => id !== account && (door.isOwn(id) || accounts.isConnected(id)))
    if (source === undefined) return {}
    const [from, to] = [accounts.getInfo(source), accounts.getInfo(account)]
    try {
      const rate = perUnit(await backend.getRate(source, account), from.assetScale, to.assetScale)
      return { rate: { rate, from: from.assetCode, to: to.assetCode } }
    } catch (error) {
      return { trouble: `There is no rate from ${from.assetCode} to ${to.assetCode}: ${describeError(error)}` }
    }
  }
}

function routeView (prefix: string, { routing, accounts, door }: RouteParts): RouteView | undefined {
  const choice = routing.choice(prefix)
  const [best] = choice?.candidates ?? []
  if (choice === undefined || best === undefined) return undefined
  const candidates = choice.candidates.map(({ nextHop, path, source, priority }): RouteCandidateView => ({
    nextHop,
    path: path === '' ? [] : path.split(' '),
    source,
    ...(priority !== undefined && { priority }),
    connected: nextHop === '' || door.isOwn(nextHop) || accounts.isConnected(nextHop)
  }))
  const { nextHop, priority } = best
  return { prefix, nextHop, ...(priority !== undefined && { priority }), reason: choice.reason, candidates }
}

/** All prefixes of an address, the longest first. */
function shorterThan (address: string): string[] {
  const segments = address.split('.')
  return segments.map((_segment, index) => segments.slice(0, segments.length - index).join('.'))
}

function parentOf (address: string): string {
  return address.slice(0, address.lastIndexOf('.'))
}
