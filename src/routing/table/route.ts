/** A route: which account leads to a prefix, over which connectors, and the auth value that CCP carries along with it. */
import { createHmac, hash } from 'node:crypto'

export interface Route {
  /** Account id; '' is this connector itself. */
  readonly nextHop: string
  /** ILP addresses of the connectors on the way, the nearest first. Empty for our own, our children's and configured routes. */
  readonly path: readonly string[]
  /** 32 bytes. */
  readonly auth: Buffer
}

/** One way to reach a prefix. All of them are kept; the policy says which one is used. */
export interface Candidate extends Route {
  readonly prefix: string
  readonly source: 'configured' | 'local' | 'learnt'
  /** Configured routes only: the higher number is preferred, then the earlier place in the configuration. */
  readonly priority: number
  readonly order: number
}

export function sameRoute (a: Route | undefined, b: Route | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return a.nextHop === b.nextHop && a.path.length === b.path.length && a.path.every((hop, i) => hop === b.path[i]) && a.auth.equals(b.auth)
}

/** The auth of a route that starts here, in memory that small Buffers share: there may be thousands of such routes. */
export const originAuth = (routingSecret: Buffer, prefix: string): Buffer => {
  return Buffer.from(createHmac('sha256', routingSecret).update(prefix).digest())
}

/** A route as we tell it to others: ourselves in front of the path, its auth hashed once more. */
export const advertisement = (route: Route, ownAddress: string): Route =>
  ({ nextHop: route.nextHop, path: [ownAddress, ...route.path], auth: hash('sha256', route.auth, 'buffer') })
