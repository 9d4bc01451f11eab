/** Claims with every packet: each packet is paid for before it goes on, and what rejected packets leave is used by the next ones. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { expectAgreement, makeWorld } from '../../../support/channels/world.js'
import type { World } from '../../../support/channels/world.js'
import { nextTurn } from '../../../support/waiting.js'

const WITH_PACKETS = { claims: 'packet', requireClaims: true, initialDeposit: '10000' }

/** Both have a channel that they can pay through. */
async function readyWorld (options: Record<string, unknown> = WITH_PACKETS): Promise<World> {
  const world = await makeWorld(options)
  for (const party of [world.alice, world.bob]) await filled(party)
  return world
}

async function filled (party: World['alice']): Promise<void> {
  while (!(await party.channels()).some(({ spendable }) => spendable > 0n)) await nextTurn()
}

/** What the peer's claims come to. Both sides may have opened a channel at the same moment. */
async function claimedBy (party: World['alice']): Promise<bigint> {
  return (await party.channels()).reduce((sum, { theirTransferred }) => sum + theirTransferred, 0n)
}

describe('claims with packets', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('pay for each packet before it goes on', async () => {
    const { alice, bob } = await readyWorld()
    bob.respond = amount => {
      expect(bob.balance, 'Bob has the money before the packet is looked at').to.equal(-amount)
      return 'fulfill'
    }
    for (const amount of [10n, 25n]) expect(await alice.pay(amount)).to.equal('fulfilled')
    expect(bob.balance).to.equal(0n)
  })

  it('need no other claim when the account is settled: the books of both agree', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    for (const amount of [10n, 25n]) await alice.pay(amount)
    const [before] = await bob.channels()
    await alice.settle()
    expect((await bob.channels())[0]?.theirNonce).to.equal(before?.theirNonce)
    expect([alice.balance, bob.balance]).to.deep.equal([0n, 0n])
    await expectAgreement(world)
  })

  it('go on in both directions at once', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    const results = await Promise.all(Array.from({ length: 100 }, (_, i) => i % 2 === 0 ? alice.pay(10n) : bob.pay(7n)))
    expect(new Set(results)).to.deep.equal(new Set(['fulfilled']))
    await alice.settle()
    await bob.settle()
    await expectAgreement(world)
  })

  it('may say what the peer has once seen on the chain, also right after the peer has crashed', async () => {
    const { alice, bob, chain } = await readyWorld()
    const channel = (await bob.channels()).find(({ spendable }) => spendable > 0n)!
    for (const party of [alice, bob]) expect(await party.pay(1n)).to.equal('fulfilled') // what was there before is written
    chain.fault = call => { if (call === 'find') throw new Error('nobody has the time to look at all channels') }
    await bob.plugin.channels().deposit(channel.channelId, 20_000n)
    await alice.crash()
    chain.fault = () => { throw new Error('the chain is away') }
    await alice.plugin.connect()
    while (!bob.plugin.isConnected()) await nextTurn()
    expect(await bob.pay(25_000n)).to.equal('fulfilled')
  })

  it('use what rejected packets left before anything new is paid', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    bob.respond = () => 'reject'
    for (let i = 0; i < 3; i++) expect(await alice.pay(10n)).to.equal('F02 ')
    bob.respond = () => 'fulfill'
    expect(await claimedBy(bob), 'one headroom for all three').to.equal(10n)
    expect(await alice.prepaid()).to.equal(10n)
    await expectAgreement(world)
    await alice.pay(10n)
    await alice.settle()
    expect(await claimedBy(bob)).to.equal(10n)
    expect(await alice.prepaid()).to.equal(0n)
    await expectAgreement(world)
  })

  it('pay debts from before with a claim of its own, and never with what packets under way need', async () => {
    const world = await readyWorld({ ...WITH_PACKETS, requireClaims: false })
    const { alice, bob } = world
    alice.balance -= 500n // from packets of a time without claims
    bob.balance += 500n
    const packets = Promise.all(Array.from({ length: 20 }, () => alice.pay(10n)))
    await alice.settle()
    await packets
    await alice.settle()
    await expectAgreement(world)
  })

  it('are never behind what the peer counts after a debt was paid without packets', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    alice.balance -= 500n
    bob.balance += 500n
    await alice.settle()
    for (let i = 0; i < 3; i++) expect(await alice.pay(10n)).to.equal('fulfilled')
    expect(bob.log.lines.join('\n')).not.to.include('refused the claim')
    await alice.settle()
    await expectAgreement(world)
  })

  it('are required where that is configured', async () => {
    const world = await makeWorld({ claims: 'settlement' }, { requireClaims: true })
    expect(await world.alice.pay(10n)).to.equal('F06 No payment channel claim attached to packet')
    expect(await world.alice.pay(0n), 'packets without money need none').to.equal('fulfilled')
    expect(world.bob.receivedPackets).to.equal(1)
  })

  it('are refused with T04 when the deposit is used up, and go on when it is filled up', async () => {
    const { alice, bob } = await readyWorld({ ...WITH_PACKETS, initialDeposit: '100', topUpBelow: '0' })
    expect(await alice.pay(100n)).to.equal('fulfilled')
    expect(await alice.pay(30n)).to.match(/^failed T04: payment channel is used up/)
    while (await alice.pay(30n) !== 'fulfilled') await nextTurn()
    expect(bob.balance).to.equal(0n)
  })

  it('fill the channel up before it is used up', async () => {
    const { alice } = await readyWorld({ ...WITH_PACKETS, initialDeposit: '1000' })
    for (let i = 0; i < 100; i++) {
      expect(await alice.pay(50n)).to.equal('fulfilled')
      if (i % 5 === 0) for (let turn = 0; turn < 20; turn++) await nextTurn()
    }
    const paid = (await alice.channels()).reduce((sum, { transferred }) => sum + transferred, 0n)
    expect(paid).to.equal(5000n)
  })

  it('are lost with the connection at most for a moment: what the peer did not count is used again', async () => {
    const world = await readyWorld()
    const { alice, bob } = world
    let arrived: (() => void) | undefined
    const isThere = new Promise<void>(resolve => { arrived = resolve })
    let answer: ((how: 'fulfill' | 'reject') => void) | undefined
    bob.respond = () => {
      arrived?.()
      return new Promise(resolve => { answer = resolve })
    }
    const paying = alice.pay(10n)
    await isThere
    await alice.plugin.disconnect()
    expect(await paying).to.match(/^failed R00/)
    answer?.('reject')
    bob.respond = () => 'fulfill'
    await alice.plugin.connect()
    while ((await alice.plugin.channels().states()).headroom === 0n) await nextTurn()
    await alice.pay(10n)
    await alice.settle()
    expect(await claimedBy(bob)).to.equal(10n)
    await expectAgreement(world)
  })
})
