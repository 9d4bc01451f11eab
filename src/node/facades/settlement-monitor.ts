/** Watches what a node owes its peers and says when that passes a threshold: for applications that settle by means of their own. */
import { EventEmitter } from 'node:events'
import { describeError } from '../../lib/describe-error.js'
import { createNodeLogger } from '../../lib/log.js'
import type { NodeLogger } from '../../contracts/node.js'
import type { SettlementState } from '../../contracts/node-channels.js'
import type { AccountManager } from './account-manager.js'

/** Base units. A peer without a threshold is not watched. */
export interface SettlementThresholds {
  defaultThreshold?: bigint | undefined
  perPeerThresholds?: ReadonlyMap<string, bigint> | undefined
  /** ms between looks. Default 30000. */
  pollingInterval?: number | undefined
}

/** With the event SETTLEMENT_REQUIRED. Amounts in base units; `currentBalance` is what we owe the peer. */
export interface SettlementRequired {
  peerId: string
  tokenId: string
  currentBalance: bigint
  threshold: bigint
  exceedsBy: bigint
  /** What the amounts are in, where the configuration names an asset. */
  assetCode?: string | undefined
  assetScale?: number | undefined
  timestamp: Date
}

const POLLING_INTERVAL_MS = 30_000

/**
 * Emits SETTLEMENT_REQUIRED once for a peer whose threshold is passed: then again only when the settlement is said to be completed or
 * failed and the threshold is still, or again, passed.
 */
export class SettlementMonitor extends EventEmitter<{ SETTLEMENT_REQUIRED: [SettlementRequired] }> {
  /** By `peer:token`, of those that are not idle: at most one for each peer of the node. */
  readonly #states = new Map<string, SettlementState>()
  #timer: NodeJS.Timeout | undefined

  constructor (
    private readonly accounts: AccountManager, private readonly thresholds: SettlementThresholds, private readonly log: NodeLogger = createNodeLogger('settlement')
  ) {
    super()
  }

  /** Looks now, and then at intervals. Does nothing when it does so already. */
  start (): void {
    if (this.#timer !== undefined) return
    this.#timer = setInterval(() => { this.#look() }, this.thresholds.pollingInterval ?? POLLING_INTERVAL_MS).unref()
    this.#look()
  }

  stop (): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** One look at all peers. Rejects for a node that does not run. */
  async check (): Promise<void> {
    for (const [peerId, { tokenId, creditBalance: currentBalance, assetCode, assetScale }] of await this.accounts.getAllBalances()) {
      const threshold = this.thresholds.perPeerThresholds?.get(peerId) ?? this.thresholds.defaultThreshold
      if (threshold === undefined || currentBalance <= threshold || this.getSettlementState(peerId, tokenId) !== 'IDLE') continue
      this.#states.set(`${peerId}:${tokenId}`, 'SETTLEMENT_PENDING')
      const asset = assetCode === undefined ? {} : { assetCode, assetScale }
      this.emit('SETTLEMENT_REQUIRED', {
        peerId, tokenId, currentBalance, threshold, exceedsBy: currentBalance - threshold, ...asset, timestamp: new Date()
      })
    }
  }

  getSettlementState (peerId: string, tokenId: string): SettlementState {
    return this.#states.get(`${peerId}:${tokenId}`) ?? 'IDLE'
  }

  /** Those that are not idle, by `peer:token`. */
  getAllSettlementStates (): Map<string, SettlementState> {
    return new Map(this.#states)
  }

  /** Somebody is at it. Does nothing unless it is pending. */
  markSettlementInProgress (peerId: string, tokenId: string): void {
    if (this.getSettlementState(peerId, tokenId) !== 'IDLE') this.#states.set(`${peerId}:${tokenId}`, 'SETTLEMENT_IN_PROGRESS')
  }

  markSettlementCompleted (peerId: string, tokenId: string): void {
    this.#states.delete(`${peerId}:${tokenId}`)
  }

  /** It is required again at the next look. */
  markSettlementFailed (peerId: string, tokenId: string): void {
    this.#states.delete(`${peerId}:${tokenId}`)
  }

  #look (): void {
    this.check().catch((error: unknown) => { this.log.warn({ error: describeError(error) }, 'settlement_check_failed') })
  }
}
