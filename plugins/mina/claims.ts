/**
 * Claims as nodes exchange them on Mina: JSON, version 1.0, around a Schnorr signature over three field elements that the contract checks
 * itself. What it commits to names the chain, the version of the contract and the channel (`salt` is that domain), and the amount.
 *
 * Deployed nodes of other makers send claims of the same shape for another contract, which pays only what both parties have signed. One
 * signature is worth nothing there, so such a claim is refused, and never credited.
 */
import { pause } from '../../src/lib/timers.js'
import { invalid, nonceIn, openClaim, sealClaim, shown, textIn, wholeIn } from '../lib/channels/claim-envelope.js'
import type { ClaimFields } from '../lib/channels/claim-envelope.js'
import { ClaimError, promised } from '../lib/channels/types.js'
import type { Claim, ClaimCodec } from '../lib/channels/types.js'
import type { MinaSigner } from './crypto/mina-signer.js'
import type { SignatureThreads } from './crypto/signature-threads.js'
import { COIN, networkOf, pointOf, signatureOf, signatureTextOf, signatureWith } from './formats.js'
import type { Signature } from './formats.js'
import { commitmentOf, domainOf } from './hashes.js'
import type { MinaKey } from './keys.js'

export interface MinaClaimsOptions {
  /** `mina:devnet` */
  chainId: string
  key: MinaKey
  /** Who signs a claim that does not say so. */
  peer: string
  /** For what keys say of themselves; what only makes and checks claims needs none. */
  signer?: Pick<MinaSigner, 'signMessage' | 'verifyMessage'> | undefined
  signatures: Pick<SignatureThreads, 'sign' | 'isSignedBy'>
  /** Throws while the chain has not been seen for so long that a close may have been missed. */
  checkFresh?: ((channelId: string) => void) | undefined
  /** Told of each claim of the peer that is genuine. */
  onGenuine?: ((claim: Pick<Claim, 'channelId' | 'total' | 'nonce' | 'signature'>) => void) | undefined
}

const AMOUNT_BITS = 64
const FIELD_BITS = 255
const STATEMENT = /^(\d{1,78}):(\d{1,78})$/
const DECIMAL = /^\d{1,78}$/
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/
/** No proof of a deployed node is longer. */
const PROOF_LENGTH_MAX = 1024
/** Of channels of which the domain is remembered: to hash it takes a millisecond. */
const DOMAINS_MAX = 1000
/** After so many bad signatures in a row, the peer's claims are looked at only so often. */
const BAD_IN_A_ROW = 20
const PENALTY_MS = 1000
/** Or after so many in a second, with good ones between: they cost half of the time of a thread. */
const BAD_IN_A_SECOND = 60

export class MinaClaims implements ClaimCodec {
  readonly #options: MinaClaimsOptions
  readonly #network: string
  readonly #domains = new Map<string, bigint>()
  #badInARow = 0
  /** Of the second that began then. */
  #badLately = { sinceMs: 0, count: 0 }
  #isPaused = false

  constructor (options: MinaClaimsOptions) {
    this.#options = options
    this.#network = networkOf(options.chainId) ?? ''
  }

  async make ({ channelId, nonce, total, senderId }: Parameters<ClaimCodec['make']>[0]): Promise<Claim> {
    const { key, signatures } = this.#options
    const domain = this.#domainOf(channelId)
    const signature = await signatures.sign({ channel: channelId, domain, amount: total, nonce }, key.text)
    const { r, s } = signatureOf(signature) ?? { r: 0n, s: 0n }
    const text = sealClaim({ blockchain: 'mina', channel: channelId, nonce, senderId }, {
      zkAppAddress: channelId,
      tokenId: COIN,
      balanceCommitment: String(commitmentOf(total, domain)),
      nonce: Number(nonce),
      salt: String(domain),
      transferredAmount: String(total),
      balanceB: '0',
      signerPublicKey: key.address,
      network: this.#network,
      proof: Buffer.from(JSON.stringify({ r: String(r), s: String(s) })).toString('base64')
    })
    return { channelId, nonce, total, signer: key.address, signature, text }
  }

  parse (data: Buffer): Claim {
    const { claim, text } = openClaim(data, 'mina')
    const channelId = addressIn(claim, 'zkAppAddress')
    if (textIn(claim, 'tokenId', id => id.length > 0, 'the id of a token') !== COIN) {
      throw new ClaimError(`Unknown channel: channels on Mina are in MINA only. tokenId=${shown(claim.tokenId)} expected=${COIN}`)
    }
    this.#checkNetwork(claim)
    const nonce = nonceIn(claim)
    const commitment = wholeIn(claim, 'balanceCommitment', FIELD_BITS)
    const salt = wholeIn(claim, 'salt', FIELD_BITS)
    const signature = signatureIn(claim)
    const signer = claim.signerPublicKey === undefined ? this.#options.peer : addressIn(claim, 'signerPublicKey')
    const domain = this.#domainOf(channelId)
    if (salt !== domain) {
      throw new ClaimError('Unknown channel: the claim is for a contract that pays only what both parties have signed, or for another chain. ' +
        'It is worth nothing here, so with this peer packets pass on credit only')
    }
    const total = wholeIn(claim, 'transferredAmount', AMOUNT_BITS)
    if (claim.balanceB !== undefined && claim.balanceB !== '0') throw invalid("Invalid balanceB format (expected '0')")
    if (commitmentOf(total, domain) !== commitment) throw invalid('balanceCommitment does not commit to transferredAmount and salt')
    return { channelId, nonce, total, signer, signature: signatureTextOf(signature), text }
  }

