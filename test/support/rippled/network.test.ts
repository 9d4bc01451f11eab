/** Ledgers of the stand-in: section 3 of the specification (D:transaction-queue, D:ledger-close-times, D:finality-of-results). */
import { expect } from 'chai'
import { openChannelIn } from './channels.js'
import { inCanonicalOrder } from './canonical.js'
import { startLedgerWorld, XRP, type LedgerWorld } from './parties.js'
import { readTransaction, type Transaction } from './transaction.js'

describe('the stand-in for rippled: ledgers', () => {
  let world: LedgerWorld

  beforeEach(async () => { world = await startLedgerWorld() })

  afterEach(() => world.stop())

  const read = (blob: string): Transaction => readTransaction(blob, () => [])

  describe('order inside a ledger', () => {
    it('is not that of arrival: by account, in a way that the set itself decides, and by sequence within an account', async () => {
      const orders = new Set<string>()
      for (let round = 0; round < 12; round++) {
        const hashes: string[] = []
        for (const wallet of [world.payer, world.payer, world.payee, world.stranger]) {
          hashes.push((await world.send(wallet, { TransactionType: 'AccountSet' })).tx_json.hash ?? '')
        }
        const order = world.rippled.closeLedger().transactions.map(({ tx }) => hashes.indexOf(tx.hash))
        expect(order.indexOf(0)).to.be.below(order.indexOf(1))
        orders.add(order.join())
      }
      expect(orders.size).to.be.above(1)
    })

    it('does not depend on the order in which the set is given', () => {
      const set = [world.payer, world.payee, world.stranger].map(wallet => read(world.blobOf(wallet, { TransactionType: 'AccountSet' })))
      expect(inCanonicalOrder([...set].reverse())).to.deep.equal(inCanonicalOrder(set))
    })

    it('tries again after the others what has failed with a tec at first (rippled BuildLedger.cpp)', async () => {
      const channel = await openChannelIn(world)
      world.rippled.network.order = set => [...set].sort((a, b) => a.type < b.type ? -1 : 1) // the claim before the fund
      await world.send(world.payer, { TransactionType: 'PaymentChannelFund', Channel: channel.id, Amount: `${5n * XRP}` })
      await world.send(world.payee, { TransactionType: 'PaymentChannelClaim', Channel: channel.id, ...channel.signed(12n * XRP) })
      const { transactions } = world.rippled.closeLedger()
      expect(transactions.map(({ tx, result }) => [tx.type, result])).to.deep.equal([
        ['PaymentChannelFund', 'tesSUCCESS'], ['PaymentChannelClaim', 'tesSUCCESS']
      ])
      expect(transactions.map(({ meta }) => meta.TransactionIndex)).to.deep.equal([0, 1])
    })

    it('lets a transaction end otherwise than submit said: two claims of one Balance in one ledger', async () => {
      const channel = await openChannelIn(world)
      const pushed = await world.send(world.payer, { TransactionType: 'PaymentChannelClaim', Channel: channel.id, Balance: `${XRP}` })
      const redeem = read(world.blobOf(world.payee, { TransactionType: 'PaymentChannelClaim', Channel: channel.id, ...channel.signed(2n * XRP) }))
      world.rippled.network.arriveElsewhere(redeem)
      world.rippled.network.order = set => [...set].sort(({ account }) => account === world.payee.address ? -1 : 1)
      expect(pushed.engine_result).to.equal('tesSUCCESS')
      world.rippled.closeLedger()
      expect(world.rippled.network.transaction(redeem.hash)?.result).to.equal('tesSUCCESS')
      expect(world.rippled.network.transaction(pushed.tx_json.hash ?? '')?.result).to.equal('tecUNFUNDED_PAYMENT')
    })
  })

  describe('close times', () => {
    it('are rounded to 10 s and grow by 1 s at least', () => {
      const { lastClosed } = world.rippled.network
      expect(lastClosed.closeTime % 10).to.equal(0)
      const times = Array.from({ length: 20 }, () => world.rippled.closeLedger())
      for (const [index, { closeTime, parentCloseTime }] of times.entries()) {
        const before = (times[index - 1] ?? lastClosed).closeTime
        expect(parentCloseTime).to.equal(before)
        expect(closeTime).to.be.above(before)
        expect(closeTime % 10 === 0 || closeTime === before + 1).to.equal(true)
      }
      const all = (times.at(-1)?.closeTime ?? 0) - lastClosed.closeTime
      expect(all, '20 ledgers of 4 s').to.be.within(70, 90)
    })

    it('jump when the clocks do, and never back', () => {
      const before = world.rippled.closeLedger().closeTime
      world.rippled.skip(86_400)
      const after = world.rippled.closeLedger().closeTime
      expect(after - before).to.be.within(86_390, 86_420)
      world.rippled.skip(-86_400)
      expect(world.rippled.closeLedger().closeTime).to.equal(after + 1)
    })

    it('follow the clock on the wall when no seconds are given', async () => {
      const byClock = await startLedgerWorld({ ledgerSeconds: undefined })
      const seconds = Date.now() / 1000 - 946_684_800
      expect(byClock.rippled.closeLedger().closeTime - seconds).to.be.within(-10, 10)
      await byClock.stop()
    })
  })

  it('has a chain of hashes, and total_coins that only fees make less', async () => {
    const before = world.rippled.network.lastClosed
    await world.send(world.payer, { TransactionType: 'AccountSet', Fee: '17' })
    const after = world.rippled.closeLedger()
    expect(after.parentHash).to.equal(before.hash)
    expect(before.totalDrops - after.totalDrops).to.equal(17n)
  })

  it('a result of submit is provisional: tesSUCCESS, and in the end nothing (D:finality-of-results, attack 15)', async () => {
    world.rippled.network.fateOf = () => 'forgotten'
    const sent = await world.send(world.payer, { TransactionType: 'AccountSet' })
    expect(sent.engine_result).to.equal('tesSUCCESS')
    world.rippled.closeLedger(3)
    expect(world.rippled.network.transaction(sent.tx_json.hash ?? '')).to.equal(undefined)
    expect(world.rippled.network.pending(sent.tx_json.hash ?? '')).to.equal(undefined)
    world.rippled.network.fateOf = () => undefined
    expect(await world.settle(world.payer, { TransactionType: 'AccountSet', Sequence: sent.tx_json.Sequence })).to.equal('tesSUCCESS')
  })

  it('tesSUCCESS, and some ledgers later than the next', async () => {
    let late = 3
    world.rippled.network.fateOf = () => late-- > 0 ? 'late' : undefined
    const { tx_json: { hash = '' } } = await world.send(world.payer, { TransactionType: 'AccountSet' })
    world.rippled.closeLedger(3)
    expect(world.rippled.network.transaction(hash)).to.equal(undefined)
    const { index } = world.rippled.closeLedger()
    expect(world.rippled.network.transaction(hash)).to.include({ result: 'tesSUCCESS', ledgerIndex: index })
  })

  it('tec in the open ledger, and success in the validated one (attack 32)', async () => {
    const channel = await openChannelIn(world)
    const fund = read(world.blobOf(world.payer, { TransactionType: 'PaymentChannelFund', Channel: channel.id, Amount: `${5n * XRP}` }))
    world.rippled.network.arriveElsewhere(fund)
    const redeem = await world.send(world.payee, { TransactionType: 'PaymentChannelClaim', Channel: channel.id, ...channel.signed(12n * XRP) })
    expect(redeem.engine_result).to.equal('tecUNFUNDED_PAYMENT')
    world.rippled.closeLedger()
    expect(world.rippled.network.transaction(redeem.tx_json.hash ?? '')?.result).to.equal('tesSUCCESS')
  })

  it('says plainly what it cannot do for a test', () => {
    expect(() => { world.rippled.fund(world.payer.address, 10n ** 18n) }).to.throw(/has no 1000000000000000000 drops left to fund/)
  })
})
