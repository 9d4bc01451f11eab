/**
 * The promises every ledger keeps, as a mocha suite for authors of their own (`sluice/conformance/ledger`, with chai and fast-check):
 * `ledgerConformance('mine', async directory => open(directory), { persistent: true, ownHistory: false })`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Hold, Ledger } from '../../src/contracts/ledger.js'
import { generatedPromises } from './ledger-generated.js'
import { historyPromises, journalPromises } from './ledger-history.js'
import { lastingTotalPromises, prepaidPromises, totalPromises } from './ledger-totals.js'
import { UNIT, even, openAccounts, refusal, summaryOf } from './ledger-support.js'

/** What a ledger does beyond the minimum; declared, not found out. */
export interface LedgerFeatures {
  /** A second ledger opened on the same directory, after the first was closed, has the first one's balances. */
  persistent: boolean
  /** It keeps the journal and the accounts that were removed by itself; otherwise that is where the balances are. */
  ownHistory: boolean
}

/** Closes what is needed to open the same books again. */
export type Opened = { ledger: Ledger, close: () => Promise<void> }

/** @param open called for each test with an empty directory of its own, and again with the same one where books must persist */
export function ledgerConformance (name: string, open: (directory: string) => Promise<Opened>, features: LedgerFeatures): void {
  describe(`ledger conformance: ${name}`, () => {
    let directory: string
    let opened: Opened
    const ledger = (): Ledger => opened.ledger
    const reopen = async (): Promise<void> => {
      await opened.close()
      opened = await open(directory)
    }

    beforeEach(async () => {
      directory = await mkdtemp(join(tmpdir(), 'ledger-conformance-'))
      opened = await open(directory)
      await openAccounts(opened.ledger)
    })

    afterEach(async () => {
      await opened.close()
      await rm(directory, { recursive: true, force: true })
    })

    holdPromises(ledger)
    limitPromises(ledger)
    settlementPromises(ledger)
    moneyPromises(ledger)
    totalPromises(ledger)
    prepaidPromises(ledger)
    if (features.ownHistory) journalPromises(ledger)
    accountPromises(ledger)
    generatedPromises(ledger)
    if (features.persistent) persistencePromises(ledger, reopen)
    if (features.persistent) lastingTotalPromises(ledger, reopen)
    if (features.persistent && features.ownHistory) historyPromises(ledger, reopen)
  })
}

function holdPromises (ledger: () => Ledger): void {
  it('shows what is held in each direction, and nothing posted', async () => {
    await ledger().hold('alice', 30n)
    await ledger().hold('alice', 12n)
    await ledger().hold('alice', -7n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, incomingHolds: 42n, outgoingHolds: -7n })
  })

  it('makes a posted hold balance, with its sign', async () => {
    const incoming = await ledger().hold('alice', 30n)
    const outgoing = await ledger().hold('bob', -29n)
    ledger().post(outgoing)
    ledger().post(incoming)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: 30n })
    expect(summaryOf(ledger(), 'bob')).to.deep.equal({ ...even, balance: -29n })
  })

  it('leaves no trace of a voided hold', async () => {
    for (const amount of [30n, -30n]) ledger().void(await ledger().hold('alice', amount))
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('ends a hold once: whatever comes second throws and changes nothing', async () => {
    const ends: Array<(hold: Hold) => void> = [hold => ledger().post(hold), hold => ledger().void(hold)]
    for (const first of ends) {
      for (const second of ends) {
        const hold = await ledger().hold('bob', 5n)
        first(hold)
        const before = summaryOf(ledger(), 'bob')
        expect(() => second(hold)).to.throw(/ended already/)
        expect(summaryOf(ledger(), 'bob')).to.deep.equal(before)
      }
    }
  })

  it('takes a post back, once, also below a limit, and counts it', async () => {
    const hold = await ledger().hold('alice', 100n)
    ledger().post(hold)
    ledger().credit('alice', 180n)
    ledger().reverse(hold)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: -180n })
    expect(ledger().balanceOf('alice')!.reversals).to.deep.equal({ count: 1, amount: 100n })
    const held = await ledger().hold('alice', 1n)
    for (const wrong of [hold, held]) expect(() => ledger().reverse(wrong)).to.throw(/not posted/)
  })

  it('takes no hold of somebody else', () => {
    expect(() => ledger().post({ accountId: 'alice', amount: 5n })).to.throw(/not a hold of this ledger/)
  })

  it('resolves committed, with nothing to write as well', async () => {
    await ledger().committed()
    ledger().post(await ledger().hold('alice', 1n))
    await ledger().committed()
    await Promise.all([ledger().committed(), ledger().committed()])
  })
}