  /** Looked at in another thread. A peer that sends nothing but bad ones is slowed down: each costs us milliseconds. */
  async verify ({ channelId, total, nonce, signer, signature }: Claim): Promise<boolean> {
    const { signatures, key, onGenuine, checkFresh } = this.#options
    const isPeers = signer !== key.address
    if (isPeers) checkFresh?.(channelId)
    if (isPeers && this.#isFlooded()) await this.#wait()
    if (pointOf(channelId) === undefined) return false
    const terms = { channel: channelId, domain: this.#domainOf(channelId), amount: total, nonce }
    const isGood = await signatures.isSignedBy(terms, signature, signer)
    if (!isPeers) return isGood
    this.#badInARow = isGood ? 0 : this.#badInARow + 1
    if (!isGood) this.#badLately.count++
    if (isGood) onGenuine?.({ channelId, total, nonce, signature })
    return isGood
  }

  /** As wallets sign texts: hashed otherwise than claims and transactions are. */
  async signStatement (text: string): Promise<string> {
    const { signer, key } = this.#options
    const { signature: { field, scalar } } = promised(signer?.signMessage(text, key.text), 'signMessage')
    return await Promise.resolve(`${field}:${scalar}`)
  }

  verifyStatement (text: string, address: string, signature: string): Promise<boolean> {
    const [, field = '', scalar = ''] = STATEMENT.exec(signature) ?? []
    if (field === '' || pointOf(address) === undefined) return Promise.resolve(false)
    const { signer } = this.#options
    return Promise.resolve(promised(signer?.verifyMessage({ data: text, signature: { field, scalar }, publicKey: address }), 'verifyMessage'))
  }

  #isFlooded (): boolean {
    const now = Date.now()
    if (Math.abs(now - this.#badLately.sinceMs) >= PENALTY_MS) this.#badLately = { sinceMs: now, count: 0 }
    return this.#badInARow >= BAD_IN_A_ROW || this.#badLately.count >= BAD_IN_A_SECOND
  }

  /** One claim a second passes; others are told that they cannot be looked at now. */
  async #wait (): Promise<void> {
    if (this.#isPaused) throw new Error('too many claims with bad signatures came: one is looked at in a second')
    this.#isPaused = true
    await pause(PENALTY_MS).finally(() => { this.#isPaused = false })
  }

  #checkNetwork ({ network }: ClaimFields): void {
    if (network === undefined) return
    const name = typeof network === 'string' ? networkOf(`mina:${network}`) : undefined
    if (name === this.#network) return
    throw new ClaimError(`Unknown channel: claim is for another network. network=${shown(network)} expected=${this.#network}`)
  }

  #domainOf (channelId: string): bigint {
    const known = this.#domains.get(channelId)
    if (known !== undefined) return known
    if (this.#domains.size >= DOMAINS_MAX) this.#domains.clear()
    const domain = domainOf(this.#options.chainId, channelId)
    this.#domains.set(channelId, domain)
    return domain
  }
}

function addressIn (claim: ClaimFields, name: string): string {
  return textIn(claim, name, text => pointOf(text) !== undefined, 'an address: B62 and 52 letters and digits')
}

/** In one of three forms: base64 of {"r","s"} or of {"field","scalar"} with decimal texts, or a signature in base58. */
function signatureIn (claim: ClaimFields): Signature {
  const proof = textIn(claim, 'proof', text => text.length > 0 && text.length <= PROOF_LENGTH_MAX, 'a signature')
  const signature = signatureOf(proof) ?? numbersIn(proof)
  if (signature === undefined) throw invalid('Invalid proof format (expected base64 of {"r","s"} or {"field","scalar"}, or a signature in base58)')
  return signature
}

function numbersIn (proof: string): Signature | undefined {
  if (!BASE64.test(proof)) return undefined
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(proof, 'base64').toString())
  } catch {
    return undefined
  }
  const { r, s, field = r, scalar = s } = typeof read === 'object' && read !== null ? read as Record<string, unknown> : {}
  if (typeof field !== 'string' || typeof scalar !== 'string' || !DECIMAL.test(field) || !DECIMAL.test(scalar)) return undefined
  return signatureWith(BigInt(field), BigInt(scalar))
}
