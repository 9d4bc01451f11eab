/**
 * Three nodes as processes of their own, with payment channels on a real chain between them, and what all of them and the chain say in the
 * end: the same, to the unit. `npm run test:settlement` is the long form: more packets (SETTLEMENT_PACKETS), more KILLS, and each of them
 * with either way of sending claims. SETTLEMENT_SEED repeats the amounts, and who is killed after how long.
 */
import { expect } from 'chai'
import { noRejectionLeft } from '../../support/unhandled.js'
import { Random } from '../../support/simulator/random.js'
import { checkBalance, checkChain, checkEnds, checkLegs, checkPairs, doubtful, Ratchet, type AllBooks } from '../../support/settlement/audit.js'
import { finish } from '../../support/settlement/finish.js'
import { NAMES, Network, peersOf, type Name } from '../../support/settlement/network.js'
import { type Death } from '../../support/settlement/node-process.js'
import { pause, until } from '../../support/waiting.js'

const IS_LONG = process.env.SETTLEMENT_PACKETS !== undefined
const PACKETS = Number(process.env.SETTLEMENT_PACKETS ?? 250)
const KILLS = Number(process.env.KILLS ?? 2)
const SEED = Number(process.env.SETTLEMENT_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Generous: for a machine that does ten other things. */
const STARTING_MS = 240_000
const PACKET_MS = 100
const KILL_MS = 60_000
const LIFE_SHORTEST_MS = 50
const LIFE_LONGEST_MS = 1500
const DEATH_LONGEST_MS = 500
/** How often two of them are killed at once. */
const BOTH_CHANCE = 0.2
/** How many packets each end has under way: first one pays more, then the other. */
const BOTH_WAYS = [{ alice: 8, carol: 3 }, { alice: 3, carol: 8 }]
/** Less than this would not show much. */
const LEAST_SETTLEMENTS = IS_LONG ? 8 : 4
const LEAST_DEPOSITS = 3
const LEAST_REDEMPTIONS = 1
const MORE_ROUNDS = 12

/** So few packets may come to nearly nothing between two nodes that pay each other. */
const REDEEM = IS_LONG ? {} : { redeemThreshold: '500' }
const AT_THRESHOLD = { name: 'when a threshold is passed', options: { claims: 'settlement' as const, ...REDEEM } }
const WITH_PACKETS = { name: 'with each packet', options: { claims: 'packet' as const, requireClaims: true, ...REDEEM } }

describe(`three processes that settle on a chain (SETTLEMENT_SEED=${SEED})`, function () {
  this.timeout(STARTING_MS + PACKETS * PACKET_MS + KILLS * KILL_MS)
  noRejectionLeft()
  let network: Network
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') process.stdout.write(network.said)
    await network.end()
  })

  for (const { name, options } of IS_LONG ? [AT_THRESHOLD, WITH_PACKETS] : [AT_THRESHOLD]) {
    it(`agree with each other, their applications and the chain. Claims go ${name}`, async () => {
      const { traffic } = network = new Network(new Random(SEED), options)
      await network.start()
      for (const atOnce of BOTH_WAYS) await network.payFor(PACKETS / 2, atOnce)
      for (let round = 0; round < MORE_ROUNDS && !await hasHappened(network); round++) await network.payFor(PACKETS / 2, BOTH_WAYS[0]!)
      const { books, states } = await finish(network)
      checkEnds(traffic.packets, [])
      checkLegs(books, traffic.packets)
      checkPairs(books, states, { isDisturbed: false })
      await checkChain(network, books)
      await expectActivity(network, books)
    })
  }

  for (const { name, options } of IS_LONG ? [AT_THRESHOLD, WITH_PACKETS] : [WITH_PACKETS]) {
    it(`lose nothing and pay nothing twice when they are killed: ${KILLS} times. Claims go ${name}`, async () => {
      const random = new Random(SEED)
      const { traffic } = network = new Network(new Random(SEED), options)
      await network.start()
      const { nodes } = network
      const deaths: Death[] = []
      const ratchet = new Ratchet()
      const balances = { alice: 0n, carol: 0n }
      for (let kill = 1; kill <= KILLS; kill++) {
        const before = { done: traffic.done, packets: traffic.packets.length }
        network.pay(random.pick(BOTH_WAYS))
        await pause(random.between(LIFE_SHORTEST_MS, LIFE_LONGEST_MS))
        const victims = victimsOf(random).map(name => nodes[name])
        deaths.push(...await Promise.all(victims.map(victim => victim.kill())))
        await pause(random.between(0, DEATH_LONGEST_MS))
        await Promise.all(victims.map(victim => victim.start()))
        await until(() => traffic.done - before.done >= PACKETS / KILLS)
        await traffic.stop()
        for (const end of ['alice', 'carol'] as const) {
          const balance = await nodes[end].balance('local')
          checkBalance(balance - balances[end], end, traffic.packets.slice(before.packets))
          balances[end] = balance
        }
        for (const each of NAMES) ratchet.look(each, await network.channelsOf(each))
      }
      const { books, states } = await finish(network, { ratchet })
      checkEnds(traffic.packets, deaths)
      checkLegs(books, traffic.packets)
      checkPairs(books, states, { isDisturbed: true })
      await checkChain(network, books)
      await expectActivity(network, books)
    })
  }
})

/** Deposits, redemptions and channels on the chain. */
async function eventsOf (network: Network): Promise<[number, number, number]> {
  const [deposits = 0, redemptions = 0, channels = 0] =
    await Promise.all(['ChannelNewDeposit', 'ChannelClaimed', 'ChannelOpened'].map(name => network.events(name)))
  return [deposits, redemptions, channels]
}

/** On a quick machine, few packets need few settlements: then there are more packets. */
async function hasHappened (network: Network): Promise<boolean> {
  const [deposits, redemptions] = await eventsOf(network)
  return deposits >= LEAST_DEPOSITS && redemptions >= LEAST_REDEMPTIONS
}

/** That there was something to agree on; the long form says how much. */
async function expectActivity (network: Network, books: AllBooks): Promise<void> {
  const { packets } = network.traffic
  const settled = NAMES.flatMap(name => peersOf(name).map(peer => books[name].get(peer)?.moved.settled.count ?? 0)).reduce((a, b) => a + b)
  const [deposits, redemptions, channels] = await eventsOf(network)
  if (IS_LONG) {
    const outcomes = packets.reduce((counts, { outcome }) => counts.set(outcome, (counts.get(outcome) ?? 0) + 1), new Map<string, number>())
    process.stdout.write(`    ${JSON.stringify({
      packets: packets.length, ...Object.fromEntries(outcomes), doubtful: doubtful(packets).length, settled, channels, deposits, redemptions
    })}\n`)
  }
  expect(settled, 'settlements').to.be.at.least(LEAST_SETTLEMENTS)
  expect(deposits, 'deposits').to.be.at.least(LEAST_DEPOSITS)
  expect(redemptions, 'redemptions').to.be.at.least(LEAST_REDEMPTIONS)
}

/** Mostly one of them. */
function victimsOf (random: Random): readonly Name[] {
  const first = random.pick(NAMES)
  return random.chance(BOTH_CHANCE) ? NAMES.filter(name => name !== first) : [first]
}
