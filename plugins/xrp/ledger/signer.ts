/** Who signs transactions of an account: the holder of its seed. */
import { Wallet } from 'xrpl'
import type { SubmittableTransaction } from 'xrpl'
import { seedIn } from '../base58.js'
import type { Call } from './operations.js'

/** Ends a channel, or begins to. The flag beside it, 0x00010000, takes that back. Source: xrpl.org, "PaymentChannelClaim flags". */
const CLOSE = 0x00020000
/** Networks above name themselves in transactions; others must not. Source: xrpl.org, "NetworkID". */
const LAST_UNNAMED_NETWORK = 1024

export interface Signer {
  /** `r...` */
  readonly address: string
  /** Of 16 bytes: what claim keys are derived from. */
  readonly secret: Buffer
  sign (transaction: SubmittableTransaction): { blob: string, hash: string }
}

/** @throws Error that never repeats the seed, when it is none */
export function signerOf (keyId: string): Signer {
  const seed = seedIn(keyId)
  if (seed === undefined) throw new Error('this form of keyId is not supported. Use the seed of the account: s... or sEd...')
  const wallet = Wallet.fromSeed(keyId)
  return {
    address: wallet.classicAddress,
    secret: seed.entropy,
    sign: transaction => {
      const { tx_blob: blob, hash } = wallet.sign(transaction)
      return { blob, hash }
    }
  }
}

/** What every transaction says. */
export interface Envelope {
  address: string
  network: number
  sequence: number
  /** Drops. */
  fee: bigint
  /** The last ledger that may have it. */
  last: number
}

/** @param claimKey the key of the channel that a `create` opens */
export function transactionOf (
  call: Call, envelope: Envelope, claimKey: (peer: string, sequence: number) => string
): SubmittableTransaction {
  const { address, network, sequence, fee, last } = envelope
  const common = {
    Account: address,
    Sequence: sequence,
    Fee: String(fee),
    LastLedgerSequence: last,
    ...network > LAST_UNNAMED_NETWORK ? { NetworkID: network } : {}
  }
  switch (call.type) {
  case 'create': return {
    ...common,
    TransactionType: 'PaymentChannelCreate',
    Destination: call.peer,
    ...call.tag === undefined ? {} : { DestinationTag: call.tag },
    Amount: call.amount,
    SettleDelay: call.delay,
    PublicKey: claimKey(call.peer, sequence)
  }
  case 'fund': return { ...common, TransactionType: 'PaymentChannelFund', Channel: call.channelId, Amount: call.amount }
  case 'claim': return {
    ...common,
    TransactionType: 'PaymentChannelClaim',
    Channel: call.channelId,
    ...call.claim === undefined ? {} : {
      Balance: call.claim.total, Amount: call.claim.total, Signature: call.claim.signature, PublicKey: call.claim.publicKey
    },
    Flags: call.ends ? CLOSE : 0
  }
  case 'close': return { ...common, TransactionType: 'PaymentChannelClaim', Channel: call.channelId, Flags: CLOSE }
  case 'settle': return { ...common, TransactionType: 'PaymentChannelClaim', Channel: call.channelId }
  }
}
