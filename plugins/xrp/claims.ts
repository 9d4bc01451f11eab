/**
 * Claims as nodes exchange them on the XRP Ledger: JSON, version 1.0, around a signature that the ledger's own channels take. A claim
 * names a channel, and nothing else: whose channel that is, and which key signs for it, is what the ledger says.
 */
import { openClaim, sealClaim, textIn, wholeIn } from '../lib/channels/claim-envelope.js'
import type { ClaimFields } from '../lib/channels/claim-envelope.js'
import { promised } from '../lib/channels/types.js'
import type { Claim, ClaimCodec } from '../lib/channels/types.js'
import { isSignedWith, PUBLIC_KEY, SIGNATURE } from './channel-keys.js'
import type { ClaimKey } from './channel-keys.js'
import { HASH } from './formats.js'

/** The payer of a channel, and the key that signs for it: neither ever changes. */
export interface Payer {
  source: string
  publicKey: string
}

/** What claims need to know of channels. */
export interface ClaimSource {
  /** As far as that is known here. */
  payerOf (channelId: string): Payer | undefined
  /** Asks the ledger where that is not known. Undefined where there is no such channel with the peer. */
  findPayer (channelId: string): Promise<Payer | undefined>
  /** Rejects while the ledger has not been seen for so long that a close may have been missed. */
  checkFresh (channelId: string): void
  /** Ours, for a channel that we pay through. */
  keyOf (channelId: string): ClaimKey
}

/** Amounts of the ledger. */
const DROPS_BITS = 64

/** What the key of an account says of itself: the one that signs transactions, none of those that sign claims. */
export interface AccountKey {
  signStatement (text: string): Promise<string>
  /** Whether the key of that address has signed the text. */
  verifyStatement (text: string, address: string, signature: string): boolean
}

export class XrpClaims implements ClaimCodec {
  /**
   * @param peer who pays through a channel that is not known yet: if it is another one, its signature will not be good
   * @param key ours; who makes and checks claims only needs none
   */
  constructor (
    private readonly source: ClaimSource, private readonly address: string, private readonly peer: string, private readonly key?: AccountKey
  ) {}

  async signStatement (text: string): Promise<string> {
    return await promised(this.key?.signStatement(text), 'signStatement')
  }

  verifyStatement (text: string, address: string, signature: string): Promise<boolean> {
    return Promise.resolve(promised(this.key?.verifyStatement(text, address, signature), 'verifyStatement'))
  }

  async make ({ channelId, total, senderId }: Parameters<ClaimCodec['make']>[0]): Promise<Claim> {
    const key = this.source.keyOf(channelId)
    const signature = key.sign(channelId, total)
    const text = sealClaim({ blockchain: 'xrp', channel: channelId, nonce: total, senderId }, {
      channelId, amount: String(total), signature, publicKey: key.publicKey
    })
    return await Promise.resolve({ channelId, nonce: total, total, signer: this.address, signature, text })
  }

  parse (data: Buffer): Claim {
    const { claim, text } = openClaim(data, 'xrp')
    const channelId = hexIn(claim, 'channelId', HASH, '64 hexadecimal digits')
    const total = wholeIn(claim, 'amount', DROPS_BITS)
    const signature = hexIn(claim, 'signature', SIGNATURE, '128 hexadecimal digits')
    hexIn(claim, 'publicKey', PUBLIC_KEY, 'ED and 64 hexadecimal digits')
    return { channelId, nonce: total, total, signer: this.source.payerOf(channelId)?.source ?? this.peer, signature, text }
  }

  /** Under the key of the ledger, which the claim has to name as well. */
  async verify ({ channelId, total, signer, signature, text }: Claim): Promise<boolean> {
    const payer = this.source.payerOf(channelId) ?? await this.source.findPayer(channelId)
    if (payer?.source !== signer) return false
    if (signer !== this.address) this.source.checkFresh(channelId)
    const { claim } = openClaim(Buffer.from(text), 'xrp')
    if (hexIn(claim, 'publicKey', PUBLIC_KEY, 'ED and 64 hexadecimal digits') !== payer.publicKey) return false
    return await isSignedWith(payer.publicKey, channelId, total, signature)
  }
}

/** In the form of the ledger: in upper case. */
function hexIn (claim: ClaimFields, name: string, format: RegExp, expected: string): string {
  return textIn(claim, name, text => format.test(text.toUpperCase()), expected).toUpperCase()
}
