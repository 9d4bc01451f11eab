/**
 * What is known of channels beyond what the chain says of them: which addresses are ours to look at, which of them were over once, and what
 * the node's chain was. Kept in the store of the account.
 */
import { z } from 'zod'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { KeptChannels } from '../lib/channels/kept-channels.js'

const Known = z.object({
  payer: z.string(),
  payee: z.string(),
  /** The height of the block in which it was seen first: tells older channels from newer ones. */
  since: z.int(),
  /** It was over: the amounts of then, nanomina. What comes in later does not belong to it. */
  over: z.object({ challengeSlots: z.int(), paid: z.string() }).optional()
})

export type Known = z.infer<typeof Known>

/** So many of a peer's channels are looked at; others cost it the fee of an account each, and us nothing. */
export const MAX_OF_A_PEER = 4

export class ChannelBook extends KeptChannels<Known> {
  constructor (store: PluginStore, key: string) {
    super(store, key, Known)
  }

  /** Those with the peer that are not over. */
  with (peer: string): string[] {
    const isWith = ({ payer, payee }: Known): boolean => payer === peer || payee === peer
    return this.all().filter(([, known]) => known.over === undefined && isWith(known)).map(([channelId]) => channelId)
  }

  /** Whether as many channels of this payer are looked at as there may be. */
  isFull (payer: string): boolean {
    return this.all().filter(([, known]) => known.over === undefined && known.payer === payer).length >= MAX_OF_A_PEER
  }
}
