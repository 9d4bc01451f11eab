/** What the contract, the node and tests must agree on, without o1js. */

/** What anybody may leave behind when paying out after the challenge: payments that came in between do no harm. */
export const SLACK_NANOMINA = 1_000_000_000n

/** `redeemed` of a channel that its payee has finished: more than any claim can say. */
export const FINISHED_REDEEMED = 2n ** 64n - 1n

/**
 * The first input of the domain's hash: a tag with the chain id, as a number, most significant byte first. Below the field's modulus up
 * to 31 bytes.
 */
export function domainInput (chainId: string): bigint {
  return BigInt(`0x${Buffer.from(`sluice/mina/1/${chainId}`).toString('hex')}`)
}
