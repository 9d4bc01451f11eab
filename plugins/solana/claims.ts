/**
 * Claims of Solana's channels: JSON around a signed message of 136 bytes that names the cluster, the program, the channel and its life.
 * Claims of older forms name none of these and cannot be enforced by the one who takes them: they are refused in words of their own.
 */
import { nonceIn, openClaim, sealClaim, shown, textIn, wholeIn, type ClaimFields } from '../lib/channels/claim-envelope.js'
import { ClaimError } from '../lib/channels/types.js'
import type { ChannelState, Claim, ClaimCodec, CloseConsent } from '../lib/channels/types.js'
import { isSignedBy, type SolanaKey } from './ed25519.js'
import { channelIdOf, CLUSTERS, isAddress, isBefore, MAX_U64, readChannelId, type Cluster } from './formats.js'
import { claimMessage, statementMessage, termsMessage, type Place, type Terms } from './messages.js'

/** Where claims are good. */
interface SolanaNetwork extends Place {
  cluster: Cluster
}

const BITS = 64
const BASE64 = /^[A-Za-z0-9+/]{86}==$/
const ADDRESS_IN_WORDS = 'base58 of 32 bytes'

export class SolanaClaims implements ClaimCodec {
  constructor (private readonly network: SolanaNetwork, private readonly signer: SolanaKey) {}

  async make ({ channelId, nonce, total, senderId }: Parameters<ClaimCodec['make']>[0]): Promise<Claim> {
    const channel = readChannelId(channelId)
    if (channel === undefined) throw new Error(`not a channel of Solana. channelId=${channelId}`)
    const { account, instance } = channel
    const signature = (await this.signer.signMessage(claimMessage(this.network, channel, nonce, total))).toString('base64')
    const text = sealClaim({ blockchain: 'solana', channel: account, nonce, senderId }, {
      programId: this.network.programId,
      channelAccount: account,
      instance: String(instance),
      nonce: nonce <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(nonce) : String(nonce),
      transferredAmount: String(total),
      signature,
      signerPublicKey: this.signer.address,
      cluster: CLUSTERS[this.network.cluster].inClaims
    })
    return { channelId, nonce, total, signer: this.signer.address, signature, text }
  }

  parse (data: Buffer): Claim {
    const { claim, text } = openClaim(data, 'solana')
    this.#checkPlace(claim)
    const account = textIn(claim, 'channelAccount', isAddress, ADDRESS_IN_WORDS)
    const instance = wholeIn(claim, 'instance', BITS)
    const nonce = nonceOf(claim)
    const total = wholeIn(claim, 'transferredAmount', BITS)
    const signature = textIn(claim, 'signature', isSignature, 'base64 of 64 bytes')
    const signer = textIn(claim, 'signerPublicKey', isAddress, ADDRESS_IN_WORDS)
    return { channelId: channelIdOf({ account, instance }), nonce, total, signer, signature, text }
  }

  verify ({ channelId, nonce, total, signer, signature }: Claim): Promise<boolean> {
    const channel = readChannelId(channelId)
    if (channel === undefined || !isU64(nonce) || !isU64(total) || !isAddress(signer)) return Promise.resolve(false)
    return Promise.resolve(isSignedBy(signer, claimMessage(this.network, channel, nonce, total), Buffer.from(signature, 'base64')))
  }

  /** Under the exact terms of the end. */
  async signConsent (consent: CloseConsent, state: ChannelState): Promise<string> {
    const message = this.#messageOf(consent, state.ours.address, state.theirs.address)
    if (message === undefined) throw new Error(`no terms that the chain takes. channelId=${consent.channelId}`)
    return (await this.signer.signMessage(message)).toString('base64')
  }

  verifyConsent (consent: CloseConsent, state: ChannelState, signature: string): Promise<boolean> {
    const { theirs, ours, channelId } = state
    const message = consent.channelId === channelId ? this.#messageOf(consent, theirs.address, ours.address) : undefined
    return Promise.resolve(message !== undefined && BASE64.test(signature) && isSignedBy(theirs.address, message, Buffer.from(signature, 'base64')))
  }

  async signStatement (text: string): Promise<string> {
    return (await this.signer.signMessage(statementMessage(text))).toString('base64')
  }

  verifyStatement (text: string, address: string, signature: string): Promise<boolean> {
    return Promise.resolve(isAddress(address) && isSignature(signature) && isSignedBy(address, statementMessage(text), Buffer.from(signature, 'base64')))
  }

  #messageOf (consent: CloseConsent, signer: string, other: string): Buffer | undefined {
    const channel = readChannelId(consent.channelId)
    const terms = termsOf(consent, signer, other)
    return channel === undefined || terms === undefined ? undefined : termsMessage(this.network, channel, terms)
  }

  /** A claim for another program or cluster is worth nothing here, and one of an older form nothing anywhere. */
  #checkPlace (claim: ClaimFields): void {
    const { cluster, instance } = claim
    const ours = this.network
    if (instance === undefined) throw new ClaimError(`Claim is of an older form and cannot be enforced; programId must be ${ours.programId}`)
    if (textIn(claim, 'programId', isAddress, ADDRESS_IN_WORDS) !== ours.programId) throw new ClaimError('Unknown channel: claim is for another contract')
    const name = CLUSTERS[ours.cluster].inClaims
    if (cluster !== undefined && cluster !== name && cluster !== ours.cluster) {
      throw new ClaimError(`Unknown channel: claim is for another chain. cluster=${shown(cluster)}`)
    }
  }
}

/** The terms that a consent comes to. Undefined when they do not fit on the chain. */
export function termsOf ({ least, pays, validUntil }: CloseConsent, signer: string, other: string): Terms | undefined {
  if (!isU64(least) || !isU64(pays) || !Number.isSafeInteger(validUntil) || validUntil < 0) return undefined
  const [paidA, paidB] = isBefore(signer, other) ? [pays, least] : [least, pays]
  return { paidA, paidB, validUntil: BigInt(validUntil) }
}

function isU64 (value: bigint): boolean {
  return value >= 0n && value <= MAX_U64
}

/** Beyond what numbers in JSON can say, nonces are written as decimal strings. */
function nonceOf (claim: ClaimFields): bigint {
  return typeof claim.nonce === 'string' ? wholeIn(claim, 'nonce', BITS) : nonceIn(claim)
}

/** One text for each signature: the last letter before the padding may stand for more bits than there are. */
function isSignature (text: string): boolean {
  return BASE64.test(text) && Buffer.from(text, 'base64').toString('base64') === text
}
