/** The history answers as a plain list would, however often it is closed and opened again, and keeps its bounds. */
import { randomBytes } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { EventFilter, EventHistory, EventRow, ExplorerEvent, Traffic } from '../../src/contracts/explorer-events.js'
import { rowOf } from '../../src/explorer/event-row.js'
import { History } from '../../src/explorer/history.js'
import { temporaryFolder } from '../support/daemon.js'
import { PEERS, anyEvent, packetId, received, rejected, settled } from '../support/explorer/events.js'
import { rejection } from '../support/failures.js'

const MIB = 2 ** 20
const DAY_MS = 24 * 60 * 60 * 1000
const runs = { numRuns: Number(process.env.PROPERTY_RUNS ?? 60) }

type Step = { add: ExplorerEvent[] } | { restart: true } | { written: true } | { ask: EventFilter }

/** What the contract says, over a list in the order of arrival. */
function answerOf (events: readonly ExplorerEvent[], filter: EventFilter): { payloads: ExplorerEvent[], total: number } {
  const { types, peerId, packetId, direction, since = -Infinity, until = Infinity, limit, offset, order } = filter
  const rows = events.map((event, place) => ({ ...rowOf(event), place })).filter(row =>
    (types?.includes(row.event_type) ?? true) && row.timestamp >= since && row.timestamp <= until &&
    (peerId === undefined || [row.peer_id, row.from_address, row.to_address].includes(peerId)) &&
    (packetId === undefined || row.packet_id === packetId) && (direction === undefined || row.direction === direction))
  rows.sort((a, b) => (a.timestamp - b.timestamp || a.place - b.place) * (order === 'oldest' ? 1 : -1))
  return { payloads: rows.slice(offset, offset + limit).map(({ payload }) => payload), total: rows.length }
}

