/** The live table keeps the newest packets, each as one line, and says what it has let go. */
import { expect } from 'chai'
import type { PacketFulfilled, PacketReceived, PacketRejected } from '../../src/contracts/explorer-events.js'
import { filtersOf, historyQuery, matches, NO_FILTERS, queryOf } from '../../web/model/filters.js'
import { PacketRing, rowOf } from '../../web/model/packets.js'
import { searchPlace } from '../../web/model/search.js'
import { retryAfterMs } from '../../web/model/backoff.js'
import { lineOf } from '../../web/model/words.js'

const base = { nodeId: 'n', destination: 'g.dave', amount: '12', assetCode: 'USD', assetScale: 6, from: 'alice' }
const received = (packetId: string, timestamp = 1000): PacketReceived => ({ type: 'PACKET_RECEIVED', packetId, timestamp, bytes: 1, expiresAt: 1, ...base })
const fulfilled = (packetId: string, timestamp = 1084): PacketFulfilled =>
  ({ type: 'PACKET_FULFILLED', packetId, timestamp, took: 84, steps: [], to: 'dave', fulfillment: '', ...base })
const rejected = (packetId: string): PacketRejected =>
  ({ type: 'PACKET_REJECTED', packetId, timestamp: 1002, took: 2, steps: [], code: 'T04', message: '<b>full</b>', triggeredBy: 'g', ...base })

describe('packets on the page', () => {
  it('are one line each, from arrival to answer', () => {
    const ring = new PacketRing(10)
    ring.add(received('a'))
    expect(ring.newest().map(({ outcome }) => outcome)).to.deep.equal(['in flight'])
    ring.add({ type: 'PACKET_FORWARDED', packetId: 'a', timestamp: 1001, to: 'dave', ...base, amount: '11', assetCode: 'EUR' })
    ring.add(fulfilled('a'))
    const [row] = ring.newest()
    expect(row).to.include({ outcome: 'fulfilled', to: 'dave', amount: '12', assetCode: 'USD', took: 84, at: 1000 })
    expect(ring.size).to.equal(1)
  })

  it('keep what was received when only the next hop is told of', () => {
    const ring = new PacketRing(10)
    ring.add(received('a'))
    ring.add({ type: 'PACKET_FORWARDED', packetId: 'a', timestamp: 1001, to: 'dave', ...base, amount: '11', assetCode: 'EUR' })
    expect(ring.newest()[0]).to.include({ amount: '12', assetCode: 'USD', to: 'dave' })
  })

  it('that share a condition are lines of their own, and their answers find them in order', () => {
    const ring = new PacketRing(10)
    for (const event of [received('a', 1), received('a', 2), fulfilled('a', 90), received('a', 100), rejected('a')]) ring.add(event)
    expect(ring.newest().map(({ at, outcome }) => [at, outcome])).to.deep.equal([[100, 'in flight'], [2, 'rejected'], [1, 'fulfilled']])
  })

  it('have a bound, and say how many made room', () => {
    const ring = new PacketRing(1000)
    for (let at = 0; at < 2500; at++) ring.add(fulfilled(at.toString(), at))
    expect(ring.size).to.equal(1000)
    expect(ring.dropped).to.equal(1500)
    expect(ring.newest(1)[0]?.packetId).to.equal('2499')
  })
})

describe('filters of packets', () => {
  it('stand in the address, and come back from it', () => {
    const filters = { groups: ['refused', 'money'] as const, peer: 'bob', direction: 'sent' as const, minutes: 5, text: 'T04' }
    expect(filtersOf(queryOf(filters))).to.deep.equal(filters)
    expect(queryOf(NO_FILTERS).toString()).to.equal('')
    expect(filtersOf(new URLSearchParams('show=refused,constructor&direction=up&minutes=7'))).to.deep.equal({ ...NO_FILTERS, groups: ['refused'] })
  })

  it('find by outcome, peer, direction, time and text', () => {
    const row = rowOf(rejected('f3'))
    expect(matches(row, NO_FILTERS, 0)).to.equal(true)
    expect(matches(row, { ...NO_FILTERS, groups: ['paid'] }, 0)).to.equal(false)
    expect(matches(row, { ...NO_FILTERS, peer: 'bob' }, 0)).to.equal(false)
    expect(matches(row, { ...NO_FILTERS, peer: 'alice', direction: 'sent' }, 0)).to.equal(false)
    expect(matches(row, { ...NO_FILTERS, minutes: 1 }, 62_000)).to.equal(false)
    for (const text of ['t04', 'FULL', 'g.dave', ' f3 ']) expect(matches(row, { ...NO_FILTERS, text }, 0), text).to.equal(true)
    const line = lineOf({ type: 'PEER_CONNECTED', nodeId: 'n', peerId: 'bob', timestamp: 1 }, '1')
    expect(line !== undefined && matches(line, { ...NO_FILTERS, groups: ['network'] }, 0)).to.equal(true)
  })

  it('become a query of the history', () => {
    const id = 'ab'.repeat(32)
    expect(Object.fromEntries(historyQuery({ ...NO_FILTERS, peer: 'bob', minutes: 1, text: ` ${id.toUpperCase()}` }, 100_000, { limit: 50, offset: 50 })))
      .to.deep.equal({ limit: '50', offset: '50', types: 'PACKET_FULFILLED,PACKET_REJECTED', peerId: 'bob', since: '40000', packetId: id })
    expect(historyQuery({ ...NO_FILTERS, groups: ['flying'] }, 0, { limit: 1, offset: 0 }).get('types')).to.equal('PACKET_RECEIVED')
  })
})

describe('the search field', () => {
  it('leads to where a thing of that form is', () => {
    expect(searchPlace('AB'.repeat(31) + 'cd')).to.include({ page: 'packets', item: 'ab'.repeat(31) + 'cd' })
    expect(searchPlace('g.dave.shop')?.query.get('destination')).to.equal('g.dave.shop')
    expect(searchPlace('0x4f1b0c6e')?.page).to.equal('settlement')
    expect(searchPlace('t04')?.query.toString()).to.equal('show=refused&text=T04')
    expect(searchPlace('bob')?.query.toString()).to.equal('text=bob')
    expect(searchPlace('  ')).to.equal(undefined)
  })
})

describe('the connection', () => {
  it('comes back after 1 s, 2 s and so on, and after ten tries every half minute', () => {
    expect([1, 2, 3, 5].map(retryAfterMs)).to.deep.equal([1000, 2000, 4000, 16_000])
    expect([6, 10, 11, 1000].map(retryAfterMs)).to.deep.equal([30_000, 30_000, 30_000, 30_000])
  })
})
