/**
 * The options of a settlement plugin that are the same on every chain. What cannot work is refused when the plugin is made, with the name
 * that was probably meant; values that may be secret are never repeated.
 */
import { z } from 'zod'
import { nearest } from '../../../src/lib/nearest.js'
import type { Units } from './units.js'

const MAX_SECONDS = 366 * 24 * 60 * 60
const DEFAULT_PREPAID = 1_000_000n

const TokenAmount = z.union([z.string().regex(/^\d{1,78}$/, 'expected a decimal string of token units'), z.int().min(0)])
  .transform(value => BigInt(value))
const Seconds = z.int().min(1).max(MAX_SECONDS)

export const CHANNEL_OPTIONS = {
  claims: z.enum(['settlement', 'packet']).default('settlement')
    .describe('When claims are sent: when the account is settled, or with every packet that carries money'),
  requireClaims: z.boolean().default(false).describe('Refuse packets of the peer that carry money and no claim that pays for them'),
  senderId: z.string().min(1).optional().describe('Our name in claims; the ILP address by default'),
  settlementTimeoutSecs: Seconds.default(86_400).describe('How long the other side can object to a close, in channels that we open'),
  initialDeposit: TokenAmount.default(0n).describe('The least that is put into a channel at a time, in token units'),
  initialDepositMultiplier: z.int().min(1).max(1_000_000).default(1).describe('How many times what is needed is put in at a time'),
  topUpBelow: TokenAmount.optional()
    .describe('Fill a channel up when less than this is left of our deposit, in token units; by default half of initialDeposit'),
  maxPrepaid: TokenAmount.optional()
    .describe('With claims for every packet: how much claims may have paid, in token units, for packets that were not fulfilled and are not under way; ' +
      'by default initialDeposit, or 1000000 without one'),
  redeemThreshold: TokenAmount.default(1_000_000n).describe('Redeem when the peer\'s claims are worth this more than is redeemed, in token units'),
  redeemGasFactor: z.int().min(1).max(1_000_000).default(10).describe('Redeem only what is worth this many times its fee'),
  nativePrice: TokenAmount.optional()
    .describe('What one coin of the chain, in which fees are paid, is worth in token units; without it fees are not weighed'),
  idleCloseSecs: z.int().min(0).max(MAX_SECONDS).default(86_400).describe('Close channels that nothing has moved in for so long; 0: never'),
  pollingIntervalMs: z.int().min(100).max(3_600_000).default(30_000).describe('How often the chain is asked about the channels, beside its events')
}

export type ChannelOptions = z.infer<z.ZodObject<typeof CHANNEL_OPTIONS>>

/**
 * What is between two addresses. `present`: they pay each other. `next`: ours is a key that the peer has not heard of; what comes is taken.
 * `handed over`: one of them pays through another key since (handover.ts); what comes is taken, and quiet channels are closed. `former`:
 * the peer had that address once; channels are redeemed and closed, and nothing is paid or taken on them.
 */
export type Standing = 'present' | 'next' | 'handed over' | 'former'

export interface ChannelSettings {
  /** In the chain's form. */
  peerAddress: string
  standing: Standing
  /** `evm:8453` */
  chain: string
  /** Contracts and token, as configured. With the chain, our address and the peer's it names what is between us. */
  contract: string
  tokenId: string
  tokenAddress?: string | undefined
  units: Units
  claims: 'settlement' | 'packet'
  requireClaims: boolean
  senderId: string | undefined
  challengeSecs: number
  /** How much free deposit is wanted when `room` is needed. */
  depositFor: (room: bigint) => bigint
  topUpBelow: bigint
  maxPrepaid: bigint
  redeemThreshold: bigint
  redeemGasFactor: bigint
  nativePrice: bigint | undefined
  idleCloseMs: number
  pollingIntervalMs: number
}

/** The part of the settings that is not the chain's. */
export function settingsOf (options: ChannelOptions): Omit<ChannelSettings, 'peerAddress' | 'chain' | 'contract' | 'tokenId' | 'units'> {
  const { initialDeposit, initialDepositMultiplier, settlementTimeoutSecs, idleCloseSecs, redeemGasFactor } = options
  const multiplier = BigInt(initialDepositMultiplier)
  return {
    claims: options.claims,
    requireClaims: options.requireClaims,
    senderId: options.senderId,
    challengeSecs: settlementTimeoutSecs,
    depositFor: room => room * multiplier > initialDeposit ? room * multiplier : initialDeposit,
    topUpBelow: options.topUpBelow ?? initialDeposit / 2n,
    maxPrepaid: options.maxPrepaid ?? (initialDeposit > 0n ? initialDeposit : DEFAULT_PREPAID),
    standing: 'present',
    redeemThreshold: options.redeemThreshold,
    redeemGasFactor: BigInt(redeemGasFactor),
    nativePrice: options.nativePrice,
    idleCloseMs: idleCloseSecs * 1000,
    pollingIntervalMs: options.pollingIntervalMs
  }
}

/**
 * Reads options strictly: `own` are those of the settlement plugin, `others` the names that somebody else (the transport) reads;
 * names in messages have `prefix` in front.
 * @throws Error that names each option, what is wrong, and what was probably meant. Never repeats a value.
 */
export function readOptions<S extends z.ZodRawShape> (
  plugin: string, own: S, others: readonly string[], options: Record<string, unknown>, prefix = ''
): z.infer<z.ZodObject<S>> {
  const known = [...Object.keys(own), ...others]
  const unknown = Object.keys(options).filter(name => !known.includes(name))
  const mine = Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(own, name)))
  const result = z.object(own).safeParse(mine)
  const problems = [
    ...unknown.map(name => `${prefix}${name}: no such option${meant(nearest(name, known))}`),
    ...(result.success ? [] : result.error.issues.map(({ path, message }) => `${prefix}${path.join('.')}: ${message}`))
  ]
  if (!result.success || problems.length > 0) throw new Error(`invalid options of the ${plugin} plugin. ${problems.join('; ')}`)
  return result.data
}

/** The options of these names, as they are: what somebody else reads. */
export function pickOptions (options: Record<string, unknown>, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(names.filter(name => Object.hasOwn(options, name)).map(name => [name, options[name]]))
}

function meant (near: string | undefined): string {
  return near === undefined ? '' : ` (did you mean ${near}?)`
}
