/**
 * A peer that vanishes with claims that it has not redeemed, while others hold claims of its own: its counterparty gets what it was
 * promised, after the challenge all money is out, and the books say so. SETTLEMENT_SEED repeats the amounts.
 */
import { expect } from 'chai'
import { noRejectionLeft } from '../../support/unhandled.js'
import { Random } from '../../support/simulator/random.js'
import { checkChain, checkEnds, checkLegs, checkPairs, doubtful } from '../../support/settlement/audit.js'
import { finish } from '../../support/settlement/finish.js'
import { CHALLENGE_SECS, Network, type Channel } from '../../support/settlement/network.js'
import { until } from '../../support/waiting.js'

const PACKETS = 100
const SEED = Number(process.env.SETTLEMENT_SEED ?? Math.floor(Math.random() * 2 ** 31))
/** Generous: for a machine that does ten other things. */
const LONGEST_MS = 300_000
/** Nodes look at the clock to see whether a challenge may be over; this chain's is behind theirs, and time passes there when we say so. */
const BEHIND_SECS = 2 * CHALLENGE_SECS

describe(`a process that settles on a chain, when its peer vanishes (SETTLEMENT_SEED=${SEED})`, function () {
  this.timeout(LONGEST_MS)
  noRejectionLeft()
  let network: Network
  beforeEach(async () => {
    // Claims are kept, not redeemed: that is what can be lost.
    network = new Network(new Random(SEED), { claims: 'settlement', redeemThreshold: '1000000000' })
    await network.start('--timestamp', String(Math.floor(Date.now() / 1000) - BEHIND_SECS))
  })
  afterEach(async function () {
    if (this.currentTest?.state === 'failed') process.stdout.write(network.said)
    await network.end()
  })

  /** The first channel between hub and carol, as hub sees it. */
  async function channel (): Promise<Channel> {
    const channels = (await network.channelsOf('hub')).filter(({ peerId }) => peerId === 'carol')
    return channels.at(-1)!
  }

  /** Both ends pay, then carol's process is killed, and hub begins to close their channel. Resolves to what the channel was before. */
  async function vanish (): Promise<Channel> {
    await network.nodes.hub.ask('POST', '/channels', { peerId: 'carol', chain: 'evm:31337', initialDeposit: '3000' })
    const { traffic, nodes } = network
    await network.payFor(PACKETS, { alice: 8, carol: 0 })
    await network.payFor(2 * PACKETS, { alice: 0, carol: 8 })
    const death = await nodes.carol.kill()
    checkEnds(traffic.packets, [death])
    expect(doubtful(traffic.packets), 'nothing was under way').to.deep.equal([])
    const before = await channel()
    expect(BigInt(before.transferred) > 0n && BigInt(before.theirTransferred) > 0n, JSON.stringify(before)).to.equal(true)
    expect(before).to.include({ status: 'open', redeemed: '0' })
    const { status, body } = await nodes.hub.ask('POST', `/channels/${before.channelId}/close`, {})
    expect([status, (body as Channel).status], 'together, if carol were there').to.deep.equal([200, 'closing'])
    return before
  }

  it('takes what the peer has paid it, and its own money back', async () => {
    const { hub } = network.nodes
    const before = await vanish()
    const owed = await hub.balance('carol')
    expect(await channel()).to.include({ status: 'closed', redeemed: before.theirTransferred })
    const { channelId: withAlice } = (await network.channelsOf('hub')).find(({ peerId }) => peerId === 'alice')!
    const gained = await network.gainedWith('hub', withAlice)
    expect((await hub.ask('POST', `/channels/${before.channelId}/settle`)).status, 'before the challenge is over').to.equal(503)

    await network.chain.pass(CHALLENGE_SECS + 1)
    await until(async () => (await channel()).status === 'settled') // by itself
    expect(await network.gainedWith('hub', withAlice), 'its deposit, all of it').to.equal(gained + BigInt(before.deposit))
    expect(await network.gained('carol'), 'what carol has not paid').to.equal(-BigInt(before.theirTransferred))
    expect(await hub.balance('carol'), 'a close changes no debt').to.equal(owed)
    await Promise.all([network.nodes.alice.stop(), hub.stop()])
    const { alice, carol } = { alice: (await hub.books()).get('alice')!, carol: (await hub.books()).get('carol')! }
    expect(-carol.moved.received.amount, 'received').to.equal(BigInt(before.theirTransferred))
    expect(carol.moved.settled.amount, 'paid, redeemed or not').to.equal(BigInt(before.transferred))
    expect([alice.open, carol.open]).to.deep.equal([0n, 0n])
  })

  it('gives the peer what it was promised when it comes back in time', async () => {
    const { carol } = network.nodes
    const before = await vanish()
    await carol.start()
    const atCarol = (): Promise<Channel> => carol.get<Channel>(`/channels/${before.channelId}`)
    // By itself. It cannot say anything until it has reached the chain.
    await until(async () => (await atCarol().catch(() => undefined))?.redeemed === before.transferred)
    await network.chain.pass(CHALLENGE_SECS + 1)
    await until(async () => (await channel()).status === 'settled' && (await atCarol()).status === 'settled')
    expect(await channel()).to.include({ redeemed: before.theirTransferred, deposit: before.deposit })
    const { books, states } = await finish(network, { leastChannels: 1 }) // if carol owes more than that, it is paid over a new channel
    checkLegs(books, network.traffic.packets)
    checkPairs(books, states, { isDisturbed: false })
    await checkChain(network, books)
  })
})
