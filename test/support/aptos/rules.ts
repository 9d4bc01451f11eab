/**
 * The rules of plugins/aptos/move/sources/core.move, once more in TypeScript. The cases in `cases.json` are run on both, so that they
 * cannot drift apart.
 */
import { address, hexOf, text, u64, u8 } from './bcs.js'
import { isGoodPoint, verifyStrict } from './signatures.js'

const MIN_CHALLENGE_SECS = 3600n
const MAX_CHALLENGE_SECS = 2_592_000n
const MAX_U64 = 2n ** 64n - 1n

/** The abort codes of both modules, by their names there, with what the modules say about them. */
export const ERRORS = {
  E_NOT_A_PARTY: 1n,
  E_KEY_IS_SET: 2n,
  E_BAD_KEY: 3n,
  E_NO_KEY: 4n,
  E_BAD_SIGNATURE: 5n,
  E_NOTHING_NEW: 6n,
  E_ZERO: 7n,
  E_NOT_OPEN: 8n,
  E_NOT_CLOSING: 9n,
  E_TOO_EARLY: 10n,
  E_SETTLED: 11n,
  E_CONSENT_EXPIRED: 12n,
  E_ABOVE_DEPOSIT: 13n,
  E_CHALLENGE: 14n,
  E_SAME_PARTY: 15n,
  E_TOO_MUCH: 16n,
  E_OTHER_AMOUNT: 17n,
  E_NO_ASSET: 18n,
  E_NO_CHANNEL: 19n
} as const

/** A Move function has aborted. */
export class Abort extends Error {
  /** @param module its address and name, or its name alone for the modules of channels */
  constructor (readonly module: string, readonly code: bigint) {
    super(`abort ${code} in ${module}`)
  }
}

export interface Side {
  readonly party: string
  /** Hexadecimal, `0x` until it is set. */
  readonly key: string
  readonly deposit: bigint
  readonly paid: bigint
  readonly withdrawn: bigint
}

type ChannelState = 'open' | 'closing' | 'settled'

export interface Channel {
  readonly chainId: number
  readonly code: string
  readonly id: string
  readonly one: Side
  readonly two: Side
  readonly challengeSecs: bigint
  readonly state: ChannelState
  readonly settleableAt: bigint
}

export interface Opening {
  readonly chainId: number
  readonly code: string
  readonly id: string
  readonly one: string
  readonly oneKey: Uint8Array
  readonly two: string
  readonly challengeSecs: bigint
}

export interface TogetherTerms {
  readonly amount: bigint
  readonly claim: Uint8Array
  readonly least: bigint
  readonly validUntil: bigint
  readonly consent: Uint8Array
}

function need (isGood: boolean, error: keyof typeof ERRORS): void {
  if (!isGood) throw new Abort('core', ERRORS[error])
}

function checkKey (key: Uint8Array): void {
  need(key.length === 32 && isGoodPoint(key), 'E_BAD_KEY')
}

export function newChannel ({ chainId, code, id, one, oneKey, two, challengeSecs }: Opening): Channel {
  need(one !== two, 'E_SAME_PARTY')
  need(challengeSecs >= MIN_CHALLENGE_SECS && challengeSecs <= MAX_CHALLENGE_SECS, 'E_CHALLENGE')
  checkKey(oneKey)
  const empty = { deposit: 0n, paid: 0n, withdrawn: 0n }
  return {
    chainId, code, id, challengeSecs, state: 'open', settleableAt: 0n, one: { party: one, key: hexOf(oneKey), ...empty }, two: { party: two, key: '0x', ...empty }
  }
}

export function setKey (channel: Channel, party: string, key: Uint8Array): Channel {
  need(partySide(channel, party).key === '0x', 'E_KEY_IS_SET')
  checkKey(key)
  return withSide(channel, party, { key: hexOf(key) })
}

export function addDeposit (channel: Channel, party: string, amount: bigint): Channel {
  const side = partySide(channel, party)
  need(channel.state === 'open', 'E_NOT_OPEN')
  need(amount > 0n, 'E_ZERO')
  need(side.key !== '0x', 'E_NO_KEY')
  need(channel.one.deposit + channel.two.deposit + amount <= MAX_U64, 'E_TOO_MUCH')
  return withSide(channel, party, { deposit: side.deposit + amount })
}

