/**
 * What entries of `chainProviders` have in common on every chain: when a node pays, fills and redeems. Amounts are units of the token.
 * Loads no more than the schema: the `chain-kind` of each plugin uses it.
 */
import { z } from 'zod'
import type { Asset } from '../../../src/contracts/account.js'
import type { ChainTerms } from '../../../src/contracts/chain-kind.js'
import type { TransportType } from '../../../src/contracts/node-transport.js'
import { amount, assetField, flag, milliseconds, whole } from '../../../src/lib/field-kinds.js'

const YEAR_SECS = 365 * 24 * 60 * 60
const POLL_MS_MIN = 100
const POLL_MS_MAX = 3_600_000
const THRESHOLD = 1_000_000n
/** Unless told otherwise, a channel takes so many settlements before it is filled up. */
const SETTLEMENTS_IN_DEPOSIT = 10n

const CLAIMS = ['settlement', 'packet'] as const

/** How the nodes of the chain are asked: for chains whose plugin can go through a proxy. */
export const TRANSPORT = z.enum(['direct', 'socks5']).meta({ expected: 'one of direct, socks5' }).optional()

/** What is paid in: for chains on which that can be one of many tokens. */
export const ASSET = assetField.optional()

/** The fields of `settlementOptions`. A chain that takes less of one, or has others besides, says so in its own schema. */
export const SETTLEMENT_FIELDS = {
  threshold: amount.optional(),
  timeBasedIntervalMs: milliseconds(1000).optional(),
  settlementTimeoutSecs: whole(1, YEAR_SECS).optional(),
  initialDeposit: amount.optional(),
  initialDepositMultiplier: whole(1, 1_000_000).optional(),
  topUpBelow: amount.optional(),
  maxPrepaid: amount.optional(),
  pollingIntervalMs: whole(POLL_MS_MIN, POLL_MS_MAX).optional(),
  claims: z.enum(CLAIMS).meta({ expected: `one of ${CLAIMS.join(', ')}` }).optional(),
  requireClaims: flag.optional(),
  redeemThreshold: amount.optional(),
  redeemGasFactor: whole(1, 1_000_000).optional(),
  nativePrice: amount.optional(),
  idleCloseSecs: whole(0, YEAR_SECS).optional(),
  ledgerSnapshotPath: z.string().min(1).meta({ expected: 'a string that is not empty' }).optional(),
  ledgerPersistIntervalMs: z.number().meta({ expected: 'a number' }).optional()
}

type SettlementOptions = z.output<z.ZodObject<typeof SETTLEMENT_FIELDS>>

/** Names the chain, and what is paid in on it; `chain` is that option of the plugin. */
interface Place {
  id: string
  tokenAddress: string
  /** What is paid in; where it is not known, the plugin is told to take base units of the account for its smallest units. */
  asset?: Asset | undefined
  transport?: TransportType | undefined
  chain: Record<string, unknown>
}

/** What the accounts of peers on a chain get. */
export function termsOf ({ id, tokenAddress, asset, transport, chain }: Place, settlement: SettlementOptions = {}): ChainTerms {
  const threshold = BigInt(settlement.threshold ?? THRESHOLD)
  return {
    id,
    tokenAddress,
    asset,
    transport,
    threshold: String(threshold),
    intervalMs: settlement.timeBasedIntervalMs,
    options: present({
      sameUnits: asset === undefined ? true : undefined,
      chain: present(chain),
      settlementTimeoutSecs: settlement.settlementTimeoutSecs,
      initialDeposit: String(settlement.initialDeposit ?? threshold * SETTLEMENTS_IN_DEPOSIT),
      initialDepositMultiplier: settlement.initialDepositMultiplier,
      topUpBelow: decimal(settlement.topUpBelow),
      maxPrepaid: decimal(settlement.maxPrepaid),
      pollingIntervalMs: settlement.pollingIntervalMs,
      claims: settlement.claims,
      requireClaims: settlement.requireClaims,
      redeemThreshold: String(settlement.redeemThreshold ?? threshold),
      redeemGasFactor: settlement.redeemGasFactor,
      nativePrice: decimal(settlement.nativePrice),
      idleCloseSecs: settlement.idleCloseSecs
    })
  }
}

/** Settings of earlier versions that change nothing here. */
export function ignoredOf (settlement: SettlementOptions = {}): string[] {
  return (['ledgerSnapshotPath', 'ledgerPersistIntervalMs'] as const).filter(field => settlement[field] !== undefined)
    .map(field => `settlementOptions.${field} is ignored: balances are kept in dataPath, where no crash loses them.`)
}

function decimal (amount: SettlementOptions['topUpBelow']): string | undefined {
  return amount === undefined ? undefined : String(amount)
}

function present (fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}
