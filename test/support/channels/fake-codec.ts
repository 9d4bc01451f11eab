/** The claims of the chain in memory: JSON, with or without nonces, and what stands for signatures. */
import { createHmac } from 'node:crypto'
import { ClaimError } from '../../../plugins/lib/channels/types.js'
import type { ChannelState, Claim, ClaimCodec, CloseConsent } from '../../../plugins/lib/channels/types.js'

/** Stands for a signature: nobody but the tests' `signatureOf` makes one. */
export function signatureOf (signer: string, { channelId, nonce, total }: Pick<Claim, 'channelId' | 'nonce' | 'total'>): string {
  return createHmac('sha256', signer).update(`${channelId} ${nonce} ${total}`).digest('hex')
}

/** @param isExact whether what the signer pays is signed, too */
export function consentSignatureOf (signer: string, { channelId, least, pays, validUntil }: CloseConsent, isExact = false): string {
  const terms = `${channelId} ${least} ${validUntil}${isExact ? ` ${pays}` : ''}`
  return createHmac('sha256', `consent of ${signer}`).update(terms).digest('hex')
}

export function statementSignatureOf (signer: string, text: string): string {
  return createHmac('sha256', `statement of ${signer}`).update(text).digest('hex')
}

export class FakeCodec implements ClaimCodec {
  /**
   * @param nonces whether claims have them; else they are numbered by what they come to, and do not say so
   * @param isExact whether both sign the exact terms of an end
   */
  constructor (private readonly address: string, private readonly nonces = true, private readonly isExact = false) {}

  async make ({ channelId, nonce, total }: { channelId: string, nonce: bigint, total: bigint, senderId: string }): Promise<Claim> {
    const claim = claimOf(this.address, channelId, this.nonces ? nonce : total, total)
    return Promise.resolve(this.nonces ? claim : withoutNonce(claim))
  }

  parse (data: Buffer): Claim {
    const { channelId, amount, nonce = amount, signer, signature } = fieldsIn(data.toString())
    if (channelId === undefined || signer === undefined || signature === undefined || amount === undefined || nonce === undefined) {
      throw new ClaimError('Invalid claim structure: a field is missing')
    }
    return { channelId, nonce: BigInt(this.nonces ? nonce : amount), total: BigInt(amount), signer, signature, text: data.toString() }
  }

  async verify (claim: Claim): Promise<boolean> {
    return Promise.resolve(claim.signature === signatureOf(claim.signer, claim))
  }

  async signConsent (consent: CloseConsent): Promise<string> {
    return Promise.resolve(consentSignatureOf(this.address, consent, this.isExact))
  }

  async signStatement (text: string): Promise<string> {
    return Promise.resolve(statementSignatureOf(this.address, text))
  }

  async verifyStatement (text: string, address: string, signature: string): Promise<boolean> {
    return Promise.resolve(signature === statementSignatureOf(address, text))
  }

  async verifyConsent (consent: CloseConsent, { theirs }: ChannelState, signature: string): Promise<boolean> {
    return Promise.resolve(signature === consentSignatureOf(theirs.address, consent, this.isExact))
  }
}

/** The texts in it. */
function fieldsIn (text: string): Partial<Record<string, string>> {
  try {
    const fields: unknown = JSON.parse(text)
    return Object.fromEntries(Object.entries(Object(fields) as object).filter((each): each is [string, string] => typeof each[1] === 'string'))
  } catch {
    throw new ClaimError('Invalid claim structure: Claim message must be an object')
  }
}

export function claimOf (signer: string, channelId: string, nonce: bigint, total: bigint): Claim {
  const signature = signatureOf(signer, { channelId, nonce, total })
  const text = JSON.stringify({ channelId, nonce: String(nonce), amount: String(total), signer, signature })
  return { channelId, nonce, total, signer, signature, text }
}

function withoutNonce (claim: Claim): Claim {
  const { channelId, total, signer, signature } = claim
  return { ...claim, text: JSON.stringify({ channelId, amount: String(total), signer, signature }) }
}
