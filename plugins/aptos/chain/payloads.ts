/** The calls of the module, with their arguments: what transactions are made of. */
import type { Place } from '../messages.js'

type Argument = { type: 'address', value: string } | { type: 'u64', value: bigint } | { type: 'bytes', value: Buffer }

export interface Payload {
  /** The address of the account, and the name of the module. */
  module: `${string}::${string}`
  name: string
  typeArguments: readonly string[]
  args: readonly Argument[]
}

export const CHANNEL_MODULE = 'channel'

const address = (value: string): Argument => ({ type: 'address', value })
const u64 = (value: bigint): Argument => ({ type: 'u64', value })
const bytes = (hex: string): Argument => ({ type: 'bytes', value: Buffer.from(hex, 'hex') })

function call ({ moduleAddress }: Place, name: string, args: readonly Argument[], typeArguments: readonly string[] = []): Payload {
  return { module: `${moduleAddress}::${CHANNEL_MODULE}`, name, typeArguments, args }
}

/** @param key that our claims are signed with, 64 hexadecimal digits */
export function open (
  place: Place, { peer, asset, challengeSecs, key }: { peer: string, asset: string, challengeSecs: number, key: string }
): Payload {
  return call(place, 'open', [address(peer), address(asset), u64(BigInt(challengeSecs)), bytes(key)])
}

export function join (place: Place, channel: string, key: string): Payload {
  return call(place, 'join', [address(channel), bytes(key)])
}

/** @param coin of an asset that we hold as coins of the older standard */
export function deposit (place: Place, channel: string, amount: bigint, coin?: string): Payload {
  const args = [address(channel), u64(amount)]
  return coin === undefined ? call(place, 'deposit', args) : call(place, 'deposit_coin', args, [coin])
}

export function redeem (place: Place, channel: string, total: bigint, signature: string): Payload {
  return call(place, 'redeem', [address(channel), u64(total), bytes(signature)])
}

/** `withdraw`, `close` or `settle`. */
export function plain (place: Place, name: 'withdraw' | 'close' | 'settle', channel: string): Payload {
  return call(place, name, [address(channel)])
}

/** @param claim the best one of the other party; a total of 0 is none */
export function closeTogether (
  place: Place, channel: string, claim: { total: bigint, signature: string },
  consent: { least: bigint, validUntil: bigint, signature: string }
): Payload {
  return call(place, 'close_together', [
    address(channel), u64(claim.total), bytes(claim.signature), u64(consent.least), u64(consent.validUntil), bytes(consent.signature)
  ])
}
