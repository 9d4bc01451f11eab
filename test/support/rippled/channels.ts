/** Short cuts of tests to channels on the stand-in: how they come about, and how their states are brought about. */
import type { Wallet } from 'xrpl'
import type { PayChannel } from './entries.js'
import { channelIndex } from './hashing.js'
import { signedClaim, XRP, type LedgerWorld } from './parties.js'

/** A channel of the payer to the payee. */
export interface OpenChannel {
  readonly id: string
  entry (): PayChannel | undefined
  /** The final result of a PaymentChannelClaim. @param fields `Balance` in drops is signed for unless the fields say otherwise */
  claim (by: Wallet, fields?: Readonly<Record<string, unknown>>): Promise<string>
  fund (by: Wallet, fields?: Readonly<Record<string, unknown>>): Promise<string>
  /** What the payee adds to a claim to redeem it. */
  signed (drops: bigint): { Balance: string, Amount: string, PublicKey: string, Signature: string }
}

export const tfRenew = 0x00010000
export const tfClose = 0x00020000

/** Opens a channel with 10 XRP in it. */
export async function openChannelIn (world: LedgerWorld, fields: Readonly<Record<string, unknown>> = {}): Promise<OpenChannel> {
  const { payer, payee, rippled } = world
  const { next } = rippled.network.sequencesOf(payer.address)
  await world.settle(payer, {
    TransactionType: 'PaymentChannelCreate', Destination: payee.address, Amount: `${10n * XRP}`, SettleDelay: 3600, PublicKey: payer.publicKey, ...fields
  })
  const destination = typeof fields.Destination === 'string' ? fields.Destination : payee.address
  const id = channelIndex(payer.address, destination, next)
  return {
    id,
    entry: () => rippled.state.channel(id),
    claim: (by, more = {}) => world.settle(by, { TransactionType: 'PaymentChannelClaim', Channel: id, ...more }),
    fund: (by, more = {}) => world.settle(by, { TransactionType: 'PaymentChannelFund', Channel: id, Amount: `${XRP}`, ...more }),
    signed: drops => ({ Balance: `${drops}`, Amount: `${drops}`, PublicKey: payer.publicKey, Signature: signedClaim(payer, id, drops) })
  }
}
