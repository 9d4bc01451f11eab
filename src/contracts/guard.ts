/** What the middleware `guard` offers to operators: it watches peers, and refuses packets of those that are paused. */

/**
 * What a rule does when it finds something. `disconnect` pauses the peer, and closes its connection until it is resumed, unless it has
 * payment channels, which have to be watched.
 */
export const GUARD_ACTIONS = ['off', 'warn', 'pause', 'disconnect'] as const
export type GuardAction = typeof GUARD_ACTIONS[number]

export interface PausedPeer {
  peerId: string
  /** ms since the epoch. */
  since: number
  /** A rule (`rule trafficSpike`), or who asked for it. */
  by: string
  reason: string
  /** Whether its connection is kept closed, too. */
  isDisconnected: boolean
}

export interface Guard {
  /** From now on packets from and to the peer are refused with T02. Throws where too many are paused already. */
  pause (peerId: string, by: string, reason: string): void
  /** Carries packets of the peer again, and forgets what the rules have counted of it. False: it was not paused. */
  resume (peerId: string, by: string): boolean
  isPaused (peerId: string): boolean
  /** Those that are paused, the first one first. */
  paused (): PausedPeer[]
  /** By rule, how often it has found something since the start. */
  findings (): Readonly<Record<string, number>>
}

/** Undefined for any other middleware. */
export function asGuard (middleware: object | undefined): Guard | undefined {
  return middleware !== undefined && isGuard(middleware) ? middleware : undefined
}

function isGuard (middleware: object): middleware is Guard {
  return ['pause', 'resume', 'isPaused', 'paused', 'findings'].every(method => typeof Reflect.get(middleware, method) === 'function')
}
