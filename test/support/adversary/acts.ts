/** What the two sides do to each other, and what chance makes of it: single acts, and short plots that lead where chance seldom does. */
import fc from 'fast-check'
import type { Weather } from './chain.js'
import type { Ending } from './disk.js'
import { ANSWERS, type Manners } from './manners.js'
import { CHALLENGE_SECS } from './our-side.js'

/** Channels, claims and ends are chosen by a number, modulo how many there are. */
export type Act =
  // Of the adversary.
  | { do: 'claim', channel: number, grows: bigint, nonce: 'next' | 'same' | 'lower', by: 'key' | 'other key' | 'nobody', packet: bigint }
  | { do: 'gone claim', grows: bigint, packet: bigint }
  | { do: 'repeat', claim: number, packet: bigint }
  | { do: 'our claim', claim: number }
  | { do: 'packet', amount: bigint }
  | { do: 'end', channel: number, least: 'owed' | 'nothing' | 'all' | 'more', pays: 'claimed' | 'nothing' | 'unsaid', valid: 'good' | 'short' | 'long' | 'past', by: 'key' | 'nobody' }
  | { do: 'say', step: string }
  | { do: 'manners', manners: Partial<Manners> }
  | { do: 'answer late' }
  | { do: 'open', challengeSecs: number }
  | { do: 'put in', channel: number, into: 'ours' | 'theirs', amount: bigint }
  | { do: 'take out', channel: number, claim: number }
  | { do: 'close', channel: number }
  | { do: 'settle', channel: number }
  | { do: 'bring', end: number }
  | { do: 'cut' }
  | { do: 'rekey' }
  // Of nobody.
  | { do: 'pass', secs: number }
  | { do: 'weather', weather: Weather }
  | { do: 'take back', channel: number }
  // Of ours.
  | { do: 'we pay', amounts: bigint[] }
  | { do: 'we settle', amount?: bigint | undefined }
  | { do: 'we close', channel: number, cooperative: boolean }
  | { do: 'we put in', channel: number, amount: bigint }
  | { do: 'we redeem', channel: number }
  | { do: 'we end', how: Ending, afterWrites: number }
  | { do: 'we readd' }
  | { do: 'we copy' }
  | { do: 'we restore' }

const HOUR = 3600
/** In the long form of the tests, histories are longer, too. */
const LENGTH = { minLength: 1, ...process.env.ADVERSARY_RUNS === undefined ? { maxLength: 16 } : { maxLength: 40, size: 'max' as const } }
const index = fc.nat(3)
const amount = fc.oneof(fc.bigInt({ min: 1n, max: 900n }), fc.constantFrom(1n, 299n, 300n, 1000n, 1001n, 4000n))
const packets = fc.array(fc.bigInt({ min: 1n, max: 600n }), { minLength: 1, maxLength: 6 })
const manners: fc.Arbitrary<Partial<Manners>> = fc.record(
  Object.fromEntries(Object.entries(ANSWERS).map(([question, answers]) => [question, fc.constantFrom(...answers)])), { requiredKeys: [] })

function act<K extends Act['do']> (name: K, fields: { [F in Exclude<keyof Extract<Act, { do: K }>, 'do'>]: fc.Arbitrary<unknown> }): fc.Arbitrary<Act> {
  return fc.record({ do: fc.constant(name), ...fields }) as fc.Arbitrary<Act>
}

const claim = act('claim', {
  channel: index,
  grows: fc.oneof({ weight: 4, arbitrary: amount }, { weight: 1, arbitrary: fc.bigInt({ min: -500n, max: 5000n }) }),
  nonce: fc.oneof({ weight: 6, arbitrary: fc.constant('next') }, { weight: 1, arbitrary: fc.constantFrom('same', 'lower') }),
  by: fc.oneof({ weight: 8, arbitrary: fc.constant('key') }, { weight: 1, arbitrary: fc.constantFrom('other key', 'nobody') }),
  packet: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 900n }))
})
const end = act('end', {
  channel: index,
  least: fc.oneof({ weight: 3, arbitrary: fc.constant('owed') }, { weight: 1, arbitrary: fc.constantFrom('nothing', 'all', 'more') }),
  pays: fc.oneof({ weight: 3, arbitrary: fc.constant('claimed') }, { weight: 1, arbitrary: fc.constantFrom('nothing', 'unsaid') }),
  valid: fc.oneof({ weight: 4, arbitrary: fc.constant('good') }, { weight: 1, arbitrary: fc.constantFrom('short', 'long', 'past') }),
  by: fc.oneof({ weight: 6, arbitrary: fc.constant('key') }, { weight: 1, arbitrary: fc.constant('nobody') })
})
const open = act('open', { challengeSecs: fc.constantFrom(1, HOUR - 1, HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR + 1, 400 * 24 * HOUR) })
const weEnd = act('we end', { how: fc.constantFrom('clean', 'crash', 'cut'), afterWrites: fc.oneof(fc.constant(0), fc.nat(12)) })
const pass = act('pass', { secs: fc.constantFrom(5, 30, 61, 599, 725, 3000, CHALLENGE_SECS + 1, 4 * CHALLENGE_SECS) })
const wePay = act('we pay', { amounts: packets })
const weSettle = act('we settle', { amount: fc.option(amount, { nil: undefined }) })
const weClose = act('we close', { channel: index, cooperative: fc.boolean() })

