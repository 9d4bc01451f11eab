/**
 * Claims as EVM nodes exchange them: JSON, version 1.0, around a signed EIP-712 BalanceProof of the TokenNetwork contract. A claim names
 * its chain and contract; one for another is refused, and so is one that locks something, since nobody here unlocks it.
 */
import { getAddress, hashMessage } from 'ethers'
import { invalid, nonceIn, openClaim, sealClaim, textIn, wholeIn } from '../lib/channels/claim-envelope.js'
import { ClaimError } from '../lib/channels/types.js'
import type { ChannelState, Claim, ClaimCodec, CloseConsent } from '../lib/channels/types.js'
import { ADDRESS, HASH, bytesOf } from './formats.js'
import { typedDataOf } from './eip712.js'
import type { TypedData } from './eip712.js'
import { curve } from './crypto/secp256k1.js'
import type { EvmKey } from './chain/signer.js'

export interface EvmNetwork {
  chainId: bigint
  /** Addresses in lower case. */
  tokenNetwork: string
  token: string
}

const NO_LOCKS = `0x${'0'.repeat(64)}`
const SIGNATURE = /^0x[0-9a-fA-F]{130}$/
const UINT_BITS = 256
const MAX_UINT256 = 2n ** 256n - 1n

export class EvmClaims implements ClaimCodec {
  readonly #network: EvmNetwork
  readonly #signer: EvmKey
  readonly #typed: TypedData
  readonly #checkToken: () => Promise<void>
  readonly #fixed: { signerAddress: string, chainId: number, tokenNetworkAddress: string, tokenAddress: string }

  /** @param checkToken rejects when no claim is to be taken in the token */
  constructor (network: EvmNetwork, signer: EvmKey, checkToken: () => Promise<void> = () => Promise.resolve()) {
    this.#checkToken = checkToken
    this.#network = network
    this.#signer = signer
    this.#typed = typedDataOf(network.chainId, network.tokenNetwork)
    this.#fixed = {
      signerAddress: getAddress(signer.address),
      chainId: Number(network.chainId),
      tokenNetworkAddress: getAddress(network.tokenNetwork),
      tokenAddress: getAddress(network.token)
    }
  }

  async make ({ channelId, nonce, total, senderId }: Parameters<ClaimCodec['make']>[0]): Promise<Claim> {
    const signature = `0x${(await this.#signer.sign(this.#typed.claimDigest(channelId, nonce, total))).toString('hex')}`
    const text = sealClaim({ blockchain: 'evm', channel: channelId.slice(2), nonce, senderId }, {
      channelId,
      nonce: Number(nonce),
      transferredAmount: String(total),
      lockedAmount: '0',
      locksRoot: NO_LOCKS,
      signature,
      ...this.#fixed
    })
    return { channelId, nonce, total, signer: this.#signer.address, signature, text }
  }

  parse (data: Buffer): Claim {
    const { claim, text } = openClaim(data, 'evm')
    const channelId = textIn(claim, 'channelId', id => HASH.test(id), '0x-prefixed 32-byte hex').toLowerCase()
    const nonce = nonceIn(claim)
    const total = wholeIn(claim, 'transferredAmount', UINT_BITS)
    if (wholeIn(claim, 'lockedAmount', UINT_BITS) !== 0n) throw invalid('Missing or invalid lockedAmount (expected 0)')
    if (textIn(claim, 'locksRoot', root => HASH.test(root), '0x-prefixed 32-byte hex') !== NO_LOCKS) {
      throw invalid('Missing or invalid locksRoot (expected zeros)')
    }
    const signature = textIn(claim, 'signature', text => SIGNATURE.test(text), '0x-prefixed 65-byte hex')
    const signer = textIn(claim, 'signerAddress', isAddress, '0x-prefixed 20-byte hex').toLowerCase()
    this.#checkContract(claim)
    return { channelId, nonce, total, signer, signature, text }
  }

  async verify ({ channelId, nonce, total, signer, signature }: Claim): Promise<boolean> {
    await this.#checkToken()
    return await curve().isSignedBy(this.#typed.claimDigest(channelId, nonce, total), bytesOf(signature), signer)
  }

  /** Says nothing of `pays`: what the signer pays is what its claim says. */
  async signConsent (consent: CloseConsent, { ours }: ChannelState): Promise<string> {
    return `0x${(await this.#signer.sign(this.#typed.consentDigest(consent, ours.address))).toString('hex')}`
  }

  async verifyConsent (consent: CloseConsent, { channelId, theirs }: ChannelState, signature: string): Promise<boolean> {
    const { least, validUntil } = consent
    if (consent.channelId !== channelId || !SIGNATURE.test(signature)) return false
    if (least < 0n || least > MAX_UINT256 || !Number.isSafeInteger(validUntil) || validUntil < 0) return false
    return await curve().isSignedBy(this.#typed.consentDigest(consent, theirs.address), bytesOf(signature), theirs.address)
  }

  /** As wallets sign texts (EIP-191, version 0x45): no transaction and no typed data begins that way. */
  async signStatement (text: string): Promise<string> {
    return `0x${(await this.#signer.sign(bytesOf(hashMessage(text)))).toString('hex')}`
  }

  async verifyStatement (text: string, address: string, signature: string): Promise<boolean> {
    if (!ADDRESS.test(address) || address !== address.toLowerCase() || !SIGNATURE.test(signature)) return false
    return await curve().isSignedBy(bytesOf(hashMessage(text)), bytesOf(signature), address)
  }

  /** Where the claim says which chain and contract it is for, it must be ours; where it does not, the signature decides. */
  #checkContract ({ chainId, tokenNetworkAddress, tokenAddress }: Record<string, unknown>): void {
    if (chainId === undefined && tokenNetworkAddress === undefined) return
    const { chainId: ours, tokenNetwork, token } = this.#network
    if (chainId === undefined || tokenNetworkAddress === undefined) {
      throw new ClaimError('Unknown channel: claim must include chainId and tokenNetworkAddress')
    }
    if (!Number.isSafeInteger(chainId) || Number(chainId) <= 0) throw invalid('Missing or invalid chainId (expected positive integer)')
    if (!isAddress(tokenNetworkAddress)) throw invalid('Invalid tokenNetworkAddress format (expected 0x-prefixed 20-byte hex)')
    if (tokenAddress !== undefined && !isAddress(tokenAddress)) throw invalid('Invalid tokenAddress format (expected 0x-prefixed 20-byte hex)')
    if (BigInt(Number(chainId)) !== ours) throw new ClaimError(`Unknown channel: claim is for another chain. chainId=${Number(chainId)}`)
    if (tokenNetworkAddress.toLowerCase() !== tokenNetwork) throw new ClaimError('Unknown channel: claim is for another contract')
    if (tokenAddress !== undefined && tokenAddress.toLowerCase() !== token) throw new ClaimError('Unknown channel: claim is for another token')
  }
}

function isAddress (value: unknown): value is string {
  return typeof value === 'string' && ADDRESS.test(value)
}
