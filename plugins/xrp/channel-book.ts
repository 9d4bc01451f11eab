/**
 * What is known of channels beyond what the ledger says of them: which of ours were opened in which transaction, which have ever shown an
 * end, and how those ended that the ledger has deleted. Kept in the store of the account.
 */
import { z } from 'zod'
import type { PluginStore } from '../../src/contracts/plugin.js'
import { KeptChannels } from '../lib/channels/kept-channels.js'
import { channelIdsOf, isGoodKey } from './channel-keys.js'
import type { ChannelKeys } from './channel-keys.js'
import type { PayChannel } from './ledger/entries.js'

const Known = z.object({
  source: z.string(),
  destination: z.string(),
  publicKey: z.string(),
  settleDelay: z.number(),
  /** Of the transaction that opened it; ours only. */
  sequence: z.int().optional(),
  /** In which ledger it was seen first, or changed last before that: tells older channels from newer ones. */
  since: z.int(),
  /** It has shown an end once, at this time of the ledger's clock (seconds), and is not used any more, whatever it shows later. */
  endsAt: z.number().optional(),
  /** It was deleted: drops that had been put in, and paid out. */
  over: z.object({ amount: z.string(), balance: z.string() }).optional()
})

export type Known = z.infer<typeof Known>

/** How far back the transaction that opened a channel of ours is looked for, where our records do not say it. */
const MAX_SEARCHED = 50_000
/** So many open channels of a payer are looked at; others lock its reserve, and cost us nothing. */
const MAX_OF_A_PAYER = 50

export class ChannelBook extends KeptChannels<Known> {
  constructor (store: PluginStore, key: string) {
    super(store, key, Known)
  }

  /** Those with the peer that are not over. */
  with (peer: string): string[] {
    const isWith = ({ source, destination }: Known): boolean => source === peer || destination === peer
    return this.all().filter(([, known]) => known.over === undefined && isWith(known)).map(([channelId]) => channelId)
  }

  /** Whether as many channels of this payer are looked at as there may be. */
  isFull (payer: string): boolean {
    return this.all().filter(([, { over, source }]) => over === undefined && source === payer).length >= MAX_OF_A_PAYER
  }
}

/**
 * Why nothing is taken through a channel of the peer, whatever it promises; undefined when something is. Judged by what never changes.
 * How long its delay may be, the settlement decides.
 */
export function refusalOfTheirs ({ publicKey, cancelAfter, destinationTag }: PayChannel): string | undefined {
  if (!isGoodKey(publicKey)) return 'its PublicKey is not an Ed25519 key whose claims can be checked as the ledger checks them'
  if (cancelAfter !== undefined) return 'it has CancelAfter, which ends it without any delay'
  if (destinationTag !== undefined) return 'it has a DestinationTag, and we ask for none'
  return undefined
}

/**
 * The sequence that a channel of ours was opened with, if our claim key for it is the one that the ledger has. Undefined: another program
 * has opened it with our account.
 * @param next the next sequence of our account; undefined when that is not known
 */
export function sequenceOf ({ channelId, source, destination, publicKey }: PayChannel, keys: ChannelKeys, next = 0): number | undefined {
  const idOf = channelIdsOf(source, destination)
  const isOurs = (sequence: number): boolean =>
    idOf(sequence) === channelId && keys.keyFor(destination, sequence).publicKey === publicKey
  for (let sequence = next - 1; sequence > 0 && sequence >= next - MAX_SEARCHED; sequence--) if (isOurs(sequence)) return sequence
  return undefined
}
