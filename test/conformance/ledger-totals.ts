/** What a ledger promises about running totals and prepaid money: every part of a sum counts once. Part of the ledger suite. */
import { expect } from 'chai'
import fc from 'fast-check'
import type { Ledger } from '../../src/contracts/ledger.js'
import type { RunningTotal } from '../../src/contracts/plugin.js'
import { UNIT, even, openAccounts, refusal, summaryOf } from './ledger-support.js'

const RUNS = Number(process.env.PROPERTY_RUNS ?? 50)

const step = (from: bigint, to: bigint, id = 'sum'): RunningTotal => ({ id, from, to })

export function totalPromises (ledger: () => Ledger): void {
  const credit = (total: RunningTotal, id?: string): boolean => ledger().credit('alice', total.to - total.from, id, total)
  const balance = async (): Promise<bigint> => {
    await ledger().committed()
    return ledger().balanceOf('alice')!.balance
  }

  it('says which books it is, always the same', () => {
    expect(ledger().id).to.be.a('string').that.is.not.equal('')
    expect(ledger().id).to.equal(ledger().id)
  })

  it('credits each part of a running total once, repeated, overlapping and out of order', async () => {
    for (const each of [step(0n, 10n), step(0n, 10n), step(5n, 12n), step(3n, 9n), step(12n, 20n), step(0n, 20n)]) credit(each)
    expect(await balance()).to.equal(-20n)
    credit(step(0n, 7n, 'another'))
    expect(await balance()).to.equal(-27n)
  })

  it('does not credit what lies before a step that it is told of first', async () => {
    credit(step(100n, 110n))
    expect(await balance()).to.equal(-10n)
    credit(step(0n, 100n))
    credit(step(50n, 111n))
    expect(await balance()).to.equal(-11n)
    credit(step(200n, 201n))
    expect(await balance()).to.equal(-12n)
  })

  it('does not credit a step again that it knows by its id', async () => {
    ledger().credit('alice', 10n, 'payment:0-10')
    await ledger().committed()
    credit(step(0n, 10n), 'payment:0-10')
    expect(await balance()).to.equal(-10n)
    credit(step(0n, 15n), 'payment:0-15')
    expect(await balance()).to.equal(-15n)
  })

  it('takes no total that shrinks', async () => {
    for (const wrong of [step(2n, 1n), step(-1n, 1n)]) {
      expect(() => credit(wrong)).to.throw(RangeError)
      await refusal(() => ledger().prepay('alice', wrong), undefined, /only grows/)
    }
    expect(await balance()).to.equal(0n)
  })

  it('does not forget totals and ids of an account that is removed, even', async () => {
    credit(step(0n, 10n))
    ledger().credit('alice', 5n, 'payment-1')
    ledger().adjust('alice', 15n)
    await ledger().committed()
    ledger().closeAccount('alice')
    await openAccounts(ledger())
    credit(step(0n, 10n))
    ledger().credit('alice', 5n, 'payment-1')
    expect(await balance()).to.equal(0n)
  })

  it('keeps its totals like a set of parts', async () => {
    const point = fc.bigInt(0n, 30n)
    let run = 0
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.nat(1), point, point), { maxLength: 12 }), async steps => {
      const before = await balance()
      const known = [0n, 0n]
      let sum = 0n
      run++
      for (const [which, a, b] of steps) {
        const [from, to] = a < b ? [a, b] : [b, a]
        const start = known[which]! > from ? known[which]! : from
        if (to > start) sum += to - start
        if (to > known[which]!) known[which] = to
        credit(step(from, to, `${run}-${which}`))
      }
      expect(await balance()).to.equal(before - sum)
    }), { numRuns: RUNS })
  })
}

