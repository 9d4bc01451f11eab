/**
 * The promises every ledger keeps, as a mocha suite for authors of their own:
 * `ledgerConformance('mine', async directory => open(directory), { persistent: true })`.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Hold, Ledger } from '../../src/types/ledger.js'
import { generatedPromises } from './ledger-generated.js'

/** What a ledger does beyond the minimum; declared, not found out. */
export interface LedgerFeatures {
  /** A second ledger opened on the same directory, after the first was closed, has the first one's balances. */
  persistent: boolean
}

/** Closes what is needed to open the same books again. */
export type Opened = { ledger: Ledger, close: () => Promise<void> }

const UNIT = 'USD/9'

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
      openAccounts(opened.ledger)
    })

    afterEach(async () => {
      await opened.close()
      await rm(directory, { recursive: true, force: true })
    })

    holdPromises(ledger)
    limitPromises(ledger)
    settlementPromises(ledger)
    moneyPromises(ledger)
    accountPromises(ledger)
    generatedPromises(ledger)
    if (features.persistent) persistencePromises(ledger, reopen)
  })
}

function openAccounts (ledger: Ledger): void {
  ledger.openAccount('alice', { minimum: -100n, maximum: 100n }, UNIT)
  ledger.openAccount('bob', {}, UNIT)
}

interface Summary {
  balance: bigint
  incomingHolds: bigint
  outgoingHolds: bigint
  settling: bigint
}

function summaryOf (ledger: Ledger, accountId: string): Summary {
  const { balance, incomingHolds, outgoingHolds, settling } = ledger.balanceOf(accountId)!
  return { balance, incomingHolds, outgoingHolds, settling }
}

const even: Summary = { balance: 0n, incomingHolds: 0n, outgoingHolds: 0n, settling: 0n }

function holdPromises (ledger: () => Ledger): void {
  it('shows what is held in each direction, and nothing posted', () => {
    ledger().hold('alice', 30n)
    ledger().hold('alice', 12n)
    ledger().hold('alice', -7n)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, incomingHolds: 42n, outgoingHolds: -7n })
  })

  it('makes a posted hold balance, with its sign', () => {
    const incoming = ledger().hold('alice', 30n)
    const outgoing = ledger().hold('bob', -29n)
    ledger().post(outgoing)
    ledger().post(incoming)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: 30n })
    expect(summaryOf(ledger(), 'bob')).to.deep.equal({ ...even, balance: -29n })
  })

  it('leaves no trace of a voided hold', () => {
    for (const amount of [30n, -30n]) ledger().void(ledger().hold('alice', amount))
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('ends a hold once: whatever comes second throws and changes nothing', () => {
    const ends: Array<(hold: Hold) => void> = [hold => ledger().post(hold), hold => ledger().void(hold)]
    for (const first of ends) {
      for (const second of ends) {
        const hold = ledger().hold('bob', 5n)
        first(hold)
        const before = summaryOf(ledger(), 'bob')
        expect(() => second(hold)).to.throw(/ended already/)
        expect(summaryOf(ledger(), 'bob')).to.deep.equal(before)
      }
    }
  })

  it('takes a post back, once, also below a limit, and counts it', () => {
    const hold = ledger().hold('alice', 100n)
    ledger().post(hold)
    ledger().credit('alice', 180n)
    ledger().reverse(hold)
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: -180n })
    expect(ledger().balanceOf('alice')!.reversals).to.deep.equal({ count: 1, amount: 100n })
    expect(() => ledger().reverse(hold)).to.throw(/not posted/)
    expect(() => ledger().reverse(ledger().hold('alice', 1n))).to.throw(/not posted/)
  })

  it('takes no hold of somebody else', () => {
    expect(() => ledger().post({ accountId: 'alice', amount: 5n })).to.throw(/not a hold of this ledger/)
  })

  it('resolves committed, with nothing to write as well', async () => {
    await ledger().committed()
    ledger().post(ledger().hold('alice', 1n))
    await ledger().committed()
    await Promise.all([ledger().committed(), ledger().committed()])
  })
}

