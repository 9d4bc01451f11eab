/**
 * What parties of a channel sign, byte by byte as the module builds it (BCS): what it is, the network, the module, the channel, and who
 * signs. Integers are little-endian.
 */
import { bytesOf, MAX_U64 } from './formats.js'

const CLAIM_TAG = 'SLUICE_CLAIM_V1'
const CONSENT_TAG = 'SLUICE_CLOSE_V1'

/** Where channels live. */
export interface Place {
  /** The number of the network. */
  network: number
  /** Of the account that has the module. */
  moduleAddress: string
}

/** 121 bytes: `payer` has paid the other party of the channel `total` in all. Undefined for an amount that the module does not know. */
export function claimMessage (place: Place, channel: string, payer: string, total: bigint): Buffer | undefined {
  return isU64(total) ? Buffer.concat([headOf(CLAIM_TAG, place, channel, payer), u64(total)]) : undefined
}

/** 129 bytes: until `validUntil` (seconds) `party` agrees to an end in which the other has paid it `least` in all. Undefined as above. */
export function consentMessage (place: Place, channel: string, party: string, least: bigint, validUntil: bigint): Buffer | undefined {
  if (!isU64(least) || !isU64(validUntil)) return undefined
  return Buffer.concat([headOf(CONSENT_TAG, place, channel, party), u64(least), u64(validUntil)])
}

/** What the key of an account says, in words. Neither a claim, a consent nor a transaction begins so. */
export function statementMessage (text: string): Buffer {
  return Buffer.from(`SLUICE SAYS\0${text}`)
}

function headOf (tag: string, { network, moduleAddress }: Place, channel: string, signer: string): Buffer {
  return Buffer.concat([
    Buffer.from([tag.length]), Buffer.from(tag, 'latin1'), Buffer.from([network]), bytesOf(moduleAddress), bytesOf(channel), bytesOf(signer)
  ])
}

function isU64 (value: bigint): boolean {
  return value >= 0n && value <= MAX_U64
}

function u64 (value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
