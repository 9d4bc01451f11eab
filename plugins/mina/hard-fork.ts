/**
 * Hard forks: the code of channels is worth nothing afterwards, and the payer's keys can take what is in them. So nothing is put in before
 * one, all that was claimed is taken out shortly before it, and nothing of before is used after it.
 */
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { ChainError } from '../lib/channels/types.js'
import type { Desk } from './chain/desk.js'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
/** Before the stop, nothing more is put in for so long. */
const QUIET_MS = 7 * DAY_MS
/** And no claim is taken for so long. */
const LAST_MS = 3 * DAY_MS
const STOPS = 'the network takes no transactions from a slot on, before a hard fork'

export interface StopDeps {
  desk: () => Pick<Desk, 'info' | 'feed' | 'stopSlot'>
  /** The slot of the stop, where the operator knows better than the nodes. */
  configured: number | undefined
  /** A redemption of less is not worth it, nanomina. */
  least: bigint
  log: Logger
}

/** The slot from which the network takes no transactions. */
export class Stop {
  readonly #deps: StopDeps
  #saidMs = Infinity

  constructor (deps: StopDeps) {
    this.#deps = deps
  }

  /** @throws ChainError, final, in the week before it */
  refusePayingIn (): void {
    if (this.#leftMs() <= QUIET_MS) throw new ChainError(`${STOPS}: nothing more is put into channels. ${this.#slots()}`, true)
  }

  /** @throws ChainError, final, in the last days before it */
  refuseClaims (): void {
    if (this.#leftMs() <= LAST_MS) throw new ChainError(`${STOPS}: claims are not taken any more. ${this.#slots()}`, true)
  }

  /** Whether so much is to be redeemed although it is little. */
  isDue (amount: bigint): boolean {
    return amount > this.#deps.least && this.#leftMs() <= LAST_MS
  }

  /** Says it once when it comes near, and once when it is there. */
  ticked (): void {
    const leftMs = this.#leftMs()
    const due = [LAST_MS, QUIET_MS].find(ms => leftMs <= ms)
    if (due === undefined || due >= this.#saidMs) return
    this.#saidMs = due
    const { log } = this.#deps
    const [hours, slot] = [Math.floor(leftMs / HOUR_MS), this.#slot() ?? 0]
    if (due === LAST_MS) {
      log.error('the network stops before a hard fork: no claims are taken, and all that was claimed is redeemed. inHours=%d slot=%d', hours, slot)
    } else log.warn('the network stops before a hard fork: nothing more is put into channels. inHours=%d slot=%d', hours, slot)
  }

  #slot (): number | undefined {
    return this.#deps.configured ?? this.#deps.desk().stopSlot()
  }

  #leftMs (): number {
    const { info, feed } = this.#deps.desk()
    const stop = this.#slot()
    return stop === undefined ? Infinity : (stop - feed.tip.slot) * info.slotMs
  }

  #slots (): string {
    return `slot=${this.#deps.desk().feed.tip.slot} stops=${this.#slot()}`
  }
}

/** What was kept is of one chain: one that was begun anew, or a fork, has none of it. Rejects with a ChainError where it is another one. */
export async function checkFork ({ info: { nodeChainId } }: Pick<Desk, 'info'>, store: PluginStore, name: string): Promise<void> {
  const seen = await store.get(name)
  if (seen === undefined) await store.put(name, nodeChainId)
  else if (seen !== nodeChainId) {
    throw new ChainError('the node is on another chain than before: the network has forked, or was begun anew. Channels from before are not used; ' +
      `read "Hard forks" in docs/settlement-mina.md. chain=${nodeChainId} before=${seen}`, false)
  }
}
