/** Settles with peers when a SettlementMonitor says so, each on the chain that its account is configured for. */
import { describeError } from '../../lib/describe-error.js'
import { createNodeLogger } from '../../lib/log.js'
import type { NodeLogger } from '../../contracts/node.js'
import type { SettlementMonitor, SettlementRequired } from './settlement-monitor.js'

/** A kind of chain, as the ids of its chains begin (`evm`), or `any` or `both`: any will do. */
export type SettlementPreference = string

export interface PeerSettlement {
  peerId: string
  settlementPreference?: SettlementPreference | undefined
  /** Default: every token. */
  settlementTokens?: readonly string[] | undefined
}

export interface UnifiedSettlementConfig {
  /** Default true. */
  enabled?: boolean | undefined
  /** Of peers that say nothing. Default any. */
  defaultPreference?: SettlementPreference | undefined
  peers?: ReadonlyMap<string, PeerSettlement> | undefined
}

/** As much of a ConnectorNode as is used. */
export interface SettlingNode {
  /** The chain of the peer's account, such as `evm:8453`. Undefined: it settles on none. */
  settlementChainOf (peerId: string): Promise<string | undefined>
  /** Rejects with an error whose `due` says what is due, in base units, when that is less. */
  settle (peerId: string, amount: bigint): Promise<void>
}

export class UnifiedSettlementExecutor {
  readonly #settling = new Set<Promise<void>>()
  readonly #listener = (required: SettlementRequired): void => {
    const settling = this.#execute(required).finally(() => this.#settling.delete(settling))
    this.#settling.add(settling) // the monitor asks once per peer, so these are as many as there are peers
  }

  constructor (
    private readonly config: UnifiedSettlementConfig,
    private readonly node: SettlingNode,
    private readonly monitor: SettlementMonitor,
    private readonly log: NodeLogger = createNodeLogger('settlement')
  ) {}

  /** From now on settles what the monitor requires. Does nothing when it is not enabled. */
  start (): void {
    this.#stopListening()
    if (this.config.enabled !== false) this.monitor.on('SETTLEMENT_REQUIRED', this.#listener)
  }

  /** Takes no more, and resolves when what is under way has ended. */
  async stop (): Promise<void> {
    this.#stopListening()
    await Promise.all(this.#settling)
  }

  /** The settlement is repeated at the monitor's next look when it fails; the node pays no more than is due in the moment of paying. */
  async #execute ({ peerId, tokenId, currentBalance }: SettlementRequired): Promise<void> {
    this.monitor.markSettlementInProgress(peerId, tokenId)
    try {
      const fault = this.#faultOf(peerId, tokenId, await this.node.settlementChainOf(peerId))
      if (fault !== undefined) throw new Error(fault)
      const paid = await this.#settle(peerId, currentBalance)
      this.monitor.markSettlementCompleted(peerId, tokenId)
      this.log.debug({ peerId, tokenId, amount: String(paid) }, 'settlement_completed') // the books have said so at info
    } catch (error) {
      this.monitor.markSettlementFailed(peerId, tokenId)
      this.log.warn({ peerId, tokenId, error: describeError(error) }, 'settlement_deferred')
    }
  }

  /** Pays `amount`, or what is left of it to be paid. Resolves to what was paid: nothing, where somebody else has paid meanwhile. */
  async #settle (peerId: string, amount: bigint): Promise<bigint> {
    try {
      await this.node.settle(peerId, amount)
      return amount
    } catch (error) {
      const due = dueOf(error)
      if (due === undefined || due >= amount) throw error
      return due > 0n ? await this.#settle(peerId, due) : 0n
    }
  }

  #faultOf (peerId: string, tokenId: string, chain: string | undefined): string | undefined {
    const { peers, defaultPreference = 'any' } = this.config
    const { settlementPreference = defaultPreference, settlementTokens } = peers?.get(peerId) ?? {}
    if (chain === undefined) return `no settlement chain is configured for peer '${peerId}'`
    if (settlementTokens?.includes(tokenId) === false) return `peer '${peerId}' does not settle in ${tokenId}`
    if (['any', 'both'].includes(settlementPreference) || chain.startsWith(`${settlementPreference}:`)) return undefined
    return `peer '${peerId}' should settle on ${settlementPreference}, but its account is on ${chain}`
  }

  #stopListening (): void {
    this.monitor.off('SETTLEMENT_REQUIRED', this.#listener)
  }
}

/** What is due, as an error says that refuses more. */
function dueOf (error: unknown): bigint | undefined {
  return typeof error === 'object' && error !== null && 'due' in error && typeof error.due === 'bigint' ? error.due : undefined
}