function limitPromises (ledger: () => Ledger): void {
  const refused = (amount: bigint, message: string): void => {
    const before = summaryOf(ledger(), 'alice')
    expect(() => ledger().hold('alice', amount)).to.throw(message).with.property('ilpErrorCode', 'T04')
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(before)
  }

  it('holds up to a limit and not one unit more, posted or not', () => {
    const hold = ledger().hold('alice', 60n)
    ledger().hold('alice', 40n)
    refused(1n, 'exceeded maximum balance.')
    ledger().post(hold)
    refused(1n, 'exceeded maximum balance.')
  })

  it('checks the minimum before anything is sent', () => {
    ledger().hold('alice', -100n)
    refused(-1n, 'exceeded minimum balance.')
  })

  it('gives no room for money that may still come in, nor for money that may still go out', () => {
    ledger().hold('alice', 50n)
    ledger().hold('alice', -100n)
    refused(-1n, 'exceeded minimum balance.')
    ledger().hold('alice', 50n)
    refused(1n, 'exceeded maximum balance.')
  })

  it('gives the room of a voided hold back', () => {
    ledger().void(ledger().hold('alice', 100n))
    ledger().hold('alice', 100n)
  })

  it('lets a balance beyond its limits come back', () => {
    ledger().credit('alice', 500n)
    ledger().post(ledger().hold('alice', 10n))
    refused(-1n, 'exceeded minimum balance.')
    expect(summaryOf(ledger(), 'alice').balance).to.equal(-490n)
  })

  it('has no limits where none are given, and exact amounts of any size', () => {
    const huge = 2n ** 80n + 1n
    for (let i = 0; i < 3; i++) ledger().post(ledger().hold('bob', huge))
    expect(summaryOf(ledger(), 'bob').balance).to.equal(3n * huge)
  })
}

