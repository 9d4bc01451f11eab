/**
 * Follows one peer's routing table: a state machine without I/O and without a clock. It asks the peer for its routes, asks again if
 * something is missing, and says which routes to add or drop, or to drop them all when the peer starts over or goes silent. It confirms
 * only updates that continue what we have, because the peer relies on a confirmed update having been processed.
 */
import { Mode } from 'ilp-protocol-ccp'
import type { CcpRoute, CcpRouteControlRequest, CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { backoffMs } from '../../lib/backoff.js'
import { MAX_HOLD_DOWN_MS, MIN_HOLD_DOWN_MS } from '../table/limits.js'

/** The table id of a peer that has not told one. */
export const NO_TABLE = '00000000-0000-0000-0000-000000000000'
/** How long the answer to a control message may take, and how often we ask at most. */
const ANSWER_TIMEOUT_MS = 10_000
const MIN_ASK_INTERVAL_MS = 1_000
/** The longest pause between attempts to ask; the first is `MIN_ASK_INTERVAL_MS`, then it doubles. */
const MAX_RETRY_MS = 30_000

/**
 * The part of its hold-down time after which a silent peer is asked again, in time to answer before its routes are dropped. Reference
 * connectors stop all updates after a failed one, until they are asked; some are configured to speak less often than they promise.
 */
const PROBE_AT = 0.75

export type ReceiverEvent =
  /** Ask the peer to go on from where we are. */
  | { type: 'ask' }
  /** Ask the peer for everything. */
  | { type: 'askAll' }
  | { type: 'update', request: CcpRouteUpdateRequest }
  /** What became of a control message that was to be sent. */
  | { type: 'fulfilled' | 'failed', control: CcpRouteControlRequest }
  /** To be brought every second or so: asks again, and notices silence. */
  | { type: 'tick' }

/** applied: it was in sequence. stale: we know all of it already. gap, outdated: not processed, must not be confirmed. */
export type UpdateOutcome = 'applied' | 'stale' | 'gap' | 'outdated'

export interface ReceiverEffects {
  send?: CcpRouteControlRequest
  /** Drop every route of this peer, before anything else. */
  flush?: boolean
  withdrawn?: readonly string[]
  announced?: readonly CcpRoute[]
  /** In answer to `update`. */
  outcome?: UpdateOutcome
}

export class CcpReceiver {
  #tableId = NO_TABLE
  /** The table that the peer used before: messages of it may still be on their way. */
  #retiredTableId = NO_TABLE
  #epoch = 0
  /** The newest epoch that the peer has spoken of. An update from before it is out of date. */
  #newestEpoch = 0
  /** When the peer's routes are dropped, and when it is asked whether it is still there. */
  #expiresMs = Infinity
  #probeMs = Infinity
  #inFlight: CcpRouteControlRequest | undefined
  #askedMs = -Infinity
  #retryMs = Infinity
  #failures = 0

  /** `expiryMs`: how long a peer that confirmed our control message may say nothing at all. */
  constructor (private readonly expiryMs: () => number) {}

  handle (event: ReceiverEvent, nowMs: number): ReceiverEffects {
    this.#tolerateClockSetBack(nowMs)
    switch (event.type) {
    case 'ask':
      return this.#ask(nowMs)
    case 'askAll':
      this.#epoch = 0
      return this.#ask(nowMs)
    case 'update':
      return this.#update(event.request, nowMs)
    case 'fulfilled':
      if (event.control !== this.#inFlight) return {}
      this.#inFlight = undefined
      this.#failures = 0
      if (this.#expiresMs === Infinity) this.#expiresMs = nowMs + this.expiryMs()
      return {}
    case 'failed':
      if (event.control === this.#inFlight) this.#failed(nowMs)
      return {}
    case 'tick':
      return this.#tick(nowMs)
    }
  }

  status (): { routingTableId: string, epoch: number } {
    return { routingTableId: this.#tableId, epoch: this.#epoch }
  }

  #update (request: CcpRouteUpdateRequest, nowMs: number): ReceiverEffects {
    const { routingTableId, currentEpochIndex, fromEpochIndex, toEpochIndex, holdDownTime, newRoutes, withdrawnRoutes } = request
    if (routingTableId === this.#retiredTableId && routingTableId !== NO_TABLE) return { outcome: 'outdated' }
    const flush = routingTableId !== this.#tableId
    if (flush) this.#adopt(routingTableId)
    if (fromEpochIndex > this.#epoch) return { ...this.#ask(nowMs), flush, outcome: 'gap' }
    if (toEpochIndex < this.#epoch) return { flush, outcome: 'stale' }
    if (currentEpochIndex < this.#newestEpoch) return { flush, outcome: toEpochIndex === this.#epoch ? 'stale' : 'outdated' }
    this.#epoch = toEpochIndex
    this.#newestEpoch = currentEpochIndex
    const keepMs = Math.min(Math.max(holdDownTime, MIN_HOLD_DOWN_MS), MAX_HOLD_DOWN_MS)
    this.#expiresMs = nowMs + keepMs
    this.#probeMs = nowMs + keepMs * PROBE_AT
    return { flush, withdrawn: withdrawnRoutes, announced: newRoutes, outcome: 'applied' }
  }

  #adopt (routingTableId: string): void {
    this.#retiredTableId = this.#tableId
    this.#tableId = routingTableId
    this.#epoch = 0
    this.#newestEpoch = 0
  }

  #ask (nowMs: number): ReceiverEffects {
    if (nowMs < this.#askedMs + MIN_ASK_INTERVAL_MS) {
      this.#retryMs = Math.min(this.#retryMs, this.#askedMs + MIN_ASK_INTERVAL_MS)
      return {}
    }
    this.#askedMs = nowMs
    this.#retryMs = Infinity
    this.#inFlight = {
      mode: Mode.MODE_SYNC,
      lastKnownRoutingTableId: this.#tableId,
      lastKnownEpoch: this.#epoch,
      features: []
    }
    return { send: this.#inFlight }
  }

  #failed (nowMs: number): void {
    this.#inFlight = undefined
    this.#retryMs = nowMs + backoffMs(this.#failures++, MIN_ASK_INTERVAL_MS, MAX_RETRY_MS)
  }

  #tick (nowMs: number): ReceiverEffects {
    if (this.#inFlight !== undefined && nowMs >= this.#askedMs + ANSWER_TIMEOUT_MS) this.#failed(nowMs)
    if (nowMs >= this.#expiresMs) {
      this.#expiresMs = Infinity
      this.#probeMs = Infinity
      this.#epoch = 0
      return { ...this.#ask(nowMs), flush: true }
    }
    if (nowMs >= this.#probeMs) {
      this.#probeMs = Infinity
      return this.#ask(nowMs)
    }
    return nowMs >= this.#retryMs ? this.#ask(nowMs) : {}
  }

  /** No moment may lie further ahead than it could if the clock had always been right. */
  #tolerateClockSetBack (nowMs: number): void {
    this.#askedMs = Math.min(this.#askedMs, nowMs)
    if (this.#retryMs !== Infinity) this.#retryMs = Math.min(this.#retryMs, nowMs + MAX_RETRY_MS)
    if (this.#expiresMs !== Infinity) this.#expiresMs = Math.min(this.#expiresMs, nowMs + MAX_HOLD_DOWN_MS)
    if (this.#probeMs !== Infinity) this.#probeMs = Math.min(this.#probeMs, nowMs + MAX_HOLD_DOWN_MS)
  }
}
