/**
 * Claims of Aptos's channels: JSON around a signed message of 121 bytes that names the network, the module, the channel and the payer.
 * Which key signs for whom is what the chain says of the channel. The claims of earlier connectors name the owner of a channel, and are
 * checked with the key of the party that takes them, so that it could make them up: they are refused in words of their own.
 */
import { invalid, openClaim, sealClaim, shown, textIn, wholeIn, type ClaimFields } from '../lib/channels/claim-envelope.js'
import { ClaimError, promised } from '../lib/channels/types.js'
import type { ChannelState, Claim, ClaimCodec, CloseConsent } from '../lib/channels/types.js'
import { isStrictlySignedBy } from '../lib/keys/strict-ed25519.js'
import { ADDRESS_IN_WORDS, addressOf, canonicalAddress, chainIdOf, isAddress, networkOf } from './formats.js'
import type { ClaimKey } from './claim-keys.js'
import type { AptosKey } from './keys.js'
import { claimMessage, consentMessage, statementMessage, type Place } from './messages.js'

/** What claims need to know of channels. */
export interface ClaimSource {
  /** Ours. */
  readonly address: string
  /** That a party signs with in a channel, 64 hexadecimal digits. Undefined: there is no such channel, or the party has not set it yet. */
  keyIn (channelId: string, party: string): Promise<string | undefined>
  /** The same as far as it is known without asking. */
  knownKeyIn (channelId: string, party: string): string | undefined
  /** Resolves when our key is in the channel. Rejects with ChainError. */
  join (channelId: string): Promise<void>
  /** Rejects while the chain has not been seen for so long that a close may have been missed. */
  checkFresh (channelId: string): Promise<void>
}

export interface ClaimsOptions {
  place: Place
  source: ClaimSource
  /** Our key for the channels with a peer. */
  keyFor: (peer: string) => ClaimKey
  /** The party that pays through these channels, if we do not. */
  peer: string
  /** Of our account; what only makes and checks claims needs none. */
  key?: Pick<AptosKey, 'signStatement'> | undefined
}

const BITS = 64
const SIGNATURE = /^[0-9a-f]{128}$/
/** The public key, which no address shows, a colon, and the signature. */
const STATEMENT = /^([0-9a-f]{64}):([0-9a-f]{128})$/
const PUBLIC_KEY = /^[0-9a-f]{64}$/

export class AptosClaims implements ClaimCodec {
  readonly #options: ClaimsOptions

  constructor (options: ClaimsOptions) {
    this.#options = options
  }

  /** Rejects when the chain knows another key of ours in the channel: nobody could redeem what this one signs. */
  async make ({ channelId, total, senderId }: Parameters<ClaimCodec['make']>[0]): Promise<Claim> {
    const { place, source, keyFor, peer } = this.#options
    const key = keyFor(peer)
    const known = source.knownKeyIn(channelId, source.address)
    if (known !== undefined && known !== key.publicKey) {
      throw new Error(`the channel has another key of ours than this node has: its records or its key are not those that opened it. Close it. channelId=${channelId}`)
    }
    const message = claimMessage(place, channelId, source.address, total)
    if (message === undefined) throw new Error(`not an amount that a channel of Aptos knows. amount=${total}`)
    const signature = key.sign(message)
    const text = sealClaim({ blockchain: 'aptos', channel: channelId, nonce: total, senderId }, {
      chainId: chainIdOf(place.network),
      moduleAddress: place.moduleAddress,
      channelId,
      amount: String(total),
      nonce: total <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(total) : String(total),
      signature,
      publicKey: key.publicKey
    })
    return await Promise.resolve({ channelId, nonce: total, total, signer: source.address, signature, text })
  }

  parse (data: Buffer): Claim {
    const { source, keyFor, peer } = this.#options
    const { claim, text } = openClaim(data, 'aptos')
    this.#checkPlace(claim)
    const channelId = canonicalAddress(textIn(claim, 'channelId', isAddress, ADDRESS_IN_WORDS))
    const total = wholeIn(claim, 'amount', BITS)
    if (claim.nonce !== undefined && shown(claim.nonce) !== String(total)) throw invalid('Invalid nonce format (expected the amount)')
    const signature = hexIn(claim, 'signature', SIGNATURE, '128 hexadecimal digits')
    const signer = publicKeyIn(claim) === keyFor(peer).publicKey ? source.address : peer
    return { channelId, nonce: total, total, signer, signature, text }
  }

