/** Counts are exact whatever is asked for and when, and take no more memory than the seconds that are remembered. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ACCOUNTS_NAMED_MAX, CODES_MAX, Counts, type AnsweredPacket } from '../../src/explorer/counts.js'
import { Latencies } from '../../src/explorer/latencies.js'
import type { AccountTraffic, Traffic } from '../../src/contracts/explorer-events.js'

const USD = { assetCode: 'USD', assetScale: 9 }
const XRP = { assetCode: 'XRP', assetScale: 6 }
const DOLLARS = (): typeof USD => USD
/** Accounts whose names begin with x. */
const byName = (accountId: string): typeof USD => accountId.startsWith('x') ? XRP : USD

function packet (more: Partial<AnsweredPacket> = {}): AnsweredPacket {
  return { from: 'alice', amount: 100n, isFulfilled: true, code: '', tookMs: 5, nextHop: 'bob', outgoing: 98n, isPaid: true, ...more }
}

const rejected = { isFulfilled: false, isPaid: false }

function everyAccount (traffic: Traffic | undefined): AccountTraffic[] {
  return [...traffic?.accounts ?? [], ...traffic?.others ?? []]
}

function sumOf (traffics: Traffic[], way: 'received' | 'sent'): { fulfilled: number, rejected: number, amount: bigint } {
  const sum = { fulfilled: 0, rejected: 0, amount: 0n }
  for (const account of traffics.flatMap(everyAccount)) {
    sum.fulfilled += account[way].fulfilled
    sum.rejected += account[way].rejected
    sum.amount += BigInt(account[way].amount)
  }
  return sum
}

