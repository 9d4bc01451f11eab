/** The rules of the middleware `guard`, as they stand in the configuration of a node and in the options of the middleware. */
import { z } from 'zod'
import { GUARD_ACTIONS, type GuardAction } from '../contracts/guard.js'
import { amount, flag, whole } from './field-kinds.js'

const COUNT_MAX = 1000
const SECONDS_MAX = 31 * 86_400
const PACKETS_MAX = 60_000_000
const FACTOR_MAX = 1000

const action = z.enum(GUARD_ACTIONS).meta({ expected: `one of ${GUARD_ACTIONS.join(', ')}` }).optional()
const count = whole(1, COUNT_MAX).optional()
const windowSecs = whole(1, SECONDS_MAX).optional()
const many = z.strictObject({ action, count, windowSecs }).meta({ expected: 'an object with action, count and windowSecs' }).optional()

export const guardRules = z.strictObject({
  enabled: flag.optional(),
  trafficSpike: z.strictObject({ action, factor: whole(2, FACTOR_MAX).optional(), minPerMinute: whole(1, PACKETS_MAX).optional() })
    .meta({ expected: 'an object with action, factor and minPerMinute' }).optional(),
  channelClosures: many,
  rejectedClaims: many,
  lowerClaims: many,
  settlementAmount: z.strictObject({ action, above: amount.optional() }).meta({ expected: 'an object with action and above' }).optional(),
  velocity: z.strictObject({ action, amount: amount.optional(), windowSecs }).meta({ expected: 'an object with action, amount and windowSecs' }).optional(),
  balanceInconsistency: z.strictObject({ action }).meta({ expected: 'an object with action' }).optional()
}).meta({ expected: 'an object with rules' })

export type GuardRules = z.infer<typeof guardRules>
/** How many within a time are still in order. */
export interface Many { action: GuardAction, count: number, windowMs: number }

/** With everything decided. A rule without the amount that it needs is off. */
export interface DecidedRules {
  trafficSpike: { action: GuardAction, factor: number, minPerMinute: number }
  channelClosures: Many
  rejectedClaims: Many
  lowerClaims: Many
  settlementAmount: { action: GuardAction, above: bigint }
  velocity: { action: GuardAction, amount: bigint, windowMs: number }
  balanceInconsistency: { action: GuardAction }
}
export type RuleName = keyof DecidedRules

const HOUR_S = 3600

export function decidedRules (given: GuardRules = {}): DecidedRules {
  const { trafficSpike, channelClosures, rejectedClaims, lowerClaims, settlementAmount, velocity, balanceInconsistency } = given
  const of = (rule: { action?: GuardAction | undefined } | undefined, isComplete = true): GuardAction =>
    given.enabled === false || !isComplete ? 'off' : rule?.action ?? 'warn'
  const many = (rule: typeof channelClosures, fallback: number): Many =>
    ({ action: of(rule), count: rule?.count ?? fallback, windowMs: (rule?.windowSecs ?? HOUR_S) * 1000 })
  return {
    trafficSpike: { action: of(trafficSpike), factor: trafficSpike?.factor ?? 10, minPerMinute: trafficSpike?.minPerMinute ?? 600 },
    channelClosures: many(channelClosures, 3),
    rejectedClaims: many(rejectedClaims, 10),
    lowerClaims: many(lowerClaims, 3),
    settlementAmount: {
      action: of(settlementAmount, settlementAmount?.above !== undefined), above: BigInt(settlementAmount?.above ?? 0)
    },
    velocity: {
      action: of(velocity, velocity?.amount !== undefined), amount: BigInt(velocity?.amount ?? 0),
      windowMs: (velocity?.windowSecs ?? HOUR_S) * 1000
    },
    balanceInconsistency: { action: of(balanceInconsistency) }
  }
}
