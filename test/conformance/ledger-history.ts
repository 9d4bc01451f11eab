/** What a ledger promises that keeps its own history: a journal, counts, removed accounts. Part of the ledger suite. */
import { expect } from 'chai'
import type { Ledger } from '../../src/contracts/ledger.js'
import { UNIT, even, openAccounts, summaryOf } from './ledger-support.js'

export function journalPromises (ledger: () => Ledger): void {
  it('keeps a journal that explains the balance', async () => {
    ledger().post(await ledger().hold('alice', 30n))
    ledger().post(await ledger().hold('alice', 3n))
    ledger().post(await ledger().hold('alice', -20n))
    ledger().void(await ledger().hold('alice', 50n))
    ledger().post(ledger().settle('alice', 7n, 'id-1'))
    ledger().credit('alice', 9n)
    ledger().adjust('alice', -2n)
    const [today, ...others] = ledger().journalOf('alice')
    expect(others).to.deep.equal([])
    expect(today).to.deep.include({ opening: 0n, date: new Date().toISOString().slice(0, 10) })
    expect(today!.movements).to.deep.equal({
      incoming: { count: 2, amount: 33n },
      outgoing: { count: 1, amount: -20n },
      settled: { count: 1, amount: 7n },
      received: { count: 1, amount: -9n },
      adjusted: { count: 1, amount: -2n },
      reversed: { count: 0, amount: 0n }
    })
  })
}

export function historyPromises (ledger: () => Ledger, reopen: () => Promise<void>): void {
  it('has its journal and counts again after it was opened anew', async () => {
    ledger().post(await ledger().hold('alice', 30n))
    ledger().lateFulfill('bob', 8n)
    const hold = await ledger().hold('bob', 3n)
    ledger().post(hold)
    ledger().reverse(hold)
    const [alice, bob] = [ledger().journalOf('alice'), ledger().journalOf('bob')]
    await reopen()
    await openAccounts(ledger())
    expect(ledger().journalOf('alice')).to.deep.equal(alice)
    expect(ledger().journalOf('bob')).to.deep.equal(bob)
    expect(ledger().balanceOf('bob')).to.deep.include({ lateFulfills: { count: 1, amount: 8n }, reversals: { count: 1, amount: 3n } })
  })

  it('forgets holds that nobody can end any more', async () => {
    await ledger().hold('alice', 30n)
    await ledger().hold('bob', -30n)
    await reopen()
    await openAccounts(ledger())
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('shows accounts that are not there any more, while they have money', async () => {
    ledger().adjust('alice', 5n)
    await reopen()
    expect(ledger().balanceOf('alice')).to.include({ balance: 5n, removed: true })
    await ledger().openAccount('alice', {}, UNIT)
    expect(ledger().balanceOf('alice')).to.include({ balance: 5n, removed: false })
  })

  it('does not bring a forgotten account back', async () => {
    ledger().adjust('alice', 5n)
    await ledger().committed()
    ledger().closeAccount('alice')
    ledger().credit('alice', 5n)
    await reopen()
    expect(ledger().balanceOf('alice')).to.equal(undefined)
  })

  it('takes another unit for an account that is even', async () => {
    await ledger().openAccount('alice', {}, 'USD/6')
    ledger().post(await ledger().hold('alice', 5n))
    await reopen()
    await ledger().openAccount('alice', {}, 'USD/6')
    expect(summaryOf(ledger(), 'alice').balance).to.equal(5n)
  })
}
