/** Signs for channels as a wallet does, with ethers: the other way than the plugin's own. */
import { Wallet, type TypedDataDomain } from 'ethers'
import { CHAIN_ID } from '../../../examples/evm-chain.js'

const ZERO = `0x${'00'.repeat(32)}`

const BALANCE_PROOF = {
  BalanceProof: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'nonce', type: 'uint256' },
    { name: 'transferredAmount', type: 'uint256' },
    { name: 'lockedAmount', type: 'uint256' },
    { name: 'locksRoot', type: 'bytes32' }
  ]
}

const COOPERATIVE_CLOSE = {
  CooperativeClose: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'transferredAmount1', type: 'uint256' },
    { name: 'transferredAmount2', type: 'uint256' },
    { name: 'deadline', type: 'uint256' }
  ]
}

const CLOSE_CONSENT = {
  CloseConsent: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'participant', type: 'address' },
    { name: 'least', type: 'uint256' },
    { name: 'validUntil', type: 'uint256' }
  ]
}

export interface Proof { channelId: string, nonce: bigint, transferredAmount: bigint, lockedAmount: bigint, locksRoot: string }

export interface Terms { channelId: string, transferredAmount1: bigint, transferredAmount2: bigint, deadline: bigint }

/** `participant` is who agrees to the end, and signs. */
export interface Consent { channelId: string, participant: string, least: bigint, validUntil: bigint }

function domainOf (network: string, chainId = CHAIN_ID): TypedDataDomain {
  return { name: 'TokenNetwork', version: '1', chainId, verifyingContract: network }
}

export function proofOf (channelId: string, nonce: number | bigint, transferredAmount: number | bigint): Proof {
  return { channelId, nonce: BigInt(nonce), transferredAmount: BigInt(transferredAmount), lockedAmount: 0n, locksRoot: ZERO }
}

export function signProof (privateKey: string, network: string, proof: Proof, chainId = CHAIN_ID): Promise<string> {
  return new Wallet(privateKey).signTypedData(domainOf(network, chainId), BALANCE_PROOF, proof)
}

export function signTerms (privateKey: string, network: string, terms: Terms): Promise<string> {
  return new Wallet(privateKey).signTypedData(domainOf(network), COOPERATIVE_CLOSE, terms)
}

export function signConsent (privateKey: string, network: string, consent: Consent, chainId = CHAIN_ID): Promise<string> {
  return new Wallet(privateKey).signTypedData(domainOf(network, chainId), CLOSE_CONSENT, consent)
}
