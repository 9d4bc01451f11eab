/** PaymentChannelFund on the stand-in: every row of section 2.3 of the specification (FUN, HLP), in the order of the checks. */
import { expect } from 'chai'
import { openChannelIn, tfClose, type OpenChannel } from '../channels.js'
import { accountIndex } from '../hashing.js'
import { startLedgerWorld, XRP, type LedgerWorld } from '../parties.js'
import { accountOf, putAccount } from '../view.js'

const TOKENS = { currency: 'USD', issuer: 'rGMTQpyhaDwWTqmw4dcYHj5NPJhtWNhtRW', value: '1' }
const NO_CHANNEL = '0'.repeat(64)
const DELAY = 3600

describe('the stand-in for rippled: PaymentChannelFund', () => {
  let world: LedgerWorld
  let channel: OpenChannel

  beforeEach(async () => {
    world = await startLedgerWorld()
    channel = await openChannelIn(world)
  })

  afterEach(() => world.stop())

  /** The close time of the ledger before the one that the next transaction gets into. */
  const parentCloseTime = (): number => world.rippled.network.lastClosed.closeTime

  function setBalance (address: string, Balance: bigint): void {
    world.rippled.network.place(view => {
      const root = accountOf(view, address)
      if (root !== undefined) putAccount(view, { ...root, Balance })
    })
  }

  it('Channel all zero: temMALFORMED with fixCleanup3_2_0, before the amount; without it there is no such channel (FUN)', async () => {
    expect(await channel.fund(world.payer, { Channel: NO_CHANNEL })).to.equal('tecNO_ENTRY')
    world.rippled.network.amendments.add('fixCleanup3_2_0')
    expect(await channel.fund(world.payer, { Channel: NO_CHANNEL, Amount: '0' })).to.equal('temMALFORMED')
  })

  it('temBAD_AMOUNT: Amount of a token, or 0 (FUN)', async () => {
    expect(await channel.fund(world.payer, { Amount: TOKENS, Channel: 'A'.repeat(64) })).to.equal('temBAD_AMOUNT')
    expect(await channel.fund(world.payer, { Amount: '0' })).to.equal('temBAD_AMOUNT')
  })

  it('tecNO_ENTRY: no such channel (FUN)', async () => {
    expect(await channel.fund(world.payer, { Channel: 'A'.repeat(64) })).to.equal('tecNO_ENTRY')
  })

  it('tesSUCCESS for an expired channel, from anybody: it is deleted, and nothing is added (FUN)', async () => {
    await channel.claim(world.payer, { Flags: tfClose })
    world.rippled.skip(DELAY + 10)
    world.rippled.closeLedger()
    const before = world.rippled.state.account(world.stranger.address)
    const source = world.rippled.state.account(world.payer.address)
    expect(await channel.fund(world.stranger, { Amount: `${5n * XRP}`, Expiration: 1 })).to.equal('tesSUCCESS')
    expect(channel.entry()).to.equal(undefined)
    expect(world.rippled.state.account(world.stranger.address)?.Balance).to.equal((before?.Balance ?? 0n) - 10n)
    expect(world.rippled.state.account(world.payer.address)).to.include({ Balance: (source?.Balance ?? 0n) + 10n * XRP, OwnerCount: 0 })
  })

  it('tecNO_PERMISSION: the sender is not the source (FUN)', async () => {
    expect(await channel.fund(world.payee, { Expiration: 1 })).to.equal('tecNO_PERMISSION')
    expect(await channel.fund(world.stranger)).to.equal('tecNO_PERMISSION')
    expect(channel.entry()?.Amount).to.equal(10n * XRP)
  })

  for (const [amendment, result] of [[undefined, 'temBAD_EXPIRATION'], ['fixCleanup3_2_0', 'tecNO_PERMISSION']] as const) {
    it(`${result} with ${amendment ?? 'mainnet rules'}: Expiration before now + SettleDelay and before the present one (FUN)`, async () => {
      if (amendment !== undefined) world.rippled.network.amendments.add(amendment)
      expect(await channel.fund(world.payer, { Expiration: parentCloseTime() + DELAY - 1 })).to.equal(result)
      expect(channel.entry()).to.include({ Amount: 10n * XRP }).and.not.to.have.property('Expiration', 0)
      const least = parentCloseTime() + DELAY
      expect(await channel.fund(world.payer, { Expiration: least })).to.equal('tesSUCCESS')
      expect(channel.entry()).to.include({ Expiration: least, Amount: 11n * XRP })
      world.rippled.skip(100)
      world.rippled.closeLedger()
      expect(await channel.fund(world.payer, { Expiration: least - 1 })).to.equal(result)
      expect(await channel.fund(world.payer, { Expiration: least }), 'what stands may stand').to.equal('tesSUCCESS')
    })
  }

  it('lets the source set an Expiration, extend it, and shorten it again, but not below now + SettleDelay (FUN)', async () => {
    const far = parentCloseTime() + 10 * DELAY
    expect(await channel.fund(world.payer, { Expiration: far })).to.equal('tesSUCCESS')
    expect(await channel.fund(world.payer, { Expiration: far + DELAY })).to.equal('tesSUCCESS')
    const near = parentCloseTime() + DELAY
    expect(await channel.fund(world.payer, { Expiration: near })).to.equal('tesSUCCESS')
    expect(channel.entry()).to.include({ Expiration: near, Amount: 13n * XRP })
    expect(await channel.fund(world.payer), 'without the field it stays').to.equal('tesSUCCESS')
    expect(channel.entry()).to.include({ Expiration: near })
  })

  it('tecINSUFFICIENT_RESERVE, tecUNFUNDED: by the balance after the fee, for the objects that are (FUN)', async () => {
    const reserve = XRP + XRP / 5n
    setBalance(world.payer.address, reserve + 9n)
    expect(await channel.fund(world.payer)).to.equal('tecINSUFFICIENT_RESERVE')
    setBalance(world.payer.address, reserve + XRP + 9n)
    expect(await channel.fund(world.payer)).to.equal('tecUNFUNDED')
    setBalance(world.payer.address, reserve + XRP + 10n)
    expect(await channel.fund(world.payer)).to.equal('tesSUCCESS')
    expect(world.rippled.state.account(world.payer.address)?.Balance).to.equal(reserve)
  })

  it('a refused Expiration and a refused amount leave the entry as it was (TRX reset)', async () => {
    setBalance(world.payer.address, XRP + XRP / 5n)
    expect(await channel.fund(world.payer, { Expiration: parentCloseTime() + 2 * DELAY })).to.equal('tecINSUFFICIENT_RESERVE')
    expect(channel.entry()?.Expiration).to.equal(undefined)
  })

  it('tecNO_DST: the destination is gone, of a channel of before 2020 (FUN)', async () => {
    world.rippled.network.place(view => { view.erase(accountIndex(world.payee.address)) })
    expect(await channel.fund(world.payer)).to.equal('tecNO_DST')
    expect(channel.entry()?.Amount).to.equal(10n * XRP)
  })

  it('without fixCleanup3_2_0 the delay wraps around at 2^32, with it it stops there (FUN, HLP, 0.4)', async () => {
    const long = await openChannelIn(world, { SettleDelay: 2 ** 32 - 1 })
    expect(await long.fund(world.payer, { Expiration: parentCloseTime() - 1 }), 'in the past').to.equal('tesSUCCESS')
    expect(await long.fund(world.stranger), 'and gone at the next touch').to.equal('tesSUCCESS')
    expect(long.entry()).to.equal(undefined)

    world.rippled.network.amendments.add('fixCleanup3_2_0')
    const longer = await openChannelIn(world, { SettleDelay: 2 ** 32 - 1 })
    expect(await longer.fund(world.payer, { Expiration: 2 ** 32 - 2 })).to.equal('tecNO_PERMISSION')
    expect(await longer.fund(world.payer, { Expiration: 2 ** 32 - 1 })).to.equal('tesSUCCESS')
  })

  it('promises the payee: open without Expiration at t, a channel lives until t + SettleDelay at least (2.3, invariant)', async () => {
    const seen = parentCloseTime()
    for (const Expiration of [1, seen, seen + DELAY - 1]) await channel.fund(world.payer, { Expiration })
    await channel.claim(world.payer, { Flags: tfClose })
    expect(channel.entry()?.Expiration).to.be.at.least(seen + DELAY)
  })
})
