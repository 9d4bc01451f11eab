/**
 * The keys of channels that we open: derived, so that there is nothing to back up, and the same index is the same address. One that is
 * opened twice is the first; and as an address is never used again, no claim is good in two channels. After the opening such a key can do
 * nothing in this version of the chain's transactions (docs/settlement-mina.md says what happens at a hard fork).
 */
import { blake2b } from '@noble/hashes/blake2.js'
import { keyWith, type MinaKey } from './keys.js'
import { numberIn } from './formats.js'

const SCALAR_BITS = 254
const TAG = 'sluice/mina/channel'
const HASH_BYTES = 32

export class ChannelKeys {
  readonly #known = new Map<string, MinaKey>()

  /** @param ownKey our private key as a text */
  constructor (private readonly ownKey: string, private readonly chainId: string) {}

  /** @param index 0 for the first channel to this payee */
  keyFor (payee: string, index: number): MinaKey {
    const name = `${payee} ${index}`
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const input = Buffer.from([TAG, this.chainId, payee, String(index)].join('\n'))
    const hash = blake2b(input, { key: blake2b(Buffer.from(this.ownKey), { dkLen: HASH_BYTES }), dkLen: HASH_BYTES })
    const key = keyWith(BigInt.asUintN(SCALAR_BITS, numberIn(hash)))
    if (this.#known.size < MOST_KNOWN) this.#known.set(name, key)
    return key
  }
}

/** What is not kept is derived anew. */
const MOST_KNOWN = 1000
