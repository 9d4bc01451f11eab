/** The state of routing for the admin API: the body of GET /routing, and the local table of GET /status. */
import type { PeerSession } from './ccp/peer-session.js'
import { explain } from './table/policy.js'
import type { Network } from './table/policy.js'
import type { Candidate, Route } from './table/route.js'
import type { RoutingTables } from './table/tables.js'

/** Hops are joined by spaces. `auth` is a secret between connectors: the field is there, as in the reference connector, and empty. */
export interface RouteStatus {
  nextHop: string
  path: string
  auth: undefined
}

interface CandidateStatus {
  nextHop: string
  path: string
  source: Candidate['source']
  /** Configured routes only. */
  priority?: number
}

export interface RoutingStatus {
  routingTableId: string
  currentEpoch: number
  localRoutingTable: Record<string, RouteStatus>
  /** null: withdrawn, and not yet confirmed by every peer. */
  forwardingRoutingTable: Record<string, RouteStatus | null>
  routingLog: Array<{ prefix: string, route: RouteStatus | undefined, epoch: number }>
  peers: Record<string, {
    send: { epoch: number, mode: string | undefined } | undefined
    receive: { routingTableId: string, epoch: number } | undefined
  }>
}

const routeStatus = ({ nextHop, path }: Route): RouteStatus => ({ nextHop, path: path.join(' '), auth: undefined })

/** Object.fromEntries, unlike assignment, is safe for names like `__proto__`. */
export const localTableStatus = (tables: RoutingTables): Record<string, RouteStatus> =>
  Object.fromEntries([...tables.local].map(route => [route.prefix, routeStatus(route)]))

export function routingStatus (tables: RoutingTables, sessions: Iterable<PeerSession>): RoutingStatus {
  const log = tables.forwarding.entries()
  return {
    routingTableId: tables.forwarding.routingTableId,
    currentEpoch: tables.forwarding.currentEpoch,
    localRoutingTable: localTableStatus(tables),
    forwardingRoutingTable: Object.fromEntries(log.map(({ prefix, route }) => [prefix, route === undefined ? null : routeStatus(route)])),
    routingLog: log.map(({ prefix, route, epoch }) => ({ prefix, route: route && routeStatus(route), epoch })),
    peers: Object.fromEntries([...sessions].map(({ accountId, sender, receiver }) =>
      [accountId, { send: sender?.status(), receive: receiver?.status() }]))
  }
}

/** All routes to a prefix in order of preference, the one in use first, and the criterion by which it won over the second. */
export interface ChoiceStatus {
  reason: string
  candidates: CandidateStatus[]
}

export function candidatesStatus (tables: RoutingTables, network: Network): Record<string, ChoiceStatus> {
  return Object.fromEntries([...tables.candidates.prefixes()].map(prefix => [prefix, choiceStatus(tables.candidates.of(prefix), network)]))
}

export function choiceStatus (known: readonly Candidate[], network: Network): ChoiceStatus {
  const { ranked, reason } = explain(known, network)
  const candidates = ranked.map(({ nextHop, path, source, priority }) =>
    ({ nextHop, path: path.join(' '), source, ...(source === 'configured' ? { priority } : {}) }))
  return { reason, candidates }
}
