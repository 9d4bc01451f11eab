/**
 * The two messages that are signed for channels of a TokenNetwork contract, as EIP-712 typed data. A claim is signed for every packet, so
 * the digests are put together by hand: what stays the same for a contract is hashed once.
 */
import { keccak256 } from 'ethers'
import type { CloseConsent } from '../lib/channels/types.js'
import { bytesOf } from './formats.js'

/** The domain is `{ name: 'TokenNetwork', version: '1', chainId, verifyingContract }`. */
const DOMAIN_TYPE = typeHash('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)')
const BALANCE_PROOF_TYPE =
  typeHash('BalanceProof(bytes32 channelId,uint256 nonce,uint256 transferredAmount,uint256 lockedAmount,bytes32 locksRoot)')
/** `participant` is who agrees, `least` what the other has paid it, `validUntil` the last second for it. */
const CLOSE_CONSENT_TYPE = typeHash('CloseConsent(bytes32 channelId,address participant,uint256 least,uint256 validUntil)')

const WORD = 32

export interface TypedData {
  /** The digest that the payer signs. `lockedAmount` and `locksRoot` are always zero here: nobody locks. */
  claimDigest (channelId: string, nonce: bigint, transferredAmount: bigint): Buffer
  /** The digest that `participant` (an address) signs to agree to the end of a channel. */
  consentDigest (consent: Omit<CloseConsent, 'pays'>, participant: string): Buffer
}

/** @param contract address of the TokenNetwork */
export function typedDataOf (chainId: bigint, contract: string): TypedData {
  const domain = words(5, [DOMAIN_TYPE, hashOf(Buffer.from('TokenNetwork')), hashOf(Buffer.from('1')), chainId, BigInt(contract)])
  const separator = hashOf(domain)
  const digestOf = (struct: Buffer): Buffer => {
    const message = Buffer.allocUnsafe(2 + 2 * WORD)
    message.writeUInt16BE(0x1901, 0)
    separator.copy(message, 2)
    hashOf(struct).copy(message, 2 + WORD)
    return hashOf(message)
  }
  return {
    claimDigest: (channelId, nonce, transferredAmount) =>
      digestOf(words(6, [BALANCE_PROOF_TYPE, bytesOf(channelId), nonce, transferredAmount, 0n, 0n])),
    consentDigest: ({ channelId, least, validUntil }, participant) =>
      digestOf(words(5, [CLOSE_CONSENT_TYPE, bytesOf(channelId), BigInt(participant), least, BigInt(validUntil)]))
  }
}

function words (count: number, values: ReadonlyArray<Buffer | bigint>): Buffer {
  const struct = Buffer.alloc(count * WORD)
  values.forEach((value, i) => {
    if (typeof value === 'bigint') writeUint256(struct, value, i * WORD)
    else value.copy(struct, i * WORD)
  })
  return struct
}

function writeUint256 (bytes: Buffer, value: bigint, offset: number): void {
  if (value < 0n || value >= 2n ** 256n) throw new RangeError(`no uint256. found=${value}`)
  if (value < 2n ** 64n) bytes.writeBigUInt64BE(value, offset + WORD - 8)
  else bytes.write(value.toString(16).padStart(2 * WORD, '0'), offset, 'hex')
}

function typeHash (type: string): Buffer {
  return hashOf(Buffer.from(type))
}

function hashOf (bytes: Buffer): Buffer {
  return bytesOf(keccak256(bytes))
}
