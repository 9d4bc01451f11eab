/**
 * The keys that our claims are signed with, and the bytes that are signed. Each channel has a key of its own, so that a claim means nothing
 * on another network, channel or for another peer, and one that leaks costs one deposit at most. Keys are derived, and never written down.
 */
import { createHash, hkdfSync, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import { ED25519_BYTES, ed25519PrivateKey, ed25519PublicBytes, knownEd25519Key } from '../lib/keys/ed25519.js'
import { accountOf } from './base58.js'

const PURPOSE = 'sluice/xrp/claim/1'
/** `CLM` and a zero, before all that is signed for a channel. */
const CLAIM_HEAD = Buffer.from('434c4d00', 'hex')
/** What the ids of channels are derived with, apart from other things. */
const CHANNEL_SPACE = Buffer.from('0078', 'hex')
const MAX_DROPS = 2n ** 64n - 1n
/** Keys that are in use: one for each open channel, with some to spare. */
const MAX_KEPT = 1000

/** As the ledger writes a key of this kind. */
export const PUBLIC_KEY = /^ED[0-9A-F]{64}$/
/** 64 bytes. */
export const SIGNATURE = /^[0-9A-F]{128}$/

/**
 * The points of small order: under such a key, one signature is good for many messages. Both ways to write the ones that have two.
 * Source: RFC 8032 and "Taming the many EdDSAs" (2020), table 6.
 */
const SMALL_ORDER = new Set([
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '0000000000000000000000000000000000000000000000000000000000000000',
  'C7176A703D4DD84FBA3C0B760D10670F2A2053FA2C39CCC64EC7FD7792AC037A',
  'C7176A703D4DD84FBA3C0B760D10670F2A2053FA2C39CCC64EC7FD7792AC03FA',
  '26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC05',
  '26E8958FC2B227B045C3F489F2EF98F0D5DFAC05D3C63339B13802886D53FC85',
  'EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F',
  'EEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF',
  'EDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF7F',
  'EDFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ECFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF'
])

/** Whether claims under this key can be checked as the ledger checks them. */
export function isGoodKey (publicKey: string): boolean {
  return PUBLIC_KEY.test(publicKey) && !SMALL_ORDER.has(publicKey.slice(2))
}

/** The id of the channel that `source` opens to `destination` in the transaction of this sequence. */
export function channelIdOf (source: string, destination: string, sequence: number): string {
  return channelIdsOf(source, destination)(sequence)
}

/** The same for many sequences. */
export function channelIdsOf (source: string, destination: string): (sequence: number) => string {
  const bytes = Buffer.concat([CHANNEL_SPACE, accountOf(source), accountOf(destination), Buffer.alloc(4)])
  return sequence => {
    bytes.writeUInt32BE(sequence, bytes.length - 4)
    return createHash('sha512').update(bytes).digest('hex').slice(0, 64).toUpperCase()
  }
}

/** What a claim of `total` drops signs. @throws RangeError when the ledger knows no such amount */
function claimBytes (channelId: string, total: bigint): Buffer {
  if (total < 0n || total > MAX_DROPS) throw new RangeError(`not an amount of the XRP Ledger. found=${total}`)
  const amount = Buffer.alloc(8)
  amount.writeBigUInt64BE(total)
  return Buffer.concat([CLAIM_HEAD, Buffer.from(channelId, 'hex'), amount])
}

const verifyBeside = promisify((bytes: Buffer, key: KeyObject, signature: Buffer, done: (error: Error | null, isGood: boolean) => void) => {
  verify(null, bytes, key, signature, done)
})

/**
 * Whether the claim is signed with the key, as the ledger would see it: without the cofactor, which libraries for JavaScript multiply with
 * and the ledger does not. They take claims that nobody can ever redeem.
 */
export async function isSignedWith (publicKey: string, channelId: string, total: bigint, signature: string): Promise<boolean> {
  if (!isGoodKey(publicKey) || !SIGNATURE.test(signature) || total < 0n || total > MAX_DROPS) return false
  const key = knownEd25519Key(Buffer.from(publicKey.slice(2), 'hex'))
  return await verifyBeside(claimBytes(channelId, total), key, Buffer.from(signature, 'hex'))
}

function bytesOf (number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

export interface ClaimKey {
  /** `ED` and 64 hexadecimal digits. */
  readonly publicKey: string
  /** 128 hexadecimal digits. */
  sign (channelId: string, total: bigint): string
}

/** The claim keys of one account. */
export class ChannelKeys {
  readonly #secret: Buffer
  readonly #kept = new Map<string, ClaimKey>()

  /** @param secret of the account: anyone with it can make all claims that it ever makes */
  constructor (secret: Buffer, private readonly network: number, private readonly address: string) {
    this.#secret = secret
  }

  /** The key of the channel that we open to the peer in the transaction of this sequence. */
  keyFor (peer: string, sequence: number): ClaimKey {
    const name = `${peer}:${sequence}`
    const key = this.#kept.get(name) ?? this.#derive(peer, sequence)
    this.#kept.delete(name)
    this.#kept.set(name, key)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MAX_KEPT) break
      this.#kept.delete(oldest)
    }
    return key
  }

  #derive (peer: string, sequence: number): ClaimKey {
    const info = Buffer.concat([Buffer.from(PURPOSE), bytesOf(this.network), accountOf(this.address), accountOf(peer), bytesOf(sequence)])
    const seed = Buffer.from(hkdfSync('sha256', this.#secret, Buffer.alloc(0), info, ED25519_BYTES))
    const key = ed25519PrivateKey(seed)
    const publicKey = ed25519PublicBytes(key)
    return {
      publicKey: `ED${publicKey.toString('hex').toUpperCase()}`,
      sign: (channelId, total) => sign(null, claimBytes(channelId, total), key).toString('hex').toUpperCase()
    }
  }
}
