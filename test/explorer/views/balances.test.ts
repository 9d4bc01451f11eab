/** Room, and how long it lasts: exact in base units, and silent where nobody can know. */
import { expect } from 'chai'
import { balanceView, balanceViews, openSettlements, paceOf } from '../../../src/explorer/views/balances.js'
import type { AccountInfo } from '../../../src/contracts/account.js'
import type { AccountBalance } from '../../../src/contracts/ledger.js'
import type { ViewParts } from '../../../src/explorer/views/facts.js'
import { FakeFeed, traffic, USD } from '../../support/explorer-server.js'

const NOW = 1_000_000_000
const none = { count: 0, amount: 0n }
const EVEN: AccountBalance = {
  balance: 0n, incomingHolds: 0n, outgoingHolds: 0n, settling: 0n, settlement: undefined, prepaid: 0n, limits: {},
  removed: false, lateFulfills: none, reversals: none
}

function parts (book: Partial<AccountBalance>, account: Partial<AccountInfo> = {}): ViewParts {
  const info: AccountInfo = { relation: 'peer', plugin: 'btp', ...USD, ...account }
  return {
    accounts: { getAccountIds: () => ['alice', 'local'], getInfo: () => info, getPlugin: () => ({}), isConnected: () => true, exists: () => true, getOwnAddress: () => 'g.a' },
    ledger: { ledger: { balanceOf: (id: string) => id === 'alice' ? { ...EVEN, ...book } : undefined }, getStatus: () => ({}) },
    middlewares: { getMiddleware: () => ({}), overload: { count: 0 } },
    feed: new FakeFeed(),
    door: { isOwn: (id: string) => id === 'local' }
  } as unknown as ViewParts
}

const view = (book: Partial<AccountBalance>, account?: Partial<AccountInfo>, perSecond = 0): ReturnType<typeof balanceView> =>
  balanceView('alice', parts(book, account), new Map([['alice', perSecond]]))

describe('balances in the explorer', () => {
  it('count what is on hold as used, in both directions', () => {
    const limits = { minimum: -1000n, maximum: 2000n }
    expect(view({ balance: 500n, incomingHolds: 200n, outgoingHolds: -300n, prepaid: 50n, limits })).to.deep.include({
      balance: '500', incomingHolds: '200', outgoingHolds: '-300', minimum: '-1000', maximum: '2000', roomIn: '1300', roomOut: '1250'
    })
    expect(view({ balance: 2500n, limits })).to.deep.include({ roomIn: '0', fullInSeconds: 0 })
    expect(view({})).to.not.have.any.keys('roomIn', 'roomOut', 'fullInSeconds', 'minimum', 'maximum')
  })

  it('keep all digits', () => {
    const balance = 2n ** 70n + 1n
    expect(view({ balance, limits: { maximum: balance + 3n } })).to.deep.include({ balance: String(balance), roomIn: '3' })
  })

  it('say how long the room lasts, if it shrinks, and not in a year', () => {
    const limits = { maximum: 1000n }
    expect(view({ limits }, {}, 10)).to.include({ fullInSeconds: 100 })
    for (const pace of [0, -5, 0.0001]) expect(view({ limits }, {}, pace), String(pace)).to.not.have.property('fullInSeconds')
  })

  it('know the pace from what came and went, and not from a moment', () => {
    const recent = [traffic(NOW - 20_000), traffic(NOW - 10_000)]
    expect(paceOf(recent, NOW).get('alice')).to.equal(400 / 21)
    expect(paceOf(recent, NOW).get('bob')).to.equal(-398 / 21)
    expect(paceOf([traffic(NOW)], NOW).get('alice')).to.equal(0)
    expect([...paceOf([], NOW)]).to.deep.equal([])
  })

  it('say where a settlement stands', () => {
    const account = { balance: { maximum: '5', settleThreshold: '-100', settleTo: '0' } }
    const settlement = { id: 's', accountId: 'alice', amount: 7n, createdAt: 5, state: 'unknown' as const }
    expect(view({ balance: -100n }, account)).to.include({ settlementState: 'IDLE', settleThreshold: '-100', settleTo: '0' })
    expect(view({ balance: -101n }, account)).to.include({ settlementState: 'SETTLEMENT_PENDING' })
    expect(view({ balance: -101n, settlement, settling: 7n }, account)).to.include({ settlementState: 'SETTLEMENT_IN_PROGRESS', settling: '7' })
    expect(view({}, { balance: { maximum: '5', settleThreshold: '-Infinity' } })).to.not.have.property('settleThreshold')
    expect(openSettlements(parts({ settlement }))).to.deep.equal([{ id: 's', peerId: 'alice', amount: '7', createdAt: 5, state: 'unknown', ...USD }])
  })

  it('are those of peers, and none where none are kept', () => {
    expect(balanceViews(parts({}))!.map(({ peerId }) => peerId)).to.deep.equal(['alice'])
    const without = parts({})
    expect(balanceViews({ ...without, middlewares: { ...without.middlewares, getMiddleware: () => undefined } })).to.equal(undefined)
  })
})