function settlementPromises (ledger: () => Ledger): void {
  it('shows what is being settled, and posts it when it is paid', () => {
    ledger().post(ledger().hold('alice', -80n))
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

  it('keeps room for it below the maximum, and refuses what has none', () => {
    ledger().settle('alice', 60n, 'id-1')
    expect(() => ledger().hold('alice', 41n)).to.throw('exceeded maximum balance.')
    ledger().hold('alice', 40n)
    expect(() => ledger().settle('bob', 0n, 'id-2')).to.throw(RangeError)
    expect(() => ledger().settle('bob', -1n, 'id-2')).to.throw(RangeError)
    ledger().openAccount('carol', { maximum: 5n }, UNIT)
    expect(() => ledger().settle('carol', 6n, 'id-3')).to.throw('exceeded maximum balance.').with.property('ilpErrorCode', 'T04')
    expect(summaryOf(ledger(), 'carol')).to.deep.equal(even)
  })
}

function moneyPromises (ledger: () => Ledger): void {
  it('credits received money, whatever the limits', () => {
    expect(ledger().credit('alice', 1000n)).to.equal(true)
    expect(summaryOf(ledger(), 'alice').balance).to.equal(-1000n)
  })

  it('credits an id once', () => {
    expect(ledger().credit('alice', 10n, 'payment-1')).to.equal(true)
    expect(ledger().credit('alice', 10n, 'payment-1')).to.equal(false)
    expect(ledger().credit('bob', 10n, 'payment-1')).to.equal(true)
    expect(ledger().credit('alice', 10n, 'payment-2')).to.equal(true)
    expect(ledger().credit('alice', 10n)).to.equal(true)
    expect(ledger().credit('alice', 10n)).to.equal(true)
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

  it('keeps a journal that explains the balance', () => {
    ledger().post(ledger().hold('alice', 30n))
    ledger().post(ledger().hold('alice', 3n))
    ledger().post(ledger().hold('alice', -20n))
    ledger().void(ledger().hold('alice', 50n))
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

function accountPromises (ledger: () => Ledger): void {
  it('knows no balance of an account that was never opened', () => {
    expect(ledger().balanceOf('nobody')).to.equal(undefined)
    expect(ledger().journalOf('nobody')).to.deep.equal([])
    expect(() => ledger().hold('nobody', 1n)).to.throw('account has no balance. accountId=nobody')
    ledger().closeAccount('nobody')
  })

  it('forgets a removed account that is even', () => {
    ledger().closeAccount('alice')
    expect(ledger().balanceOf('alice')).to.equal(undefined)
    expect([...ledger().accountIds()]).to.deep.equal(['bob'])
  })

  it('keeps the money of a removed account, marked, until it comes back', () => {
    ledger().adjust('alice', 50n)
    ledger().closeAccount('alice')
    expect(ledger().balanceOf('alice')).to.include({ balance: 50n, removed: true })
    ledger().openAccount('alice', { maximum: 60n }, UNIT)
    expect(ledger().balanceOf('alice')).to.deep.include({ balance: 50n, removed: false, limits: { maximum: 60n } })
  })

  it('books what ends after the account was removed, and forgets it when it is even', () => {
    const incoming = ledger().hold('alice', 20n)
    const outgoing = ledger().hold('alice', -20n)
    const refused = ledger().hold('alice', 5n)
    ledger().closeAccount('alice')
    ledger().post(incoming)
    expect(ledger().balanceOf('alice')).to.include({ balance: 20n, removed: true })
    ledger().post(outgoing)
    ledger().void(refused)
    expect(ledger().balanceOf('alice')).to.equal(undefined)
  })

  it('does not lose a reversal that comes after the account was forgotten', () => {
    const hold = ledger().hold('alice', 20n)
    ledger().credit('alice', 20n)
    ledger().closeAccount('alice')
    ledger().post(hold)
    expect(ledger().balanceOf('alice')).to.equal(undefined)
    ledger().reverse(hold)
    expect(ledger().balanceOf('alice')).to.include({ balance: -20n, removed: true })
  })

  it('changes limits of an account with money, but not what its units are', () => {
    ledger().adjust('alice', 50n)
    ledger().openAccount('alice', { maximum: 50n }, UNIT)
    expect(() => ledger().hold('alice', 1n)).to.throw('exceeded maximum balance.')
    expect(() => ledger().openAccount('alice', {}, 'USD/6')).to.throw(/another unit.*USD\/9.*USD\/6/)
    ledger().adjust('alice', -50n)
    ledger().openAccount('alice', {}, 'USD/6')
  })
}

function persistencePromises (ledger: () => Ledger, reopen: () => Promise<void>): void {
  it('has its balances, journal, counts and incoming ids again after it was opened anew', async () => {
    ledger().post(ledger().hold('alice', 30n))
    ledger().post(ledger().hold('bob', -(2n ** 70n)))
    ledger().credit('alice', 4n, 'payment-1')
    ledger().lateFulfill('bob', 8n)
    const hold = ledger().hold('bob', 3n)
    ledger().post(hold)
    ledger().reverse(hold)
    const [alice, bob] = [ledger().journalOf('alice'), ledger().journalOf('bob')]
    await reopen()
    openAccounts(ledger())
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: 26n })
    expect(summaryOf(ledger(), 'bob')).to.deep.equal({ ...even, balance: -(2n ** 70n) })
    expect(ledger().journalOf('alice')).to.deep.equal(alice)
    expect(ledger().journalOf('bob')).to.deep.equal(bob)
    expect(ledger().balanceOf('bob')).to.deep.include({ lateFulfills: { count: 1, amount: 8n }, reversals: { count: 1, amount: 3n } })
    expect(ledger().credit('alice', 4n, 'payment-1')).to.equal(false)
  })

  it('forgets holds that nobody can end any more', async () => {
    ledger().hold('alice', 30n)
    ledger().hold('bob', -30n)
    await reopen()
    openAccounts(ledger())
    expect(summaryOf(ledger(), 'alice')).to.deep.equal(even)
  })

  it('finds an open settlement again, its outcome unknown', async () => {
    const { createdAt } = ledger().settle('alice', 30n, 'id-1')
    await reopen()
    openAccounts(ledger())
    const settlement = ledger().balanceOf('alice')!.settlement!
    expect(settlement).to.include({ accountId: 'alice', id: 'id-1', amount: 30n, state: 'unknown', createdAt })
    expect(ledger().settle('alice', 30n, 'id-1')).to.equal(settlement)
    ledger().post(settlement)
    await reopen()
    openAccounts(ledger())
    expect(summaryOf(ledger(), 'alice')).to.deep.equal({ ...even, balance: 30n })
  })

  it('shows accounts that are not there any more, while they have money', async () => {
    ledger().adjust('alice', 5n)
    await reopen()
    expect(ledger().balanceOf('alice')).to.include({ balance: 5n, removed: true })
    ledger().openAccount('alice', {}, UNIT)
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
}