describe('the history', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let places = 0
  before(async () => { folder = await temporaryFolder() })
  after(() => folder.remove())

  const newPlace = (): string => join(folder.path, 'data', `history-${places++}`)
  async function opened (path: string, options: { maxEvents?: number, retentionDays?: number } = {}): Promise<History> {
    const history = new History({ path, ...options })
    await history.open()
    return history
  }
  const all = async (history: EventHistory, filter: Partial<EventFilter> = {}): Promise<EventRow[]> =>
    (await history.query({ limit: 1_000_000, offset: 0, order: 'oldest', ...filter })).events

  it('answers every filter as a list of all events would, before and after it was written and opened again', async () => {
    const now = Date.now()
    const between = (min: number, max: number): fc.Arbitrary<number> => fc.integer({ min: now + min, max: now + max })
    const times = fc.oneof({ arbitrary: between(-50, 50), weight: 5 }, between(-2 * DAY_MS, DAY_MS))
    const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(value, { nil: undefined, freq: 2 })
    const filters: fc.Arbitrary<EventFilter> = fc.record({
      types: maybe(fc.subarray(['PACKET_RECEIVED', 'PACKET_FORWARDED', 'PACKET_REJECTED', 'SETTLEMENT_COMPLETED', 'CLAIM_SENT', 'PEER_CONNECTED', 'TRAFFIC'])),
      peerId: maybe(fc.constantFrom(...PEERS, 'nobody')),
      packetId: maybe(fc.nat(9).map(packetId)),
      direction: maybe(fc.constantFrom('sent', 'received', 'internal')),
      since: maybe(times),
      until: maybe(times),
      limit: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(1000)),
      offset: fc.oneof(fc.constant(0), fc.nat(100)),
      order: maybe(fc.constantFrom('newest', 'oldest'))
    })
    const steps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(
      { arbitrary: fc.record({ add: fc.array(anyEvent(times), { maxLength: 40 }) }), weight: 3 },
      { arbitrary: fc.record({ ask: filters }), weight: 6 },
      fc.constant<Step>({ written: true }),
      fc.constant<Step>({ restart: true })
    ), { maxLength: 30 })
    await fc.assert(fc.asyncProperty(steps, fc.constantFrom(1300, 20_000), async (story, maxEvents) => {
      const path = newPlace()
      const kept: ExplorerEvent[] = []
      let history = await opened(path, { maxEvents })
      for (const step of story) {
        if ('add' in step) {
          for (const event of step.add) history.add(event)
          kept.push(...step.add)
        } else if ('ask' in step) {
          const { events, total } = await history.query(step.ask)
          expect({ payloads: events.map(({ payload }) => payload), total }).to.deep.equal(answerOf(kept, step.ask))
          expect(events).to.deep.equal(events.map(({ id, payload }) => ({ id, ...rowOf(payload) })))
        } else {
          await history.close()
          history = await opened(path, { maxEvents })
        }
      }
      expect(history.status()).to.deep.include({ eventCount: kept.length, lost: 0, trouble: undefined })
      const ids = (await all(history)).map(({ id }) => id)
      expect(new Set(ids).size).to.equal(kept.length)
      await history.close()
    }), runs)
  })

  it('gives ids in the order of arrival, and goes on after a restart', async () => {
    const path = newPlace()
    for (const round of [0, 1, 2]) {
      const history = await opened(path)
      for (let number = 0; number < 10; number++) history.add(number % 2 === 0 ? received(round, Date.now() - number) : settled(round))
      await history.close()
    }
    const events = (await all(await opened(path))).sort((a, b) => a.id - b.id)
    expect(events.map(({ amount }) => amount)).to.deep.equal(['0', '1', '2'].flatMap(amount => Array<string>(10).fill(amount)))
  })

  it('takes minutes of traffic, and not seconds', async () => {
    const history = await opened(newPlace())
    const traffic: Traffic = { type: 'TRAFFIC', nodeId: 'node', seconds: 1, earned: [], accounts: [], timestamp: Date.now() }
    history.add(traffic)
    history.add({ ...traffic, seconds: 60 })
    history.add({ type: 'PACKETS_LEFT_OUT', nodeId: 'node', count: 5, since: Date.now(), timestamp: Date.now() })
    expect((await all(history)).map(({ event_type: type }) => type)).to.have.members(['TRAFFIC', 'PACKETS_LEFT_OUT'])
    expect(history.status().lost).to.equal(0)
    await history.close()
  })

  it('keeps no more events than it may at any time, the last ones, and deletes the files of the others', async () => {
    const path = newPlace()
    const MAX = 640
    const FILE = 10
    let history = await opened(path, { maxEvents: MAX })
    for (let number = 1; number <= 3000; number++) {
      history.add(received(number))
      expect(history.status().eventCount).to.be.within(Math.min(number, MAX - FILE), MAX)
      if (number % 1000 === 0) {
        await history.close()
        history = await opened(path, { maxEvents: MAX })
      }
    }
    const amounts = (await all(history)).map(({ amount }) => Number(amount))
    expect(amounts).to.deep.equal(Array.from(amounts, (_, place) => 3000 - amounts.length + 1 + place))
    await history.close()
    expect(readdirSync(path).length).to.be.at.most(MAX / FILE + 1)
    const smaller = await opened(path, { maxEvents: 64 })
    expect(smaller.status().eventCount).to.be.within(1, 64)
    await smaller.close()
    expect(readdirSync(path).length).to.be.at.most(64 / FILE + 1)
  })

  it('keeps settlements through a flood of packets, and of peers that come and go', async () => {
    const history = await opened(newPlace(), { maxEvents: 1000 })
    for (let number = 0; number < 200; number++) history.add(settled(number))
    for (let number = 0; number < 5000; number++) {
      history.add(received(number))
      history.add({ type: 'PEER_CONNECTED', nodeId: 'node', peerId: `guest-${number}`, timestamp: Date.now() })
    }
    const { total } = await history.query({ types: ['SETTLEMENT_COMPLETED'], limit: 1, offset: 0 })
    expect(total).to.equal(200)
    expect((await history.query({ types: ['PACKET_RECEIVED'], limit: 1, offset: 0 })).total).to.be.greaterThan(450)
    expect((await history.query({ types: ['PEER_CONNECTED'], limit: 1, offset: 0 })).total).to.be.greaterThan(200)
    await history.close()
  })

  it('uses all its room for one kind while there is no other', async () => {
    const history = await opened(newPlace(), { maxEvents: 1000 })
    for (let number = 0; number < 5000; number++) history.add(settled(number))
    expect(history.status().eventCount).to.be.greaterThan(950)
    await history.close()
  })

  it('takes no more of the disk than its share, however long events are', async () => {
    const path = newPlace()
    for (let round = 0; round < 5; round++) {
      const history = await opened(path, { maxEvents: 640 })
      for (let number = 0; number < 100; number++) history.add(rejected(number, Date.now(), randomBytes(75_000).toString('base64')))
      expect(history.status().databaseSizeBytes).to.be.at.most(18 * MIB)
      await history.close()
    }
    const sizes = readdirSync(path).map(file => statSync(join(path, file)).size)
    expect(sizes.reduce((sum, size) => sum + size, 0)).to.be.within(12 * MIB, 18 * MIB)
  })

  it('has no more names of peers in memory than their bound, however long they are', async () => {
    const path = newPlace()
    for (let round = 0; round < 5; round++) {
      const history = await opened(path, { maxEvents: 640 })
      for (let number = 0; number < 60; number++) {
        history.add({ type: 'PEER_CONNECTED', nodeId: 'node', peerId: `${round} ${number} ${'x'.repeat(200_000)}`, timestamp: Date.now() })
      }
      expect(history.status().eventCount).to.be.within(60, 32 * MIB / 200_000 + 10)
      await history.close()
    }
  })

  it('takes no more at once than its memory for what waits', async () => {
    const history = await opened(newPlace())
    for (let number = 0; number < 100; number++) history.add(rejected(number, Date.now(), 'x'.repeat(200_000)))
    expect(history.status().lost).to.equal(100 - Math.floor(16 * MIB / 200_400))
    await history.close()
  })

  it('shows nothing that is older than it may be, and deletes it', async () => {
    const path = newPlace()
    const history = await opened(path, { retentionDays: 1 })
    for (let number = 0; number < 100; number++) history.add(received(number, Date.now() - 2 * DAY_MS))
    await history.close()
    const again = await opened(path, { retentionDays: 1 })
    again.add(received(100))
    again.add(received(101, Date.now() - DAY_MS + 60_000))
    again.add(received(102, Date.now() - DAY_MS - 1))
    expect((await all(again)).map(({ amount }) => amount)).to.deep.equal(['101', '100'])
    expect(await again.query({ since: 0, limit: 1, offset: 0 })).to.include({ total: 2 })
    await again.close()
    const later = await opened(path, { retentionDays: 1 })
    await later.close()
    expect(readdirSync(path)).to.have.length(1)
    expect(later.status().eventCount).to.be.at.most(3)
  })

  it('is for this user alone', async () => {
    const path = newPlace()
    const history = await opened(path)
    history.add(received(1))
    await history.close()
    expect(statSync(path).mode & 0o777).to.equal(0o700)
    for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o777).to.equal(0o600)
  })

  it('takes events before it is open, and says that it cannot answer yet', async () => {
    const history = new History({ path: newPlace() })
    history.add(received(1))
    expect(String(await rejection(history.query({ limit: 1, offset: 0 })))).to.include('not open')
    const opening = history.open()
    history.add(received(2))
    await opening
    expect((await all(history)).map(({ amount }) => amount)).to.deep.equal(['1', '2'])
    await history.close()
  })

  it('answers while events are added and others are pruned', async () => {
    const history = await opened(newPlace(), { maxEvents: 3000 })
    let number = 0
    const add = (): void => { for (let more = 0; more < 500; more++) history.add(rejected(number++)) }
    for (let round = 0; round < 20; round++) {
      add()
      const asked = history.query({ peerId: 'bob', limit: 5000, offset: 0, order: 'oldest' })
      add()
      const { events, total } = await asked
      expect(events.length).to.equal(total)
      const amounts = events.map(({ amount }) => Number(amount))
      expect(amounts).to.deep.equal(Array.from(amounts, (_, place) => (amounts[0] ?? 0) + place))
    }
    expect(history.status().lost).to.equal(0)
    await history.close()
  })
})
