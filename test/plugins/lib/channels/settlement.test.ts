/** Paying with claims when the account is settled: once for an id, exactly, with channels that are there when they are needed. */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { expectAgreement, makeWorld } from '../../../support/channels/world.js'

describe('settlement over payment channels', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('opens and fills a channel, pays what is owed, and both books agree', async () => {
    const world = await makeWorld({ initialDeposit: '1000' })
    const { alice, bob } = world
    for (const amount of [10n, 20n, 30n]) expect(await alice.pay(amount)).to.equal('fulfilled')
    await alice.settle()
    expect([alice.balance, bob.balance]).to.deep.equal([0n, 0n])
    expect(await alice.channels()).to.have.lengthOf(1)
    expect((await alice.channels())[0]).to.deep.include({ status: 'open', deposit: 1000n, transferred: 60n, nonce: 1n })
    expect((await bob.channels())[0]).to.deep.include({ status: 'open', theirDeposit: 1000n, theirTransferred: 60n, theirNonce: 1n })
    await expectAgreement(world)
  })

  it('sends packets without claims', async () => {
    const { alice, bob } = await makeWorld()
    await alice.pay(10n)
    expect(await alice.channels()).to.deep.equal([])
    expect(bob.receivedPackets).to.equal(1)
  })

  it('pays an id once, however often and at the same time it is asked to', async () => {
    const world = await makeWorld({ initialDeposit: '1000' })
    const { alice, bob } = world
    await alice.pay(50n)
    const pay = (): Promise<void> => alice.plugin.sendMoney('50', { id: 'one' })
    await Promise.all([pay(), pay(), pay()])
    await pay()
    alice.balance += 50n
    expect(bob.balance).to.equal(0n)
    await expectAgreement(world)
  })

  it('fills the channel up when a settlement needs more than is left, by as much as is wanted at a time', async () => {
    const { alice, bob, chain } = await makeWorld({ initialDeposit: '100', initialDepositMultiplier: 2, topUpBelow: '0' })
    for (const amount of [90n, 300n, 5n]) {
      await alice.pay(amount)
      await alice.settle()
    }
    expect(bob.balance).to.equal(0n)
    expect(chain.transactions).to.deep.equal(['open alice', 'deposit alice', 'deposit alice'])
    expect((await alice.channels())[0]).to.deep.include({ deposit: 690n, transferred: 395n })
  })

  it('uses one channel for both directions', async () => {
    const world = await makeWorld({ initialDeposit: '1000' })
    const { alice, bob, chain } = world
    await alice.pay(100n)
    await alice.settle()
    await bob.pay(30n)
    await bob.settle()
    expect(chain.channels.size).to.equal(1)
    await expectAgreement(world)
  })

  for (const [assetScale, decimals, unit] of [[6, 9, '1'], [9, 6, '1000'], [9, 9, '1']] as const) {
    it(`converts exactly between scale ${assetScale} and ${decimals} decimals`, async () => {
      const { alice, bob } = await makeWorld({ assetScale, decimals, initialDeposit: '900000' })
      expect(alice.plugin.settlementUnit).to.equal(unit)
      alice.balance = -7n * BigInt(unit)
      await alice.settle()
      expect(bob.balance).to.equal(-7n * BigInt(unit))
      expect((await bob.channels())[0]?.theirTransferred).to.equal(decimals > assetScale ? 7000n : 7n)
    })
  }

  it('refuses to pay a part of a token unit, and says which amounts it pays', async () => {
    const { alice } = await makeWorld({ assetScale: 9, decimals: 6 })
    const failure = await alice.plugin.sendMoney('1500', { id: 'x' }).catch((error: unknown) => error)
    expect(String(failure)).to.contain('settlementUnit=1000')
  })

  it('does not pay, and says why, without the means; then pays under the same id when they are there', async () => {
    const world = await makeWorld({ initialDeposit: '10' })
    const { alice, bob, chain } = world
    chain.balances.set('alice', 0n)
    await alice.pay(50n)
    const failure = await alice.settle('one', 1).catch((error: unknown) => error)
    expect(String(failure)).to.contain('not enough tokens')
    expect(bob.balance).to.equal(50n)
    chain.balances.set('alice', 1_000_000n)
    await alice.settle('one')
    await expectAgreement(world)
  })
})
