/** How Solana writes keys, signatures, channels and the names of its clusters. Loads no SDK: a node reads configurations with it. */

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const BASE58 = /^[1-9A-HJ-NP-Za-km-z]+$/
export const KEY_BYTES = 32
/** So many letters fit into a number, which is quicker than a bigint for each: claims have four of these texts. */
const PIECE = 9
const PIECE_WORTH = 58n ** BigInt(PIECE)
/** No text of 64 bytes is longer. */
const LONGEST_TEXT = 88
export const MAX_U64 = 2n ** 64n - 1n

/** The clusters: `solana:mainnet` is `mainnet-beta` in claims. The genesis hash of a local one is whatever its node says. */
export const CLUSTERS = {
  mainnet: { inClaims: 'mainnet-beta', genesis: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKuc147dw2N9d' },
  devnet: { inClaims: 'devnet', genesis: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG' },
  testnet: { inClaims: 'testnet', genesis: '4uhcVJyU9pJkvQyS88uRDiswHXSGkY3zQawwpjk2NsNY' },
  localnet: { inClaims: 'localnet', genesis: undefined }
} as const

export type Cluster = keyof typeof CLUSTERS

const CHAIN_ID = /^solana:(mainnet|mainnet-beta|devnet|testnet|localnet)$/

/** `mainnet` of `solana:mainnet` and of `solana:mainnet-beta`. Undefined for anything else. */
export function clusterOf (chainId: string): Cluster | undefined {
  const name = CHAIN_ID.exec(chainId)?.[1]
  return name === 'mainnet-beta' ? 'mainnet' : name as Cluster | undefined
}

export const CLUSTER_IN_WORDS = 'solana:mainnet, solana:devnet, solana:testnet or solana:localnet'

/** Wrapped SOL: what channels pay in where no other token is configured. */
export const WRAPPED_SOL = 'So11111111111111111111111111111111111111112'

/** The text of bytes, as Solana writes keys and hashes. */
export function encodeBase58 (bytes: Uint8Array): string {
  let number = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`)
  let text = ''
  for (; number > 0n; number /= 58n) text = ALPHABET.charAt(Number(number % 58n)) + text
  const zeros = bytes.findIndex(byte => byte !== 0)
  return '1'.repeat(zeros < 0 ? bytes.length : zeros) + text
}

/** The bytes of a text. Undefined when it is not base58, or too long for anything that is read here. */
export function decodeBase58 (text: string): Buffer | undefined {
  if (!BASE58.test(text) || text.length > LONGEST_TEXT) return undefined
  let number = 0n
  for (let at = 0; at < text.length; at += PIECE) {
    const piece = text.slice(at, at + PIECE)
    let value = 0
    for (const letter of piece) value = value * 58 + ALPHABET.indexOf(letter)
    number = number * (piece.length === PIECE ? PIECE_WORTH : 58n ** BigInt(piece.length)) + BigInt(value)
  }
  const hex = number === 0n ? '' : number.toString(16)
  const zeros = /^1*/.exec(text)?.[0].length ?? 0
  return Buffer.concat([Buffer.alloc(zeros), Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')])
}

/** Whether it is the address of an account: 32 bytes in base58. */
export function isAddress (text: string): boolean {
  return decodeBase58(text)?.length === KEY_BYTES
}

/** The 32 bytes of an address. @throws Error when it is none */
export function bytesOf (address: string): Buffer {
  const bytes = decodeBase58(address)
  if (bytes?.length !== KEY_BYTES) throw new Error(`not a Solana address: 32 bytes in base58 are expected. found=${address.slice(0, LONGEST_TEXT)}`)
  return bytes
}

/** Which of two keys comes first in a channel, bytewise. */
export function isBefore (one: string, other: string): boolean {
  return Buffer.compare(bytesOf(one), bytesOf(other)) < 0
}

const INSTANCE = /^(0|[1-9]\d{0,19})$/

/** A channel's account, and which life of it. The id of a channel is both: an address may be opened again. */
export interface ChannelId {
  account: string
  instance: bigint
}

export function channelIdOf ({ account, instance }: ChannelId): string {
  return `${account}:${instance}`
}

/** Undefined when it is not an id of a channel. */
export function readChannelId (channelId: string): ChannelId | undefined {
  const [account = '', instance = '', ...more] = channelId.split(':')
  if (more.length > 0 || !isAddress(account) || !INSTANCE.test(instance) || BigInt(instance) > MAX_U64) return undefined
  return { account, instance: BigInt(instance) }
}

export function u64 (value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(value)
  return bytes
}
