/**
 * What parties of a channel sign, byte by byte as the program builds it: the first byte is not a valid start of a transaction, the genesis
 * hash names the cluster, and the instance the life of the channel. Integers are little-endian.
 */
import { bytesOf, u64, type ChannelId } from './formats.js'

/** 0xFF and what follows. */
const CLAIM_TAG = Buffer.from('\xffSLUICE-CLAIM-V2', 'latin1')
const STATEMENT_TAG = Buffer.from('\xffSLUICE-SAYS-V1', 'latin1')
const TERMS_TAG = Buffer.from('\xffSLUICE-CLOSE-V2', 'latin1')

/** Where channels live. Addresses in base58. */
export interface Place {
  genesis: string
  programId: string
}

/** Token units that each side has paid the other in all when a channel ends; side a is the one with the lower key. */
export interface Terms {
  paidA: bigint
  paidB: bigint
  /** Seconds since the epoch, by the chain's clock. */
  validUntil: bigint
}

/** 136 bytes: the signer owes the other party `total` in all. */
export function claimMessage (place: Place, channel: ChannelId, nonce: bigint, total: bigint): Buffer {
  return Buffer.concat([headOf(CLAIM_TAG, place, channel), u64(nonce), u64(total)])
}

/** 144 bytes: what both sign to end a channel at once. */
export function termsMessage (place: Place, channel: ChannelId, { paidA, paidB, validUntil }: Terms): Buffer {
  return Buffer.concat([headOf(TERMS_TAG, place, channel), u64(paidA), u64(paidB), u64(validUntil)])
}

/** What a key says of itself, in words. Nothing that the program takes: it looks at the lengths of messages, and at their tags. */
export function statementMessage (text: string): Buffer {
  return Buffer.concat([STATEMENT_TAG, Buffer.from(text)])
}

function headOf (tag: Buffer, { genesis, programId }: Place, { account, instance }: ChannelId): Buffer {
  return Buffer.concat([tag, bytesOf(genesis), bytesOf(programId), bytesOf(account), u64(instance)])
}