const single: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: claim },
  { weight: 1, arbitrary: act('gone claim', { grows: amount, packet: fc.constantFrom(0n, 5n, 300n) }) },
  { weight: 2, arbitrary: act('repeat', { claim: fc.nat(20), packet: fc.constantFrom(0n, 5n, 300n) }) },
  { weight: 1, arbitrary: act('our claim', { claim: fc.nat(20) }) },
  { weight: 5, arbitrary: act('packet', { amount }) },
  { weight: 3, arbitrary: end },
  { weight: 1, arbitrary: act('say', { step: fc.constantFrom('claims', 'look', 'open', 'freeze', 'sign', 'end', 'junk') }) },
  { weight: 5, arbitrary: act('manners', { manners }) },
  { weight: 2, arbitrary: act('answer late', {}) },
  { weight: 2, arbitrary: open },
  { weight: 4, arbitrary: act('put in', { channel: index, into: fc.constantFrom('theirs', 'theirs', 'theirs', 'ours'), amount: fc.constantFrom(1n, 2000n, 10_000n) }) },
  { weight: 3, arbitrary: act('take out', { channel: index, claim: fc.nat(20) }) },
  { weight: 2, arbitrary: act('close', { channel: index }) },
  { weight: 1, arbitrary: act('settle', { channel: index }) },
  { weight: 3, arbitrary: act('bring', { end: fc.nat(5) }) },
  { weight: 2, arbitrary: act('cut', {}) },
  { weight: 1, arbitrary: act('rekey', {}) },
  { weight: 4, arbitrary: pass },
  { weight: 2, arbitrary: act('weather', { weather: fc.constantFrom('fine', 'away', 'stale') }) },
  { weight: 1, arbitrary: act('take back', { channel: index }) },
  { weight: 8, arbitrary: wePay },
  { weight: 3, arbitrary: weSettle },
  { weight: 3, arbitrary: weClose },
  { weight: 2, arbitrary: act('we put in', { channel: index, amount }) },
  { weight: 2, arbitrary: act('we redeem', { channel: index }) },
  { weight: 5, arbitrary: weEnd },
  { weight: 2, arbitrary: act('we readd', {}) },
  { weight: 1, arbitrary: act('we copy', {}) },
  { weight: 1, arbitrary: act('we restore', {}) }
)

const constant = (fixed: Act): fc.Arbitrary<Act> => fc.constant(fixed)
const plot = (...acts: Array<fc.Arbitrary<Act>>): fc.Arbitrary<Act[]> => fc.tuple(...acts)
const paidFor = act('claim', {
  channel: index, grows: fc.bigInt({ min: 200n, max: 900n }), nonce: fc.constant('next'), by: fc.constant('key'), packet: fc.bigInt({ min: 1n, max: 900n })
})
const funded = [open, act('put in', { channel: index, into: fc.constant('theirs'), amount: fc.constant(10_000n) })] as const
const bring = act('bring', { end: fc.nat(5) })
const quietly = constant({ do: 'manners', manners: { ends: 'agree' } })
const together = act('we close', { channel: index, cooperative: fc.constant(true) })
const spend = act('packet', { amount: fc.constant(900n) })

const plots: fc.Arbitrary<Act[]> = fc.oneof(
  plot(claim, quietly, together, paidFor, spend, bring),
  plot(claim, quietly, together, weEnd, paidFor, spend, bring),
  plot(end, paidFor, spend, weEnd, claim, bring),
  plot(...funded, paidFor, spend),
  plot(...funded, paidFor, act('take back', { channel: index }), act('gone claim', { grows: amount, packet: amount }), spend),
  plot(claim, constant({ do: 'we readd' }), spend),
  plot(claim, weEnd, paidFor, weEnd, spend),
  plot(constant({ do: 'manners', manners: { shows: 'all used', packet: 'silence' } }), wePay, pass, constant({ do: 'cut' }), wePay, wePay),
  plot(constant({ do: 'manners', manners: { packet: 'refused', beside: 'behind', shows: 'all used' } }), wePay, wePay, wePay),
  plot(wePay, constant({ do: 'manners', manners: { claim: 'refuse' } }), weSettle, weClose, weEnd, pass, constant({ do: 'manners', manners: { claim: 'take' } }), pass),
  plot(wePay, weSettle, act('close', { channel: index }), pass, weEnd, wePay, weSettle),
  plot(constant({ do: 'rekey' }), ...funded, paidFor, weEnd, wePay)
)

/** The first channel is there already, so that chance has something to begin with. */
export const history: fc.Arbitrary<Act[]> = fc.tuple(
  fc.oneof({ weight: 1, arbitrary: fc.constant<Act[]>([]) }, {
    weight: 5,
    arbitrary: fc.constant<Act[]>([
      { do: 'open', challengeSecs: CHALLENGE_SECS }, { do: 'put in', channel: 0, into: 'theirs', amount: 10_000n },
      { do: 'we pay', amounts: [400n] }, { do: 'pass', secs: 30 }
    ])
  }),
  fc.array(fc.oneof({ weight: 4, arbitrary: single.map(one => [one]) }, { weight: 1, arbitrary: plots }), LENGTH)
).map(([before, then]) => [...before, ...then.flat()])
