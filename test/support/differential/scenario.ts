/**
 * Random operators and random traffic: account settings, and steps that are taken on both connectors alike. Kinds of scenarios keep
 * apart what the listed differences are about, so that everything else can be compared to the last byte.
 */
import fc from 'fast-check'
import { deserializeIlpPrepare } from 'ilp-packet'
import { type Account, type Arena, type Duel, type Options, type Pair } from './harness.js'
import type { Respond } from './mirror-plugin.js'
import { START, fulfil, fulfillWith, preparePacket, preimage, rejectPacket, withoutDetails, withoutTimes } from './packets.js'
import { quiet } from '../waiting.js'

const IDS = ['alice', 'bob', 'kid', 'mum'] as const
type Id = typeof IDS[number]

/** What the next hop makes of a packet. */
export type Fate = 'fulfil' | 'reject' | 'throw' | 'lie' | { late: number, fulfil: boolean } | 'never'

interface PacketStep {
  packet: { from: Id, destination: string, amount: bigint, expiresIn: number, data: Buffer, fate: Fate }
}
export type Step = PacketStep | { again: number } | { money: { from: Id, amount: number } } | { tick: number } |
  { line: { id: Id, connected: boolean } } | { adjust: { id: Id, diff: number } }

export interface Scenario {
  accounts: Record<Id, Account>
  config: Partial<Options>
  steps: Step[]
}