function limitPromises (ledger: () => Ledger): void {
  const refused = async (amount: bigint, message: string): Promise<void> => {
    const before = summaryOf(ledger(), 'alice')
    await refusal(() => ledger().hold('alice', amount), 'T04', message)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(before)
  }

  it('holds up to a limit and not one unit more, posted or not', async () => {
    const hold = await ledger().hold('alice', 60n)
    await ledger().hold('alice', 40n)
    await refused(1n, 'exceeded maximum balance.')
    ledger().post(hold)
    await refused(1n, 'exceeded maximum balance.')
  })

  it('checks the minimum before anything is sent', async () => {
    await ledger().hold('alice', -100n)
    await refused(-1n, 'exceeded minimum balance.')
  })

  it('gives no room for money that may still come in, nor for money that may still go out', async () => {
    await ledger().hold('alice', 50n)
    await ledger().hold('alice', -100n)
    await refused(-1n, 'exceeded minimum balance.')
    await ledger().hold('alice', 50n)
    await refused(1n, 'exceeded maximum balance.')
  })

  it('gives the room of a voided hold back', async () => {
    ledger().void(await ledger().hold('alice', 100n))
    await ledger().hold('alice', 100n)
  })

  it('lets a balance beyond its limits come back', async () => {
    ledger().credit('alice', 500n)
    ledger().post(await ledger().hold('alice', 10n))
    await refused(-1n, 'exceeded minimum balance.')
    expect(summaryOf(ledger(), 'alice').balance).to.equal(-490n)
  })

  it('has no limits where none are given, and exact amounts of any size', async () => {
    const huge = 2n ** 80n + 1n
    for (let i = 0; i < 3; i++) ledger().post(await ledger().hold('bob', huge))
    expect(summaryOf(ledger(), 'bob').balance).to.equal(3n * huge)
  })
}