/** @returns the channel, and by how much the payer has paid more now */
export function redeem (channel: Channel, payee: string, amount: bigint, signature: Uint8Array): { channel: Channel, more: bigint } {
  otherOf(channel, payee)
  need(channel.state !== 'settled', 'E_SETTLED')
  const taken = take(channel, payee, amount, signature)
  need(taken.more > 0n, 'E_NOTHING_NEW')
  return taken
}

export function close (channel: Channel, party: string, now: bigint): Channel {
  otherOf(channel, party)
  need(channel.state === 'open', 'E_NOT_OPEN')
  return { ...channel, state: 'closing', settleableAt: now + channel.challengeSecs }
}

export function settle (channel: Channel, now: bigint): Channel {
  need(channel.state === 'closing', 'E_NOT_CLOSING')
  need(now >= channel.settleableAt, 'E_TOO_EARLY')
  return { ...channel, state: 'settled' }
}

export function closeTogether (channel: Channel, caller: string, terms: TogetherTerms, now: bigint): Channel {
  const { amount, claim, least, validUntil, consent } = terms
  const { party } = otherOf(channel, caller)
  need(channel.state !== 'settled', 'E_SETTLED')
  need(now <= validUntil, 'E_CONSENT_EXPIRED')
  check(channel, party, consentBytes(channel, party, least, validUntil), consent)
  const after = amount > 0n ? take(channel, caller, amount, claim).channel : channel
  const side = partySide(after, caller)
  need(least <= side.deposit, 'E_ABOVE_DEPOSIT')
  return { ...withSide(after, caller, { paid: least > side.paid ? least : side.paid }), state: 'settled' }
}

export function entitled (channel: Channel, party: string): bigint {
  const side = partySide(channel, party)
  const rest = channel.state === 'settled' ? side.deposit - side.paid : 0n
  return rest + otherOf(channel, party).paid - side.withdrawn
}

/** @param available what the vault holds */
export function withdraw (channel: Channel, party: string, available: bigint): { channel: Channel, amount: bigint } {
  const due = entitled(channel, party)
  const amount = due < available ? due : available
  need(amount > 0n, 'E_NOTHING_NEW')
  return { channel: withSide(channel, party, { withdrawn: partySide(channel, party).withdrawn + amount }), amount }
}

/** 121 bytes. */
export function claimBytes ({ chainId, code, id }: Pick<Channel, 'chainId' | 'code' | 'id'>, payer: string, amount: bigint): Uint8Array {
  return Buffer.concat([text('SLUICE_CLAIM_V1'), u8(chainId), address(code), address(id), address(payer), u64(amount)])
}

/** 129 bytes. */
export function consentBytes (
  { chainId, code, id }: Pick<Channel, 'chainId' | 'code' | 'id'>, party: string, least: bigint, validUntil: bigint
): Uint8Array {
  return Buffer.concat([text('SLUICE_CLOSE_V1'), u8(chainId), address(code), address(id), address(party), u64(least), u64(validUntil)])
}

function take (channel: Channel, payee: string, amount: bigint, signature: Uint8Array): { channel: Channel, more: bigint } {
  const payer = otherOf(channel, payee)
  check(channel, payer.party, claimBytes(channel, payer.party, amount), signature)
  const paid = amount < payer.deposit ? amount : payer.deposit
  if (paid <= payer.paid) return { channel, more: 0n }
  return { channel: withSide(channel, payer.party, { paid }), more: paid - payer.paid }
}

function check (channel: Channel, signer: string, message: Uint8Array, signature: Uint8Array): void {
  const { key } = partySide(channel, signer)
  need(key !== '0x', 'E_NO_KEY')
  need(verifyStrict(message, Buffer.from(key.slice(2), 'hex'), signature), 'E_BAD_SIGNATURE')
}

export function partySide (channel: Channel, party: string): Side {
  need(channel.one.party === party || channel.two.party === party, 'E_NOT_A_PARTY')
  return channel.one.party === party ? channel.one : channel.two
}

function otherOf (channel: Channel, party: string): Side {
  return partySide(channel, party) === channel.one ? channel.two : channel.one
}

function withSide (channel: Channel, party: string, change: Partial<Side>): Channel {
  const side = { ...partySide(channel, party), ...change }
  return channel.one.party === party ? { ...channel, one: side } : { ...channel, two: side }
}