describe('counts of the explorer', () => {
  it('say of a second what each account did', () => {
    const counts = new Counts(DOLLARS)
    counts.answered(packet())
    counts.answered(packet({ ...rejected, code: 'T04' }))
    counts.answered(packet({ ...rejected, code: 'F02', nextHop: undefined }))
    expect(counts.endSecond('node', 1000).second).to.deep.equal({
      type: 'TRAFFIC',
      nodeId: 'node',
      seconds: 1,
      timestamp: 1000,
      earned: [{ ...USD, amount: '2' }],
      accounts: [{
        peerId: 'alice',
        ...USD,
        received: { fulfilled: 1, rejected: 2, amount: '100' },
        sent: { fulfilled: 0, rejected: 0, amount: '0' },
        codes: { T04: 1, F02: 1 },
        p50: 4.94,
        p99: 4.94
      }, {
        peerId: 'bob', ...USD, received: { fulfilled: 0, rejected: 0, amount: '0' }, sent: { fulfilled: 1, rejected: 1, amount: '98' }, codes: {}
      }]
    })
    expect(counts.endSecond('node', 2000), 'nothing happens').to.deep.equal({})
  })

  it('count as a loss what the next hop was paid for a packet that was rejected here', () => {
    const counts = new Counts(DOLLARS)
    counts.answered(packet({ isFulfilled: false, code: 'T00' }))
    const { second } = counts.endSecond('node', 1000)
    expect(second?.earned).to.deep.equal([{ ...USD, amount: '-98' }])
    expect(second?.accounts.map(({ received, sent }) => [received.rejected, sent.fulfilled])).to.deep.equal([[1, 0], [0, 1]])
  })

  it('call nothing earned that was exchanged', () => {
    const counts = new Counts(byName)
    counts.answered(packet({ nextHop: 'xenia' }))
    expect(counts.endSecond('node', 1000).second?.earned).to.deep.equal([])
    expect(counts.earned()).to.deep.equal([])
  })

  it('are equal to what was sent, in all seconds, all minutes, and named or not', () => {
    const packets = fc.array(fc.record({
      from: fc.nat(2 * ACCOUNTS_NAMED_MAX).map(number => `${number % 3 === 0 ? 'x' : 'a'}${number}`),
      amount: fc.bigInt(0n, 2n ** 64n - 1n),
      isFulfilled: fc.boolean(),
      seconds: fc.nat(40)
    }), { maxLength: 400 })
    fc.assert(fc.property(packets, all => {
      const counts = new Counts(byName)
      const [seconds, minutes]: [Traffic[], Traffic[]] = [[], []]
      let now = 0
      for (const { from, amount, isFulfilled, seconds: passing } of all) {
        counts.answered(packet({ from, amount, isFulfilled, code: 'T00', nextHop: 'a1', outgoing: amount, isPaid: isFulfilled }))
        for (let second = 0; second < passing; second++) {
          const ended = counts.endSecond('node', now += 1000)
          if (ended.second !== undefined) seconds.push(ended.second)
          if (ended.minute !== undefined) minutes.push(ended.minute)
        }
      }
      const last = counts.endSecond('node', now += 1000)
      if (last.second !== undefined) seconds.push(last.second)
      const lastMinute = last.minute ?? counts.endMinute('node', now)
      if (lastMinute !== undefined) minutes.push(lastMinute)
      const fulfilled = all.filter(({ isFulfilled }) => isFulfilled)
      const expected = {
        fulfilled: fulfilled.length,
        rejected: all.length - fulfilled.length,
        amount: fulfilled.reduce((sum, { amount }) => sum + amount, 0n)
      }
      for (const traffics of [seconds, minutes]) {
        expect(sumOf(traffics, 'received')).to.deep.equal(expected)
        expect(sumOf(traffics, 'sent')).to.deep.equal(expected)
        expect(traffics.flatMap(everyAccount).reduce((sum, { codes }) => sum + (codes.T00 ?? 0), 0)).to.equal(expected.rejected)
      }
    }))
  })

  it('name the busiest of many accounts, and sum up the others by asset', () => {
    const counts = new Counts(byName)
    for (let number = 0; number < 10_000; number++) {
      counts.answered(packet({ from: `${number % 2 === 0 ? 'x' : 'a'}${number}`, nextHop: undefined, isPaid: false }))
    }
    for (let repeat = 0; repeat < 5; repeat++) counts.answered(packet({ from: 'busy' }))
    const { second } = counts.endSecond('node', 1000)
    expect(second?.accounts).to.have.length(ACCOUNTS_NAMED_MAX)
    expect(second?.accounts[0]).to.include({ peerId: 'busy' })
    expect(second?.others?.map(({ peerId, assetCode }) => [peerId, assetCode])).to.have.deep.members([['', 'USD'], ['', 'XRP']])
    expect(sumOf([second!], 'received').fulfilled).to.equal(10_005)
  })

  it('remember 300 seconds, also of a clock that is set back', () => {
    const counts = new Counts(DOLLARS)
    const second = (now: number): void => {
      counts.answered(packet())
      counts.endSecond('node', now)
    }
    for (let now = 1000; now <= 1_000_000; now += 1000) second(now)
    const remembered = Array.from({ length: 300 }, (_, i) => 701_000 + i * 1000)
    expect(counts.recent(1_000_000).map(({ timestamp }) => timestamp)).to.deep.equal(remembered)
    for (let now = 1000; now <= 1_000_000; now += 1000) second(now)
    expect(counts.recent(1_000_000)).to.have.length(300)
    expect(counts.recent(1_200_000)).to.have.length(100)
    expect(counts.recent(2_000_000)).to.deep.equal([])
  })

  it('know a bounded number of codes, whatever the next hop writes', () => {
    const counts = new Counts(DOLLARS)
    const wellFormed = Array.from({ length: 1000 }, (_, i) => `${'TFR'[i % 3]}${String(i % 100).padStart(2, '0')}`)
    const codes = ['__proto__', '', '\u0000\u0000\u0000', ...wellFormed]
    for (const code of codes) counts.answered(packet({ ...rejected, code }))
    const known = counts.endSecond('node', 1000).second!.accounts.find(({ peerId }) => peerId === 'alice')!.codes
    expect(Object.keys(known)).to.have.length.at.most(CODES_MAX + 1).and.include('other')
    expect(Object.values(known).reduce((sum, count) => sum + count)).to.equal(codes.length)
  })

  it('have two entries for an account that came back with another asset', () => {
    let asset = USD
    const counts = new Counts(() => asset)
    counts.answered(packet())
    counts.endSecond('node', 1000)
    asset = XRP
    counts.answered(packet())
    counts.endSecond('node', 2000)
    const minute = counts.endMinute('node', 2000)
    expect(minute?.accounts.map(({ peerId, assetCode, received }) => [peerId, assetCode, received.amount])).to.have.deep.members([['alice', 'USD', '100'], ['alice', 'XRP', '100'], ['bob', 'USD', '0'], ['bob', 'XRP', '0']])
  })

  it('tell quantiles of latencies to a tenth', () => {
    const times = fc.array(fc.double({ min: 0.1, max: 120_000, noNaN: true }), { minLength: 1 })
    fc.assert(fc.property(times, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, share) => {
      const latencies = new Latencies()
      for (const ms of all) latencies.count(ms)
      const exact = all.sort((a, b) => a - b)[Math.max(0, Math.ceil(all.length * share) - 1)]!
      expect(latencies.quantile(share)! / exact).to.be.within(0.9, 1.1)
    }))
  })
})
