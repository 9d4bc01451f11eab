/** How the XRP Ledger writes the ids of channels and networks. */
import type { Curve } from '../../src/contracts/signer.js'
import type { ChainKeys } from '../lib/keys/key-fault.js'
import { addressIn, seedIn } from './base58.js'

/** That accounts sign with. */
export const CURVES: readonly Curve[] = ['ed25519', 'secp256k1']
export const KEYS: ChainKeys = { curves: CURVES, label: 'the XRP Ledger', isOwnForm: keyId => seedIn(keyId) !== undefined }

/** 32 bytes: a channel, a transaction. */
export const HASH = /^[0-9a-fA-F]{64}$/

/** `xrp:mainnet`, or with the number of any network. Of some networks the number is better known by a name. */
const NETWORKS: Readonly<Record<string, number>> = { mainnet: 0, testnet: 1, devnet: 2 }
const CHAIN_ID = /^xrp:(mainnet|testnet|devnet|0|[1-9]\d{0,9})$/
const MAX_NETWORK = 2 ** 32 - 1

/** The number of the network of `xrp:testnet` and of `xrp:1`. Undefined for anything else. */
export function networkOf (chainId: string): number | undefined {
  const name = CHAIN_ID.exec(chainId)?.[1]
  if (name === undefined) return undefined
  const network = NETWORKS[name] ?? Number(name)
  return network <= MAX_NETWORK ? network : undefined
}

/** `xrp:testnet` of 1. */
export function chainIdOf (network: number): string {
  const name = Object.keys(NETWORKS).find(name => NETWORKS[name] === network)
  return `xrp:${name ?? network}`
}

/** Why an X-address or T-address is not for that network, as a part of a sentence about it. Undefined: it is, or it is not of these. */
export function networkFault (address: string, chainId: string): string | undefined {
  const { address: own, isTest } = addressIn(address) ?? {}
  const isMain = networkOf(chainId) === NETWORKS.mainnet
  if (own === undefined || isTest === undefined || isTest !== isMain) return undefined
  return `is for ${isTest ? 'test networks' : 'the main network'} and not for ${chainId}. Ask for ${isTest ? 'an X-address' : 'a T-address'}, or write ${own} if it needs no tag.`
}
