/**
 * The keys that claims are signed with. They are not that of the account: each is derived for a peer, and the account puts it into each
 * channel by a transaction. Claims sign nothing that the account could be made to pay with.
 */
import { hkdfSync, sign, type KeyObject } from 'node:crypto'
import { ED25519_BYTES, ed25519PrivateKey, ed25519PublicBytes } from '../lib/keys/ed25519.js'
import { bytesOf } from './formats.js'
import type { Place } from './messages.js'

const PURPOSE = 'sluice/aptos/claim/1'

/** Of us, for the channels with one peer. */
export class ClaimKey {
  /** 64 hexadecimal digits. */
  readonly publicKey: string
  readonly #key: KeyObject

  /** @param secret of the account: anyone with it can make all claims that it ever makes */
  constructor (secret: Uint8Array, { network, moduleAddress }: Place, address: string, peer: string) {
    const info = Buffer.concat([Buffer.from(PURPOSE), Buffer.from([network]), bytesOf(moduleAddress), bytesOf(address), bytesOf(peer)])
    this.#key = ed25519PrivateKey(Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, ED25519_BYTES)))
    this.publicKey = ed25519PublicBytes(this.#key).toString('hex')
  }

  /** 128 hexadecimal digits. */
  sign (message: Uint8Array): string {
    return sign(null, message, this.#key).toString('hex')
  }
}