export function prepaidPromises (ledger: () => Ledger): void {
  const prepaid = (): bigint => ledger().balanceOf('alice')!.prepaid
  const send = async (amount: bigint): Promise<void> => ledger().post(await ledger().hold('alice', -amount))

  it('lets prepaid money pay for packets that are fulfilled, and for no others', async () => {
    await ledger().prepay('alice', step(0n, 30n))
    expect(prepaid()).to.equal(30n)
    expect(summaryOf(ledger(), 'alice'), 'it is no balance').to.deep.equal(even)
    ledger().void(await ledger().hold('alice', -20n))
    await send(20n)
    expect(prepaid()).to.equal(10n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
    await send(25n)
    await ledger().committed()
    expect(prepaid()).to.equal(0n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: -15n })
  })

  it('does not let it pay for what comes in', async () => {
    await ledger().prepay('alice', step(0n, 30n))
    ledger().post(await ledger().hold('alice', 20n))
    ledger().post(ledger().settle('alice', 5n, 'id-1'))
    await ledger().committed()
    expect(prepaid()).to.equal(30n)
    expect(summaryOf(ledger(), 'alice').balance).to.equal(25n)
  })

  it('counts each part of what is prepaid once', async () => {
    for (const each of [step(0n, 10n), step(0n, 10n), step(5n, 12n), step(20n, 21n), step(0n, 21n)]) await ledger().prepay('alice', each)
    expect(prepaid()).to.equal(13n)
    await Promise.all([step(21n, 25n), step(21n, 25n), step(21n, 26n)].map(async each => { await ledger().prepay('alice', each) }))
    await ledger().committed()
    expect(prepaid()).to.equal(18n)
    ledger().credit('alice', 21n, undefined, step(0n, 21n))
    await ledger().committed()
    expect(summaryOf(ledger(), 'alice').balance, 'received money has totals of its own').to.equal(-21n)
  })

  it('prepays up to a limit ahead of the packets under way, and not one unit more', async () => {
    await ledger().prepay('alice', step(0n, 10n), 10n)
    await refusal(() => ledger().prepay('alice', step(10n, 11n), 10n), 'T04', 'exceeded what may be prepaid')
    expect(prepaid()).to.equal(10n)
    const hold = await ledger().hold('alice', -5n)
    await ledger().prepay('alice', step(10n, 15n), 10n)
    await refusal(() => ledger().prepay('alice', step(15n, 16n), 10n), 'T04', 'exceeded what may be prepaid')
    ledger().void(hold)
    await refusal(() => ledger().prepay('alice', step(15n, 16n), 14n), 'T04', 'exceeded what may be prepaid')
    await ledger().prepay('alice', step(0n, 15n), 0n)
    await ledger().prepay('alice', step(15n, 500n))
    expect(prepaid()).to.equal(500n)
  })

  it('keeps prepaid money of a removed account', async () => {
    await ledger().prepay('alice', step(0n, 10n))
    ledger().closeAccount('alice')
    expect(ledger().balanceOf('alice')).to.include({ prepaid: 10n, removed: true })
    await openAccounts(ledger())
    await ledger().prepay('alice', step(0n, 10n))
    await send(4n)
    await ledger().committed()
    expect(prepaid()).to.equal(6n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })
}

export function lastingTotalPromises (ledger: () => Ledger, reopen: () => Promise<void>): void {
  it('has totals, prepaid money and its id again after it was opened anew', async () => {
    const { id } = ledger()
    ledger().credit('alice', 10n, undefined, step(0n, 10n))
    await ledger().prepay('alice', step(0n, 30n))
    ledger().post(await ledger().hold('alice', -12n))
    await reopen()
    await openAccounts(ledger())
    expect(ledger().id).to.equal(id)
    ledger().credit('alice', 11n, undefined, step(0n, 11n))
    await ledger().prepay('alice', step(0n, 30n))
    await ledger().committed()
    expect(ledger().balanceOf('alice')!.prepaid).to.equal(18n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: -11n })
  })

  it('knows the totals of an account that was removed, even, before it was opened anew', async () => {
    ledger().credit('alice', 10n, 'payment-1', step(0n, 10n))
    ledger().adjust('alice', 10n)
    await ledger().committed()
    ledger().closeAccount('alice')
    await reopen()
    await openAccounts(ledger())
    ledger().credit('alice', 10n, 'payment-1', step(0n, 10n))
    await ledger().committed()
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('does not mix totals of two units', async () => {
    ledger().credit('alice', 10n, undefined, step(0n, 10n))
    ledger().adjust('alice', 10n)
    await reopen()
    await refusal(() => ledger().openAccount('alice', {}, 'USD/6'), undefined, /another unit.*accountId=alice.*USD\/6/)
    await ledger().openAccount('alice', {}, UNIT)
  })
}
