/**
 * Keeps one peer's view of our forwarding table up to date: a state machine. Its caller says what happened and when; it answers what to
 * send and when to call again. It does no I/O and reads no clock.
 *
 *     IDLE ──control SYNC──▶ behind ──150 ms──▶ update in flight ──fulfilled──▶ up to date ──interval──▶ heartbeat in flight ...
 *                              ▲                     └──failed or no answer──▶ again, later each time
 *                              └── a new epoch ─────────────────────────────────────┘
 */
import { Mode, ModeReverseMap } from 'ilp-protocol-ccp'
import type { CcpRoute, CcpRouteControlRequest, CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { backoffMs } from '../../lib/backoff.js'
import type { ForwardingEntry, ForwardingTable } from '../table/forwarding-table.js'
import { MAX_EPOCHS_PER_UPDATE, MAX_UPDATE_BYTES } from '../table/limits.js'
import type { Progress } from '../table/loop-guard.js'
import type { Route } from '../table/route.js'

/** Numbers, not the enum: a peer may send any. */
const IDLE: number = Mode.MODE_IDLE
const SYNC: number = Mode.MODE_SYNC

/** Changes are collected for this long before they are told. */
const BATCH_MS = 150
/** The pause between updates while a peer has more than a full update to catch up with: 100,000 routes take well under a minute. */
const CATCH_UP_MS = 20
/** How long an answer may take. */
const ANSWER_TIMEOUT_MS = 10_000
/** The pause after a failed update; it doubles up to the broadcast interval. */
const RETRY_MS = 1_000

export interface SenderOptions {
  table: ForwardingTable
  newTableId: () => string
  ownAddress: () => string
  mayExport: (prefix: string, route: Route) => boolean
  /** Read when needed; ms. */
  timing: () => { broadcastIntervalMs: number, expiryMs: number }
}

export type SenderEvent =
  | { type: 'control', request: CcpRouteControlRequest }
  /** The forwarding table has a new epoch. */
  | { type: 'changed' }
  | { type: 'timer' }
  /** What became of an update that was to be sent. failed: the peer may have processed it or not. */
  | { type: 'fulfilled' | 'rejected' | 'failed', update: CcpRouteUpdateRequest }

export interface SenderEffects {
  send?: CcpRouteUpdateRequest
  /** When to bring the next `timer`, in place of any earlier wish. Absent: not at all. */
  wakeAtMs?: number
}

export class CcpSender {
  /** The table id that this peer is given: that of the forwarding table until the peer has to start over. */
  #tableId: string
  #mode = IDLE
  /** The peer has confirmed all before this epoch. */
  #position = 0
  /** The peer may know all before this epoch. */
  #told = 0
  /** The epoch at which the peer last knew nothing. */
  #startEpoch = 0
  #inFlight: { update: CcpRouteUpdateRequest, sentAtMs: number } | undefined
  #lastSentMs = -Infinity
  /** When the peer may last have processed something that we sent. */
  #heardMs = -Infinity
  #dueMs = Infinity
  #failures = 0

  constructor (private readonly options: SenderOptions) {
    this.#tableId = options.table.routingTableId
  }

  handle (event: SenderEvent, nowMs: number): SenderEffects {
    this.#tolerateClockSetBack(nowMs)
    switch (event.type) {
    case 'control':
      this.#control(event.request, nowMs)
      break
    case 'changed':
      if (this.#failures === 0) this.#dueMs = Math.min(this.#dueMs, nowMs + BATCH_MS)
      break
    case 'fulfilled':
      if (event.update === this.#inFlight?.update) this.#fulfilled(event.update, nowMs)
      break
    case 'rejected':
    case 'failed':
      if (event.update === this.#inFlight?.update) this.#failed(nowMs, event.type === 'rejected')
      break
    case 'timer':
      break
    }
    return this.#advance(nowMs)
  }

  /** Makes the peer start over with a new table id: what it is to be told has changed throughout. Follow it with `changed`. */
  renew (): void {
    this.#tableId = this.options.newTableId()
    this.#position = 0
    this.#startEpoch = this.options.table.currentEpoch
    this.#inFlight = undefined
  }

  /** Takes over from the sender that served this peer so far. */
  succeed (previous: CcpSender): void {
    this.#mode = previous.#mode
    this.#told = previous.#told
    this.renew()
  }

  progress (): Progress {
    return { told: this.#told, confirmed: this.#position }
  }

  /** Whether the peer has asked to be told our routes, and has confirmed all there is to tell. */
  get isUpToDate (): boolean {
    return this.#mode !== SYNC || this.#position >= this.options.table.currentEpoch
  }

  /** Whether the peer says that it knows nothing, although it was told: it has lost its state. */
  isForgottenBy (request: CcpRouteControlRequest): boolean {
    return this.#told > 0 && request.lastKnownEpoch === 0 && request.lastKnownRoutingTableId !== this.#tableId
  }

  status (): { epoch: number, mode: string | undefined } {
    return { epoch: this.#position, mode: ModeReverseMap[this.#mode] }
  }

  /** The time between heartbeats, ms. */
  get #intervalMs (): number {
    return Math.max(this.options.timing().broadcastIntervalMs, BATCH_MS)
  }

  #control (request: CcpRouteControlRequest, nowMs: number): void {
    const { table } = this.options
    const isOurTable = request.lastKnownRoutingTableId === this.#tableId
    this.#mode = request.mode
    this.#inFlight = undefined
    this.#failures = 0
    if (!isOurTable) {
      this.#position = 0
      this.#startEpoch = table.currentEpoch
    } else if (request.lastKnownEpoch > table.currentEpoch) this.renew()
    else this.#position = request.lastKnownEpoch
    // A peer that has not subscribed is not expected to confirm.
    this.#told = this.#mode === SYNC ? Math.max(this.#told, this.#position) : 0
    this.#heardMs = nowMs
    this.#dueMs = nowMs + BATCH_MS
    if (this.isUpToDate) this.#dueMs = Math.max(this.#dueMs, this.#lastSentMs + this.#intervalMs)
  }

  #fulfilled (update: CcpRouteUpdateRequest, nowMs: number): void {
    this.#inFlight = undefined
    this.#failures = 0
    this.#position = update.toEpochIndex
    this.#heardMs = nowMs
    if (this.isUpToDate) this.#dueMs = this.#lastSentMs + this.#intervalMs
    else this.#dueMs = nowMs + (this.#pending().length === MAX_EPOCHS_PER_UPDATE ? CATCH_UP_MS : BATCH_MS)
  }

  /** A peer that rejects our updates for longer than it may keep our routes has none left, and has to start over. */
  #failed (nowMs: number, isRejected: boolean): void {
    this.#inFlight = undefined
    if (!isRejected) this.#heardMs = nowMs
    else if (nowMs - this.#heardMs >= this.options.timing().expiryMs) {
      this.renew()
      this.#told = 0
    }
    this.#dueMs = nowMs + backoffMs(this.#failures++, RETRY_MS, this.#intervalMs)
  }

  #advance (nowMs: number): SenderEffects {
    if (this.#mode !== SYNC) return {}
    if (this.#inFlight !== undefined) {
      const timeoutAtMs = this.#inFlight.sentAtMs + Math.min(ANSWER_TIMEOUT_MS, this.#intervalMs)
      if (nowMs < timeoutAtMs) return { wakeAtMs: timeoutAtMs }
      this.#failed(nowMs, false)
    }
    if (nowMs < this.#dueMs) return { wakeAtMs: this.#dueMs }
    const update = this.#nextUpdate()
    this.#inFlight = { update, sentAtMs: nowMs }
    this.#lastSentMs = nowMs
    this.#dueMs = Infinity
    this.#told = Math.max(this.#told, update.toEpochIndex)
    return { send: update, wakeAtMs: nowMs + Math.min(ANSWER_TIMEOUT_MS, this.#intervalMs) }
  }

  #nextUpdate (): CcpRouteUpdateRequest {
    const { table, ownAddress, mayExport, timing } = this.options
    if (this.#told === 0) this.#startEpoch = table.currentEpoch
    else if (table.forgottenEpoch >= Math.max(this.#position, this.#startEpoch)) this.renew()
    const pending = this.#pending()
    const entries = withinBytes(pending)
    const last = entries.at(-1)
    const isAll = entries.length === pending.length && pending.length < MAX_EPOCHS_PER_UPDATE
    const newRoutes: CcpRoute[] = []
    const withdrawnRoutes: string[] = []
    for (const { prefix, route } of entries) {
      if (route !== undefined && mayExport(prefix, route)) newRoutes.push({ prefix, path: [...route.path], auth: route.auth, props: [] })
      else withdrawnRoutes.push(prefix)
    }
    return {
      routingTableId: this.#tableId,
      currentEpochIndex: table.currentEpoch,
      fromEpochIndex: this.#position,
      toEpochIndex: isAll || last === undefined ? table.currentEpoch : last.epoch + 1,
      holdDownTime: timing().expiryMs,
      speaker: ownAddress(),
      newRoutes,
      withdrawnRoutes
    }
  }

  #pending (): ForwardingEntry[] {
    return this.options.table.since(this.#position, MAX_EPOCHS_PER_UPDATE)
  }

  /** Timers count from moments that must not lie in the future, or an update could be years away. */
  #tolerateClockSetBack (nowMs: number): void {
    this.#lastSentMs = Math.min(this.#lastSentMs, nowMs)
    this.#heardMs = Math.min(this.#heardMs, nowMs)
    if (this.#inFlight !== undefined) this.#inFlight.sentAtMs = Math.min(this.#inFlight.sentAtMs, nowMs)
    if (this.#dueMs !== Infinity) this.#dueMs = Math.min(this.#dueMs, nowMs + this.#intervalMs)
  }
}

/** As many of the entries as fit into one Prepare, but at least one. */
function withinBytes (entries: ForwardingEntry[]): ForwardingEntry[] {
  let bytes = 0
  const firstTooMany = entries.findIndex(({ prefix, route }, i) => {
    bytes += prefix.length + 48 + (route?.path ?? []).reduce((sum, hop) => sum + hop.length + 3, 0)
    return i > 0 && bytes > MAX_UPDATE_BYTES
  })
  return firstTooMany === -1 ? entries : entries.slice(0, firstTooMany)
}