  /** Under the key of the channel, which the claim has to name as well. */
  async verify ({ channelId, total, signer, signature, text }: Claim): Promise<boolean> {
    const { place, source } = this.#options
    const key = isAddress(channelId) ? await source.keyIn(channelId, signer) : undefined
    if (key === undefined) return false
    if (signer !== source.address) await source.checkFresh(channelId)
    const message = claimMessage(place, channelId, signer, total)
    const { claim } = openClaim(Buffer.from(text), 'aptos')
    return message !== undefined && publicKeyIn(claim) === key && isSigned(key, message, signature)
  }

  /** With our key in the channel, which is put there now if it was not needed before. */
  async signConsent (consent: CloseConsent, { channelId, ours, theirs }: ChannelState): Promise<string> {
    const { place, source, keyFor } = this.#options
    const message = messageOf(place, consent, channelId, ours.address)
    if (message === undefined) throw new Error(`no terms that the chain takes. channelId=${consent.channelId}`)
    await source.join(channelId)
    return keyFor(theirs.address).sign(message)
  }

  async verifyConsent (consent: CloseConsent, { channelId, theirs }: ChannelState, signature: string): Promise<boolean> {
    const { place, source } = this.#options
    const message = messageOf(place, consent, channelId, theirs.address)
    const key = await source.keyIn(channelId, theirs.address)
    return message !== undefined && key !== undefined && isSigned(key, message, signature)
  }

  async signStatement (text: string): Promise<string> {
    return await promised(this.#options.key?.signStatement(text), 'signStatement')
  }

  /** By an account that has never changed its key. */
  verifyStatement (text: string, address: string, signature: string): Promise<boolean> {
    const [, publicKey = '', signed = ''] = STATEMENT.exec(signature) ?? []
    const isTheirs = publicKey !== '' && addressOf(Buffer.from(publicKey, 'hex')) === address
    return Promise.resolve(isTheirs && isSigned(publicKey, statementMessage(text), signed))
  }

  /** A claim for another network or module is worth nothing here, and one of the older form nothing anywhere. */
  #checkPlace ({ channelOwner, channelId, chainId, moduleAddress }: ClaimFields): void {
    const { network, moduleAddress: ours } = this.#options.place
    if (channelOwner !== undefined || (channelId === undefined && chainId === undefined)) {
      throw new ClaimError(`Claim is of an older form and cannot be enforced: it names the owner of a channel; moduleAddress must be ${ours}`)
    }
    if (typeof chainId !== 'string' || networkOf(chainId) !== network) throw new ClaimError(`Unknown channel: claim is for another chain. chainId=${shown(chainId)}`)
    if (typeof moduleAddress !== 'string' || canonicalAddress(moduleAddress) !== ours) throw new ClaimError('Unknown channel: claim is for another contract')
  }
}

function messageOf (place: Place, { channelId, least, validUntil }: CloseConsent, channel: string, party: string): Buffer | undefined {
  if (channelId !== channel || !Number.isSafeInteger(validUntil) || validUntil < 0) return undefined
  return consentMessage(place, channelId, party, least, BigInt(validUntil))
}

/** Whether the chain would take it. @param publicKey in hexadecimal digits, as the signature */
export function isSigned (publicKey: string, message: Buffer, signature: string): boolean {
  return PUBLIC_KEY.test(publicKey) && SIGNATURE.test(signature) &&
    isStrictlySignedBy(Buffer.from(publicKey, 'hex'), message, Buffer.from(signature, 'hex'))
}

function publicKeyIn (claim: ClaimFields): string {
  return hexIn(claim, 'publicKey', PUBLIC_KEY, '64 hexadecimal digits')
}

/** With or without 0x, in the one form: without, and in lower case. */
function hexIn (claim: ClaimFields, name: string, format: RegExp, expected: string): string {
  return bare(textIn(claim, name, text => format.test(bare(text)), expected))
}

function bare (hex: string): string {
  return hex.toLowerCase().replace(/^0x/, '')
}
