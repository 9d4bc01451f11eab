/** How Aptos writes addresses, keys and the names of its networks. Loads no SDK: a node reads configurations with it. */
import { createHash } from 'node:crypto'

const ADDRESS = /^0x[0-9a-fA-F]{1,64}$/
const DIGITS = 64
export const ADDRESS_IN_WORDS = 'an address of Aptos: 0x and up to 64 hexadecimal digits'
export const MAX_U64 = 2n ** 64n - 1n

/** The numbers of the public networks. Others have only a number: that of a devnet changes each time it is begun anew. */
const NETWORKS: Readonly<Record<string, number>> = { mainnet: 1, testnet: 2 }
export const MAINNET = 1
const MAX_NETWORK = 255
const CHAIN_ID = /^aptos:(mainnet|testnet|[1-9]\d{0,2})$/
export const CHAIN_IN_WORDS = 'aptos:mainnet, aptos:testnet, or the number of another network, such as aptos:4'

/** The coin that fees are paid in, as a fungible asset; and as the older standard of coins calls it. */
export const APT = `0x${'a'.padStart(DIGITS, '0')}`
export const APT_COIN = '0x1::aptos_coin::AptosCoin'
const COIN = /^0x[0-9a-fA-F]{1,64}::[A-Za-z]\w{0,127}::[A-Za-z]\w{0,127}$/

const RAW_KEY = /^(ed25519-priv-)?(0x)?([0-9a-fA-F]{64})$/
/** Behind the public key, in what an address is the hash of: one key of Ed25519 signs for it. */
const SINGLE_KEY = Buffer.from([0])

export function isAddress (text: string): boolean {
  return ADDRESS.test(text)
}

/** With all its zeros, in lower case. Anything that is not an address stays as it is. */
export function canonicalAddress (text: string): string {
  return isAddress(text) ? `0x${text.slice(2).toLowerCase().padStart(DIGITS, '0')}` : text
}

/** The 32 bytes of an address. @throws Error when it is none */
export function bytesOf (address: string): Buffer {
  if (!isAddress(address)) throw new Error(`not an address of Aptos: 0x and up to 64 hexadecimal digits are expected. found=${address.slice(0, DIGITS)}`)
  return Buffer.from(canonicalAddress(address).slice(2), 'hex')
}

/** Of an account that has never changed its key. @param publicKey 32 bytes of Ed25519 */
export function addressOf (publicKey: Uint8Array): string {
  return `0x${createHash('sha3-256').update(publicKey).update(SINGLE_KEY).digest('hex')}`
}

/** The number of the network of `aptos:testnet` and of `aptos:2`. Undefined for anything else. */
export function networkOf (chainId: string): number | undefined {
  const name = CHAIN_ID.exec(chainId)?.[1]
  if (name === undefined) return undefined
  const network = NETWORKS[name] ?? Number(name)
  return network <= MAX_NETWORK ? network : undefined
}

/** `aptos:testnet` of 2. */
export function chainIdOf (network: number): string {
  const name = Object.keys(NETWORKS).find(name => NETWORKS[name] === network)
  return `aptos:${name ?? network}`
}

/** Whether it names a coin of the older standard: `0x1::aptos_coin::AptosCoin`. */
export function isCoin (text: string): boolean {
  return COIN.test(text)
}

/** The 32 bytes of a private key, as tools of Aptos write it: in hexadecimal digits, with 0x or `ed25519-priv-0x` in front. */
export function rawKeyIn (text: string): Buffer | undefined {
  const digits = RAW_KEY.exec(text)?.[3]
  return digits === undefined ? undefined : Buffer.from(digits, 'hex')
}
