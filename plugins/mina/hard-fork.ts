/**
 * Hard forks: the code of channels is worth nothing afterwards, and the payer's keys can take what is in them. So nothing is put in before
 * one, and nothing of before is used after it.
 */
import type { PluginStore } from '../../src/contracts/plugin.js'
import { ChainError } from '../lib/channels/types.js'
import type { Desk } from './chain/desk.js'

const QUIET_MS = 7 * 24 * 60 * 60 * 1000

/** @param configured the slot of the stop, where nodes do not say it. @throws ChainError, final, in the week before the network stops */
export function refuseNearStop ({ info, feed }: Pick<Desk, 'info' | 'feed'>, configured: number | undefined): void {
  const stop = configured ?? info.stopSlot
  if (stop === undefined || (stop - feed.tip.slot) * info.slotMs > QUIET_MS) return
  throw new ChainError('the network takes no transactions from a slot in the next seven days on, before a hard fork: nothing more is put into channels. ' +
    `slot=${feed.tip.slot} stops=${stop}`, true)
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
