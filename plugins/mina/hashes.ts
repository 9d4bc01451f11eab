/** What claims and channels are bound with, on both sides of the chain: the contract computes the same. */
import { domainInput } from './contract/terms.js'
import { poseidon } from './crypto/poseidon.js'
import { pointOf, type PublicPoint } from './formats.js'

/** What a claim says. */
export interface ClaimTerms {
  channel: string
  domain: bigint
  /** nanomina. */
  amount: bigint
  nonce: bigint
}

/** @param address of a channel. @throws Error when it is none */
function channelPoint (address: string): PublicPoint {
  const point = pointOf(address)
  if (point === undefined) throw new Error(`not an address of Mina: B62 and 52 letters and digits are expected. found=${address.slice(0, 60)}`)
  return point
}

/** Ties claims to a chain, a version of the contract, and a channel. @param chainId such as `mina:devnet` */
export function domainOf (chainId: string, channel: string): bigint {
  const { x, isOdd } = channelPoint(channel)
  return poseidon([domainInput(chainId), x, isOdd ? 1n : 0n])
}

/** What is signed of an amount. */
export function commitmentOf (amount: bigint, domain: bigint): bigint {
  return poseidon([amount, 0n, domain])
}

/** What the payer signs: three fields, which can never be a transaction. */
export function claimFields ({ channel, domain, amount, nonce }: ClaimTerms): bigint[] {
  return [commitmentOf(amount, domain), nonce, poseidon([channelPoint(channel).x])]
}
