/** Times, counts, bars and chains in words: what they show at their edges. */
import { expect } from 'chai'
import type { BalanceView, SeriesPoint } from '../../src/contracts/explorer.js'
import type { Traffic } from '../../src/contracts/explorer-events.js'
import { barOf } from '../../web/model/balance-bar.js'
import { accountPage, nativeMoney, transactionPage } from '../../web/model/chains.js'
import { bytes, count, percent, shortened } from '../../web/model/text.js'
import { relative, span, took } from '../../web/model/time.js'
import { columns, peerTraffic, pointOf, sumsOf } from '../../web/model/traffic.js'
import { lineOf } from '../../web/model/words.js'

const view = (change: Partial<BalanceView>): BalanceView => ({
  peerId: 'bob', tokenId: 'USD', assetCode: 'USD', assetScale: 6, balance: '0', incomingHolds: '0', outgoingHolds: '0', prepaid: '0', settling: '0',
  settlementState: 'IDLE', ...change
})

describe('words on the page', () => {
  it('tell times and spans', () => {
    expect([relative(5000, 5400), relative(2000, 5000), relative(65_000, 5000)]).to.deep.equal(['now', '3 s ago', 'in 1 min'])
    expect([span(12_000), span(240_000), span(12_000_000), span(12 * 86_400_000), span(90_000_000)]).to.deep.equal(['12 s', '4 min', '3 h 20 min', '12 d', '1 d 1 h'])
    expect([took(0.44), took(84.4), took(1204)]).to.deep.equal(['0.4 ms', '84 ms', '1.20 s'])
  })

  it('count, and say 100 % only of all', () => {
    expect([count(1284), count(3.44), count(0), count(Number.NaN)]).to.deep.equal(['1,284', '3.4', '0', '–'])
    expect([percent(99_999, 100_000), percent(5, 5), percent(0, 0), percent(1, 8)]).to.deep.equal(['99.9 %', '100 %', '–', '12.5 %'])
    expect([bytes(999), bytes(214_000_000), bytes(12_400)]).to.deep.equal(['999 B', '214 MB', '12.4 kB'])
    expect(shortened('g.acme.alice.shop.checkout.7', 12)).to.equal('g.acme.…ut.7')
  })

  it('measure the bar of a peer from the middle', () => {
    expect(barOf(view({ balance: '1000', maximum: '1000', minimum: '-2000' }))).to.include({ side: 'owed to us', owed: 0.5, limitIn: 0.5, limitOut: 1, used: 1 })
    expect(barOf(view({ balance: '-300', minimum: '-400', outgoingHolds: '-100', settleThreshold: '-400' }))).to.include({ side: 'owed by us', owed: 0.75, heldOut: 0.25, threshold: 1 })
    expect(barOf(view({ balance: '300' })), 'without a limit').to.include({ owed: 0.5, limitIn: undefined })
    expect(barOf(view({}))).to.include({ side: 'even', owed: 0, limitIn: undefined, used: 0 })
  })

  it('lead to block explorers for transactions, and nowhere else', () => {
    const hash = `0x${'ab'.repeat(32)}`
    expect(transactionPage('evm:8453', hash)).to.equal(`https://basescan.org/tx/${hash}`)
    expect(transactionPage('evm:31337', hash)).to.equal(undefined)
    expect(transactionPage('constructor', hash)).to.equal(undefined)
    expect(transactionPage('evm:1', '../../evil?x=0123456789012345678901234567')).to.equal(undefined)
    const account = 'rEhxGqkqPPSxQ3P25J66ft5TwpzV14k2de'
    expect(accountPage('xrp:testnet', account)).to.equal(`https://testnet.xrpl.org/accounts/${account}`)
    expect(accountPage('mina:devnet', account)).to.equal(`https://minascan.io/devnet/account/${account}`)
    expect(accountPage('solana:devnet', account)).to.equal(`https://explorer.solana.com/address/${account}?cluster=devnet`)
    expect(accountPage('aptos:testnet', hash)).to.equal(`https://explorer.aptoslabs.com/account/${hash}?network=testnet`)
    expect(transactionPage('aptos:mainnet', hash)).to.equal(`https://explorer.aptoslabs.com/txn/${hash}?network=mainnet`)
    for (const [chain, address] of [[undefined, account], ['evm:31337', account], ['__proto__', account], ['evm:1', undefined], ['evm:1', 'javascript:alert(1)//////////']] as const) {
      expect(accountPage(chain, address), `${chain} ${address}`).to.equal(undefined)
    }
    expect(nativeMoney('xrp:testnet', '5')).to.deep.equal({ amount: '5', assetCode: 'XRP', assetScale: 6 })
    expect(nativeMoney('toString:1', '5').assetCode).to.equal('base units')
  })

  it('say what happened to money, and to whom', () => {
    const settled = { type: 'SETTLEMENT_COMPLETED', nodeId: 'n', peerId: 'bob', timestamp: '2026-01-01T00:00:00Z', assetCode: 'USD', assetScale: 6, tokenId: 'USD',
      direction: 'received', settledAmount: '5', settlementType: 'evm', success: true } as const
    expect(lineOf(settled, '1')).to.include({ subject: 'bob', text: 'paid us by evm', tone: 'in', at: Date.UTC(2026, 0, 1) })
    expect(lineOf({ ...settled, success: false, errorMessage: 'no gas' }, '1')).to.include({ tone: 'risk', text: 'settlement by evm failed: no gas' })
    expect(lineOf({ type: 'PACKETS_LEFT_OUT', nodeId: 'n', count: 1, since: 0, timestamp: 0 }, '1')).to.equal(undefined)
  })
})

describe('counts on the page', () => {
  const second = (timestamp: number, fulfilled: number): Traffic => ({
    type: 'TRAFFIC', nodeId: 'n', seconds: 1, timestamp, earned: [{ assetCode: 'USD', assetScale: 6, amount: '1' }],
    accounts: [{ peerId: 'alice', assetCode: 'USD', assetScale: 6, received: { fulfilled, rejected: 1, amount: '9007199254740993' },
      sent: { fulfilled: 0, rejected: 0, amount: '0' }, codes: { T04: 1 }, p50: 5, p99: 9 }]
  })

  it('are sums of exact seconds', () => {
    const points = [second(1000, 3), second(2000, 4)].map(pointOf)
    const sums = sumsOf(points, 2000, 60, new Map([['USD/6', { assetCode: 'USD', assetScale: 6, amount: '0' }]]))
    expect(sums).to.deep.include({ fulfilled: 7, rejected: 2, codes: [['T04', 2]] })
    expect(sums.in[0]?.amount).to.equal('18014398509481986')
    expect(sumsOf(points, 4000, 1, new Map()).fulfilled).to.equal(0)
    expect(peerTraffic([second(1000, 3), second(2000, 4)]).get('alice')).to.deep.equal({ packetsIn: 4.5, packetsOut: 0, rejected: 2, p50: 5, p99: 9 })
  })

  it('leave gaps where the node told nothing, and nothing where it was idle', () => {
    const points: SeriesPoint[] = [second(1000, 3), second(3000, 4)].map(pointOf)
    const read = { paid: (point: SeriesPoint): number => point.fulfilled }
    expect(columns(points, 0, 4000, 1000, read)).to.deep.equal({ at: [0, 1, 2, 3], paid: [3, undefined, 4, undefined] })
    expect(columns(points, 0, 4000, 1000, read, 1000).paid).to.deep.equal([3, 0, 4, 0])
  })
})
