/**
 * Claims as EVM nodes exchange them: JSON, version 1.0, around a signed EIP-712 BalanceProof of the TokenNetwork contract. A claim names
 * its chain and contract; one for another is refused, and so is one that locks something, since nobody here unlocks it.
 */
import { getAddress } from 'ethers'
import { isObject } from '../../src/lib/is-object.js'
import { ClaimError } from '../lib/channels/types.js'
import type { ChannelState, Claim, ClaimCodec, CloseConsent } from '../lib/channels/types.js'
import { ADDRESS, HASH, bytesOf } from './formats.js'
import { typedDataOf } from './eip712.js'
import type { TypedData } from './eip712.js'
import { curve } from './crypto/secp256k1.js'
import type { Signer } from './chain/signer.js'

export interface EvmNetwork {
  chainId: bigint
  /** Addresses in lower case. */
  tokenNetwork: string
  token: string
}

const NO_LOCKS = `0x${'0'.repeat(64)}`
const SIGNATURE = /^0x[0-9a-fA-F]{130}$/
const DECIMAL = /^\d{1,78}$/
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$/
const BLOCKCHAINS = ['evm', 'xrp', 'aptos', 'solana', 'mina']
/** What an honest claim takes is below 1 KiB. */
const MAX_BYTES = 8192
const MAX_UINT256 = 2n ** 256n - 1n

export class EvmClaims implements ClaimCodec {
  readonly #network: EvmNetwork
  readonly #signer: Signer
  readonly #typed: TypedData
  readonly #checkToken: () => Promise<void>
  readonly #fixed: { signerAddress: string, chainId: number, tokenNetworkAddress: string, tokenAddress: string }

  /** @param checkToken rejects when no claim is to be taken in the token */
  constructor (network: EvmNetwork, signer: Signer, checkToken: () => Promise<void> = () => Promise.resolve()) {
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
    const now = Date.now()
    const text = JSON.stringify({
      version: '1.0',
      blockchain: 'evm',
      messageId: `evm-${channelId.slice(2, 10)}-${nonce}-${now}`,
      timestamp: new Date(now).toISOString(),
      senderId,
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
    const text = data.length > MAX_BYTES ? '' : data.toString()
    const claim = objectIn(text)
    checkBase(claim)
    const channelId = field(claim, 'channelId', HASH, '0x-prefixed 32-byte hex').toLowerCase()
    const nonce = nonceOf(claim.nonce)
    const total = BigInt(field(claim, 'transferredAmount', DECIMAL, 'non-negative integer string'))
    if (total > MAX_UINT256) throw invalid('Invalid transferredAmount format (expected at most 256 bits)')
    if (BigInt(field(claim, 'lockedAmount', DECIMAL, 'non-negative integer string')) !== 0n) throw invalid('Missing or invalid lockedAmount (expected 0)')
    if (field(claim, 'locksRoot', HASH, '0x-prefixed 32-byte hex') !== NO_LOCKS) throw invalid('Missing or invalid locksRoot (expected zeros)')
    const signature = field(claim, 'signature', SIGNATURE, '0x-prefixed 65-byte hex')
    const signer = field(claim, 'signerAddress', ADDRESS, '0x-prefixed 20-byte hex').toLowerCase()
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

function objectIn (text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    throw invalid('Claim message must be an object')
  }
  if (!isObject(value)) throw invalid('Claim message must be an object')
  return value
}

function checkBase (claim: Record<string, unknown>): void {
  const { version, blockchain, messageId, timestamp, senderId } = claim
  if (version !== '1.0') throw invalid(`Invalid version (expected '1.0', got '${shown(version)}')`)
  if (blockchain === undefined) throw invalid('Missing blockchain field')
  if (blockchain !== 'evm') {
    if (typeof blockchain !== 'string' || !BLOCKCHAINS.includes(blockchain)) throw invalid(`Unsupported blockchain type: ${shown(blockchain)}`)
    throw new ClaimError(`Unknown channel: claim is for another chain. blockchain=${blockchain}`)
  }
  if (typeof messageId !== 'string' || messageId === '') throw invalid('Missing or invalid messageId (expected non-empty string)')
  if (typeof timestamp !== 'string') throw invalid('Missing or invalid timestamp (expected ISO 8601)')
  if (!TIMESTAMP.test(timestamp)) throw invalid('Invalid timestamp format (expected ISO 8601)')
  if (typeof senderId !== 'string' || senderId === '') throw invalid('Missing or invalid senderId (expected non-empty string)')
}

function field (claim: Record<string, unknown>, name: string, format: RegExp, expected: string): string {
  const value = claim[name]
  if (typeof value !== 'string') throw invalid(`Missing or invalid ${name} (expected ${expected})`)
  if (!format.test(value)) throw invalid(`Invalid ${name} format (expected ${expected})`)
  return value
}

function nonceOf (nonce: unknown): bigint {
  if (typeof nonce !== 'number' || !Number.isSafeInteger(nonce) || nonce < 0) throw invalid('Missing or invalid nonce (expected non-negative integer)')
  return BigInt(nonce)
}

function isAddress (value: unknown): value is string {
  return typeof value === 'string' && ADDRESS.test(value)
}

function invalid (why: string): ClaimError {
  return new ClaimError(`Invalid claim structure: ${why}`)
}

/** Something of the peer's in a message to the peer; never much of it. */
function shown (value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).slice(0, 32) : typeof value
}