function settlementPromises (ledger: () => Ledger): void {
  it('shows what is being settled, and posts it when it is paid', async () => {
    ledger().post(await ledger().hold('alice', -80n))
    const settlement = ledger().settle('alice', 80n, 'id-1')
    expect(settlement).to.include({ accountId: 'alice', amount: 80n, id: 'id-1', state: 'sending' })
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: -80n, settling: 80n })
    expect(ledger().balanceOf('alice')!.settlement).to.equal(settlement)
    ledger().post(settlement)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('leaves no trace of one that was not paid', () => {
    ledger().void(ledger().settle('alice', 80n, 'id-1'))
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('has one for an account at a time', () => {
    ledger().settle('alice', 10n, 'id-1')
    expect(() => ledger().settle('alice', 10n, 'id-1')).to.throw('another settlement of the account is not finished')
    expect(() => ledger().settle('alice', 10n, 'id-2')).to.throw('another settlement of the account is not finished')
    ledger().settle('bob', 10n, 'id-3')
    expect(summaryOf(ledger(), 'alice').settling).to.equal(10n)
  })

  it('takes one of unknown outcome up again under its id and amount only', () => {
    const settlement = ledger().settle('alice', 10n, 'id-1')
    ledger().markUnknown(settlement)
    expect(settlement.state).to.equal('unknown')
    expect(() => ledger().settle('alice', 10n, 'id-2')).to.throw('not finished')
    expect(() => ledger().settle('alice', 11n, 'id-1')).to.throw('not finished')
    expect(ledger().settle('alice', 10n, 'id-1')).to.equal(settlement)
    expect(settlement.state).to.equal('sending')
    expect(summaryOf(ledger(), 'alice').settling).to.equal(10n)
  })

  it('pays no more than the ceiling of its terms allows, with all that may still come in', async () => {
    ledger().post(await ledger().hold('alice', -80n))
    await ledger().hold('alice', 20n)
    await refusal(() => ledger().settle('alice', 61n, 'id-1', { ceiling: 0n }), 'T04', 'exceeded what is due')
    expect(summaryOf(ledger(), 'alice').settling).to.equal(0n)
    const settlement = ledger().settle('alice', 60n, 'id-1', { ceiling: 0n, by: 'bank' })
    await ledger().committed()
    expect(ledger().balanceOf('alice')!.settlement).to.equal(settlement)
    expect(settlement.by).to.equal('bank')
  })

  it('keeps room for it below the maximum, and refuses what has none', async () => {
    ledger().settle('alice', 60n, 'id-1')
    await refusal(() => ledger().hold('alice', 41n), 'T04', 'exceeded maximum balance.')
    await ledger().hold('alice', 40n)
    expect(() => ledger().settle('bob', 0n, 'id-2')).to.throw(RangeError)
    expect(() => ledger().settle('bob', -1n, 'id-2')).to.throw(RangeError)
    await ledger().openAccount('carol', { maximum: 5n }, UNIT)
    expect(() => ledger().settle('carol', 6n, 'id-3')).to.throw('exceeded maximum balance.').with.property('ilpErrorCode', 'T04')
    expect(summaryOf(ledger(), 'carol')).to.deep.equal(even)
  })
}

function moneyPromises (ledger: () => Ledger): void {
  it('credits received money, whatever the limits', () => {
    expect(ledger().credit('alice', 1000n)).to.equal(true)
    expect(summaryOf(ledger(), 'alice').balance).to.equal(-1000n)
  })

  it('credits an id once, and money without one each time', async () => {
    for (const id of ['payment-1', 'payment-1', 'payment-2', undefined, undefined]) ledger().credit('alice', 10n, id)
    ledger().credit('bob', 10n, 'payment-1')
    await ledger().committed()
    ledger().credit('alice', 10n, 'payment-2')
    await ledger().committed()
    expect(summaryOf(ledger(), 'bob').balance).to.equal(-10n)
    expect(summaryOf(ledger(), 'alice').balance).to.equal(-40n)
  })

  it('adjusts a balance within its limits', () => {
    expect(ledger().adjust('alice', 100n)).to.equal(100n)
    expect(() => ledger().adjust('alice', 1n)).to.throw('exceeded maximum balance.').with.property('ilpErrorCode', 'T04')
    expect(ledger().adjust('alice', -200n)).to.equal(-100n)
    expect(() => ledger().adjust('alice', -1n)).to.throw('exceeded minimum balance.')
    expect(summaryOf(ledger(), 'alice').balance).to.equal(-100n)
  })

  it('counts late Fulfills and books none of them', () => {
    ledger().lateFulfill('alice', 5n)
    ledger().lateFulfill('alice', 6n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
    expect(ledger().balanceOf('alice')!.lateFulfills).to.deep.equal({ count: 2, amount: 11n })
  })
}

function accountPromises (ledger: () => Ledger): void {
  it('knows no balance of an account that was never opened', async () => {
    expect(ledger().balanceOf('nobody')).to.equal(undefined)
    expect(ledger().journalOf('nobody')).to.deep.equal([])
    await refusal(() => ledger().hold('nobody', 1n), undefined, 'account has no balance. accountId=nobody')
    ledger().closeAccount('nobody')
  })

  it('says what is owed to a name, whether or not there is an account of it', async () => {
    ledger().credit('alice', 30n)
    ledger().post(await ledger().hold('bob', 20n))
    await ledger().committed()
    const owed = (): Promise<bigint[]> => Promise.all(['alice', 'bob', 'nobody'].map(async name => await ledger().owedTo(name)))
    expect(await owed()).to.deep.equal([30n, 0n, 0n])
    ledger().closeAccount('alice')
    expect(await owed()).to.deep.equal([30n, 0n, 0n])
  })

  it('forgets a removed account that is even', () => {
    ledger().closeAccount('alice')
    expect(ledger().balanceOf('alice')).to.equal(undefined)
    expect([...ledger().accountIds()]).to.deep.equal(['bob'])
  })

  it('keeps the money of a removed account, marked, until it comes back', async () => {
    ledger().adjust('alice', 50n)
    ledger().closeAccount('alice')
    expect(ledger().balanceOf('alice')).to.include({ balance: 50n, removed: true })
    await ledger().openAccount('alice', { maximum: 60n }, UNIT)
    expect(ledger().balanceOf('alice')).to.deep.include({ balance: 50n, removed: false, limits: { maximum: 60n } })
  })

  it('books what ends after the account was removed, and forgets it when it is even', async () => {
    const incoming = await ledger().hold('alice', 20n)
    const outgoing = await ledger().hold('alice', -20n)
    const refused = await ledger().hold('alice', 5n)
    ledger().closeAccount('alice')
    ledger().post(incoming)
    expect(ledger().balanceOf('alice')).to.include({ balance: 20n, removed: true })
    ledger().post(outgoing)
    ledger().void(refused)
    expect(ledger().balanceOf('alice')).to.equal(undefined)
  })

  it('does not lose a reversal that comes after the account was forgotten', async () => {
    const hold = await ledger().hold('alice', 20n)
    ledger().credit('alice', 20n)
    ledger().closeAccount('alice')
    ledger().post(hold)
    expect(ledger().balanceOf('alice')).to.equal(undefined)
    ledger().reverse(hold)
    expect(ledger().balanceOf('alice')).to.include({ balance: -20n, removed: true })
  })

  it('changes limits of an account with money, but not what its units are', async () => {
    ledger().adjust('alice', 50n)
    await ledger().openAccount('alice', { maximum: 50n }, UNIT)
    await refusal(() => ledger().hold('alice', 1n), 'T04', 'exceeded maximum balance.')
    await refusal(() => ledger().openAccount('alice', {}, 'USD/6'), undefined, /another unit.*accountId=alice.*USD\/6/)
  })
}

function persistencePromises (ledger: () => Ledger, reopen: () => Promise<void>): void {
  it('has its balances again after it was opened anew, and knows the ids of what it credited', async () => {
    ledger().post(await ledger().hold('alice', 30n))
    ledger().post(await ledger().hold('bob', -(2n ** 70n)))
    ledger().credit('alice', 4n, 'payment-1')
    await reopen()
    await openAccounts(ledger())
    ledger().credit('alice', 4n, 'payment-1')
    await ledger().committed()
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: 26n })
    expect(summaryOf(ledger(), 'bob')).to.deep.equal({ ...even, balance: -(2n ** 70n) })
  })

  it('finds an open settlement again, its outcome unknown', async () => {
    const { createdAt } = ledger().settle('alice', 30n, 'id-1', { by: 'bank' })
    await reopen()
    await openAccounts(ledger())
    const settlement = ledger().balanceOf('alice')!.settlement!
    expect(settlement).to.include({ accountId: 'alice', id: 'id-1', amount: 30n, state: 'unknown', createdAt, by: 'bank' })
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, settling: 30n })
    expect(ledger().settle('alice', 30n, 'id-1')).to.equal(settlement)
    ledger().post(settlement)
    await reopen()
    await openAccounts(ledger())
    expect(ledger().balanceOf('alice')!.settlement).to.equal(undefined)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: 30n })
  })
}