/** What nothing would arrive of is a listed difference. */
const amounts = fc.oneof(
  fc.bigInt(0n, 200n), fc.bigInt(0n, 10n ** 6n), fc.bigInt(0n, 10n ** 11n), fc.constantFrom(0n, 1n, 99n, 100n, 101n)
).map(amount => amount === 0n ? amount : amount + 20n)
const destinations = fc.constantFrom(
  'test.alice', 'test.alice.x', 'test.bob', 'test.bob.y.z', 'test.connie', 'test.connie.kid', 'test.connie.kid.k', 'test.elsewhere', 'g.elsewhere',
  'private.x', 'test.alice2', 'peer.config', 'peer.other'
)
const pong = Buffer.concat([Buffer.from('ECHOECHOECHOECHO\0'), Buffer.from([11]), Buffer.from('test.bob.me')])
const contents = fc.oneof(
  { weight: 3, arbitrary: fc.constant(Buffer.alloc(0)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map(bytes => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(pong, pong.subarray(0, 16), Buffer.from('ECHOECHOECHOECHO\x01')) }
)
const soonFates: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 5, arbitrary: fc.constant<Fate>('fulfil') }, { weight: 2, arbitrary: fc.constantFrom<Fate>('reject', 'throw', 'lie') }
)
// 3 ms past the tens, where no packet expires: who wins a tie is nobody's promise.
const lateFates: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 2, arbitrary: soonFates },
  { weight: 2, arbitrary: fc.record({ late: fc.integer({ min: 0, max: 1200 }).map(tens => tens * 10 + 3), fulfil: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constant<Fate>('never') }
)
const expiries = fc.oneof(fc.constantFrom(-10, 0, 10, 1990, 2000, 2010), fc.integer({ min: 0, max: 4000 }).map(tens => tens * 10))

const limits = fc.constantFrom('0', '50', '100', '1000', '1000000', 'Infinity')
const settling = fc.record({
  maximum: fc.constantFrom('100', '1000', 'Infinity'), settleThreshold: fc.constantFrom('-1000', '-100', '-1', '0', '10', '-Infinity')
}).chain(({ maximum, settleThreshold }) => fc.record({
  maximum: fc.constant(maximum),
  settleThreshold: fc.constant(settleThreshold),
  settleTo: fc.constantFrom('-1000', '-50', '0', '10', '50').filter(to => Number(to) >= Number(settleThreshold))
}))
// Periods of 2^n ms: ilp-connector counts tokens in floating point, which is exact for these.
const periods = fc.constantFrom(128, 256, 1024, 4096)
const rateLimits = fc.record({
  refillPeriod: periods, refillCount: fc.integer({ min: 1, max: 8 }), capacity: fc.integer({ min: 0, max: 12 })
}, { requiredKeys: ['refillPeriod', 'refillCount'] })

interface Kind {
  account: fc.Arbitrary<Account>
  config?: fc.Arbitrary<Partial<Options>>
  packet: fc.Arbitrary<PacketStep['packet']>
  others?: fc.Arbitrary<Step>[]
}

const tens = fc.integer({ min: 0, max: 3000 }).map(tens => tens * 10)
const ticks = fc.oneof(fc.constantFrom(10, 100, 1000), tens).map((tick): Step => ({ tick }))
const lines = fc.record({ line: fc.record({ id: fc.constantFrom(...IDS), connected: fc.boolean() }) })
const money = fc.record({ money: fc.record({ from: fc.constantFrom(...IDS), amount: fc.integer({ min: 0, max: 1000 }) }) })
const adjustments = fc.record({ adjust: fc.record({ id: fc.constantFrom(...IDS), diff: fc.integer({ min: -500, max: 500 }) }) })

/** Of amounts as small as those above, something arrives between these scales. */
const base = { assetCode: fc.constantFrom('USD', 'EUR', 'XRP'), assetScale: fc.integer({ min: 0, max: 1 }) }
/** Of these between all scales. */
const greatAmounts = fc.oneof(fc.constant(0n), fc.bigInt(2n * 10n ** 7n, 10n ** 9n), fc.bigInt(2n * 10n ** 7n, 10n ** 12n))
const optional: { requiredKeys: ('assetCode' | 'assetScale')[] } = { requiredKeys: ['assetCode', 'assetScale'] }
const deduplicate = fc.record({
  cleanupInterval: fc.integer({ min: 1000, max: 50_000 }), packetLifetime: fc.integer({ min: 1000, max: 50_000 })
})
const maxPacketAmount = fc.constantFrom('1', '100', '100000')

const config = fc.record({
  spread: fc.constantFrom(0, 0.002, 0.1, 0.333),
  reflectPayments: fc.boolean(),
  minMessageWindow: fc.constantFrom(0, 500, 1000),
  maxHoldTime: fc.constantFrom(1000, 5000, 30_000),
  defaultRoute: fc.constantFrom('auto', '', 'bob'),
  env: fc.constantFrom('test', 'production'),
  disableMiddleware: fc.subarray(['rateLimit', 'maxPacketAmount', 'balance', 'deduplicate', 'validateFulfillment', 'stats', 'alert'] as const,
    { maxLength: 2 }).map(names => [...names])
}, { requiredKeys: [] }) as fc.Arbitrary<Partial<Options>>

const from = fc.constantFrom(...IDS)
const anyPacket = (fate: fc.Arbitrary<Fate>, amount = amounts): Kind['packet'] =>
  fc.record({ from, destination: destinations, amount, expiresIn: expiries, data: contents, fate })
/** One that nothing but a limit can stop. */
const goodPacket = fc.record({
  from,
  destination: fc.constantFrom('test.alice', 'test.bob.x', 'test.connie.kid', 'test.elsewhere'),
  amount: amounts,
  expiresIn: fc.constant(40_000),
  data: fc.constant(Buffer.alloc(0)),
  fate: fc.constant<Fate>('fulfil')
})

export const KINDS = {
  /** Packets of all sorts, answered at once. */
  'all sorts': {
    account: fc.record({ ...base, maxPacketAmount, deduplicate, balance: fc.record({ maximum: limits }) }, optional),
    config,
    packet: anyPacket(soonFates),
    others: [ticks, lines, money, adjustments]
  },
  /** Assets of all scales. */
  scales: {
    account: fc.record({
      ...base,
      assetScale: fc.integer({ min: 0, max: 6 }),
      balance: fc.record({ maximum: fc.constantFrom('1000000000', '1000000000000', 'Infinity') })
    }, optional),
    config,
    packet: anyPacket(soonFates, greatAmounts),
    others: [ticks, lines, adjustments]
  },
  /** Accounts that are settled. */
  settlements: {
    account: fc.record({ ...base, balance: settling }, optional),
    config: config.map(options => ({ ...options, reflectPayments: false })),
    packet: anyPacket(soonFates),
    others: [ticks, money, adjustments]
  },
  /**
   * Answers that take their time, come too late or not at all. Settlements and adjustments look at final money then: listed differences.
   */
  'late answers': {
    account: fc.record({ ...base, maxPacketAmount, deduplicate, balance: fc.record({ maximum: limits }) }, optional),
    config,
    packet: anyPacket(lateFates),
    others: [ticks, ticks, lines, money]
  },
  /** Too many packets. Money is no packet; a listed difference. */
  'rate limits': {
    account: fc.record({ ...base, rateLimit: rateLimits, balance: fc.record({ maximum: limits }) }, optional),
    config,
    packet: anyPacket(soonFates),
    others: [ticks, lines]
  },
  /** Too much money in one direction. What was not moved is given back; a listed difference, so here all is moved. */
  'incoming bandwidth': {
    account: fc.record({ ...base, throughput: fc.record({ refillPeriod: periods, incomingAmount: fc.constantFrom('1', '100', '5000') }) }, optional),
    packet: goodPacket,
    others: [ticks]
  },
  'outgoing bandwidth': {
    account: fc.record({ ...base, throughput: fc.record({ refillPeriod: periods, outgoingAmount: fc.constantFrom('1', '100', '5000') }) }, optional),
    packet: goodPacket,
    others: [ticks]
  },
  /** Packets that come again. Duplicates are not charged; a listed difference, so here no account is. */
  duplicates: {
    account: fc.record({ ...base, deduplicate }, optional),
    packet: goodPacket,
    others: [ticks, fc.nat({ max: 30 }).map((again): Step => ({ again })), fc.nat({ max: 30 }).map((again): Step => ({ again }))]
  },
  /**
   * The least that a balance may be. It is looked at before sending, and what may come in gives no room to send: listed differences.
   */
  minimum: {
    account: fc.record({ ...base, balance: fc.record({ minimum: fc.constantFrom('-5000', '-100', '0'), maximum: fc.constantFrom('100', '5000') }) }, optional),
    config: fc.constant({ reflectPayments: false }),
    packet: goodPacket,
    others: [ticks]
  }
} satisfies Record<string, Kind>

export function scenarios ({ account, config = fc.constant({}), packet, others = [] }: Kind): fc.Arbitrary<Scenario> {
  const accounts = fc.record({ alice: account, bob: account, kid: account, mum: account }).map(({ alice, bob, kid, mum }) => ({
    alice, bob, kid: { ...kid, relation: 'child' as const }, mum: { ...mum, relation: 'parent' as const }
  }))
  const step = fc.oneof({ weight: 3, arbitrary: packet.map((packet): Step => ({ packet })) }, ...others)
  return fc.record({ accounts, config, steps: fc.array(step, { minLength: 1, maxLength: 40 }) })
}

/** Told after each step: the answers that have come by then, by the number of the packet, and how many have not. */
export type Observe = (answers: Pair<Record<number, object>>, duel: Duel, underWay: number) => Promise<void> | void

/** Takes all steps on both connectors, and tells `observe` of each. */
export async function play (arena: Arena, { accounts, config, steps }: Scenario, observe: Observe): Promise<Duel> {
  const fates = new Map<string, Fate>()
  const respond: Respond = async packet => {
    const fate = fates.get(packet.executionCondition.toString('hex')) ?? 'reject'
    if (fate === 'throw') throw Object.assign(new Error('cable cut'), { ilpErrorCode: 'T01' })
    if (fate === 'lie') return fulfillWith(preimage('a lie'))
    if (fate === 'never') return await new Promise<never>(() => undefined)
    if (typeof fate === 'object') await new Promise(resolve => setTimeout(resolve, fate.late))
    return fate === 'fulfil' || (typeof fate === 'object' && fate.fulfil) ? fulfil(packet) : rejectPacket({ code: 'T04', message: 'exceeded maximum balance.' })
  }
  const routes = [{ targetPrefix: 'test.alice', peerId: 'alice' }, { targetPrefix: 'test.bob', peerId: 'bob' }]
  const duel = await arena.start({ routes, spread: 0, ...config, accounts }, respond)
  const answers: Pair<Record<number, object>> = { reference: {}, sluice: {} }
  const sent: { from: Id, packet: Buffer }[] = []

  const deliver = ({ from, packet }: { from: Id, packet: Buffer }): void => {
    const number = sent.push({ from, packet }) - 1
    for (const side of [duel.reference, duel.sluice]) {
      void duel.answerOf(side, from, packet).then(answer => {
        answers[side.name][number] = side === duel.reference ? withoutDetails(answer) : withoutTimes(answer)
      })
    }
  }
  const take = async (step: Step): Promise<void> => {
    if ('packet' in step) {
      const { from, destination, amount, expiresIn, data, fate } = step.packet
      // The condition of neighbour protocols is the same for all packets.
      const fulfillment = destination.startsWith('peer.') ? Buffer.alloc(32) : preimage(`${START} ${sent.length}`)
      const packet = preparePacket({ destination, amount: String(amount), expiresIn: expiresIn + Date.now() - START, data, fulfillment })
      fates.set(deserializeIlpPrepare(packet).executionCondition.toString('hex'), fate)
      deliver({ from, packet })
    } else if ('again' in step) {
      const former = sent[step.again]
      if (former !== undefined) deliver(former)
    } else if ('money' in step) {
      await duel.same(side => side.plugin(step.money.from).receiveMoney(String(step.money.amount)))
    } else if ('tick' in step) {
      await arena.tick(step.tick)
    } else if ('line' in step) {
      await duel.each(side => { side.plugin(step.line.id).setConnected(step.line.connected) })
    } else {
      const { id, diff } = step.adjust
      await duel.same(side => { side.middleware('balance')?.modifyBalance(id, side.name === 'reference' ? String(diff) : BigInt(diff)) })
    }
  }
  for (const step of [...steps, { tick: 60_000 }]) {
    await take(step)
    await quiet()
    await observe(answers, duel, sent.length - Object.keys(answers.reference).length)
  }
  return duel
}
