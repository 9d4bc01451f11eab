/** The same packet is sent to a next hop once: a second one shares the outcome of the first, for as long as that may still count. */
import { crc32 } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import type sinon from 'sinon'
import { PacketMemory, type Sent } from '../../middlewares/lib/packet-memory.js'
import type { DeduplicateConfig } from '../../src/contracts/account.js'
import { prepareOf } from '../../src/packet/prepare.js'
import type { MiddlewareApi } from '../../src/contracts/middleware.js'
import { endClock, stoppedClock } from '../support/clock.js'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { customMiddleware } from '../support/modules/custom-middleware.js'
import { never, rejecting } from '../support/failures.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, fulfilling, outcomeOf, prepare, reject, type PrepareOptions } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

/** What the next hop gets of an expiry of 20 s. */
const EXPIRES_AFTER = 20_000
const FORWARDED_FOR = 19_000

describe('a packet that was sent before', () => {
  withoutLog()
  noRejectionLeft()
  let clock: sinon.SinonFakeTimers
  let alice: TestPlugin
  let bob: TestPlugin
  let carol: TestPlugin
  let connector: TestConnector
  let api: MiddlewareApi

  beforeEach(() => {
    clock = stoppedClock()
    alice = new TestPlugin()
    bob = new TestPlugin()
    carol = new TestPlugin()
  })
  afterEach(async () => {
    await connector.app.shutdown()
    endClock(clock)
  })

  async function start (deduplicate?: DeduplicateConfig): Promise<void> {
    const balance = { maximum: '10000' }
    const accounts = { alice: account(alice, { balance }), bob: account(bob, { balance, deduplicate }), carol: account(carol) }
    connector = await startConnector(accounts, {
      middlewares: { mine: customMiddleware((_pipelines, _accountId, given) => { api = given }) }
    })
  }

  const same = (more: PrepareOptions = {}): Buffer => prepare({ data: Buffer.from('same'), expiresAt: Date.now() + EXPIRES_AFTER, ...more })
  const send = (more: PrepareOptions = {}): Promise<string> => alice.receive(same(more)).then(outcomeOf)

  it('waits for the outcome of the first, and costs nothing', async () => {
    await start()
    let fulfill: (answer: Buffer) => void = () => undefined
    bob.answer = () => new Promise(resolve => { fulfill = resolve })
    const answers = [alice.receive(same()), alice.receive(same())]
    await quiet()
    expect(connector.balances()).to.deep.equal({ alice: { balance: 0n, held: 200n }, bob: { balance: 0n, held: 100n } })
    fulfill(FULFILL)
    expect(await Promise.all(answers)).to.deep.equal([FULFILL, FULFILL])
    expect(bob.sent).to.have.lengthOf(1)
    expect(connector.balances()).to.deep.equal({ alice: { balance: 200n, held: 0n }, bob: { balance: -100n, held: 0n } })
  })

  it('is not fulfilled, nor paid for, after its own expiry when that is earlier', async () => {
    await start()
    let fulfill: (answer: Buffer) => void = () => undefined
    bob.answer = () => new Promise(resolve => { fulfill = resolve })
    const first = send()
    const second = send({ expiresAt: Date.now() + 5000 })
    await quiet()
    await clock.tickAsync(5001)
    fulfill(FULFILL)
    expect([await first, await second]).to.deep.equal(['fulfill', 'R00'])
    expect(connector.balances()).to.deep.equal({ alice: { balance: 100n, held: 0n }, bob: { balance: -100n, held: 0n } })
  })

  it('cannot be forged: another packet with the same CRC-32, whatever its seed, is another packet', async () => {
    await start()
    const first = prepare({ destination: 'test.bob.shop1', data: Buffer.alloc(40, 9) })
    const data = Buffer.from('something else entirely'.padEnd(40, '.'))
    const forged = { destination: 'test.bob.shop2', expiresAt: Date.now() + EXPIRES_AFTER - 1 }
    const bytes = Buffer.from(prepareOf(prepare({ ...forged, data })).invariant)
    data.set(withCrcOf(prepareOf(first).invariant, bytes).subarray(-4), 36)
    const second = prepare({ ...forged, data })
    expect(crc32(prepareOf(second).invariant), 'it is a forgery').to.equal(crc32(prepareOf(first).invariant))
    expect([outcomeOf(await alice.receive(first)), outcomeOf(await alice.receive(second))]).to.deep.equal(['fulfill', 'fulfill'])
    expect(bob.sent).to.have.lengthOf(2)
  })

  it('is answered with the Fulfill of the first', async () => {
    await start()
    expect([await send(), await send(), await send()]).to.deep.equal(['fulfill', 'fulfill', 'fulfill'])
    expect(bob.sent).to.have.lengthOf(1)
  })

  it('is answered in the same way where its amount and expiry are covered by the first', async () => {
    await start()
    await send()
    expect([await send({ amount: 99 }), await send({ expiresAt: Date.now() + 5000 })]).to.deep.equal(['fulfill', 'fulfill'])
    expect(bob.sent).to.have.lengthOf(1)
  })

  for (const [what, more] of [
    ['is worth more', () => ({ amount: 101 })],
    ['expires later', () => ({ expiresAt: Date.now() + EXPIRES_AFTER + 1 })],
    ['carries other data', () => ({ data: Buffer.from('other') })],
    ['has another destination', () => ({ destination: 'test.bob.x' })],
    ['has another condition', () => ({ condition: Buffer.alloc(32) })]
  ] as Array<[string, () => PrepareOptions]>) {
    it(`is another packet when it ${what}`, async () => {
      await start()
      await send()
      await send(more())
      expect(bob.sent).to.have.lengthOf(2)
    })
  }

  for (const [what, answer] of [
    ['rejected', () => Promise.resolve(reject('F99'))], ['lost', rejecting(undefined)], ['answered with garbage', () => Promise.resolve(Buffer.from('x'))]
  ] as Array<[string, () => unknown]>) {
    it(`is sent again after the first was ${what}, while those that came meanwhile share that`, async () => {
      await start()
      bob.answer = async () => {
        await quiet(2)
        return answer()
      }
      const [one, other] = await Promise.all([send(), send()])
      expect(one).to.equal(other).and.to.not.equal('fulfill')
      expect(bob.sent).to.have.lengthOf(1)
      bob.answer = fulfilling
      expect(await send()).to.equal('fulfill')
      expect(bob.sent).to.have.lengthOf(2)
      expect(connector.balances()).to.deep.equal({ alice: { balance: 100n, held: 0n }, bob: { balance: -100n, held: 0n } })
    })
  }

  it('is sent again after the first has expired', async () => {
    await start()
    bob.answer = never
    const [one, other] = [send(), send()]
    await quiet()
    await clock.tickAsync(FORWARDED_FOR)
    expect([await one, await other]).to.deep.equal(['R00', 'R00'])
    bob.answer = fulfilling
    expect(await send()).to.equal('fulfill')
    expect(bob.sent).to.have.lengthOf(2)
  })

  it('is another packet where it goes to another next hop', async () => {
    await start()
    for (const accountId of ['bob', 'carol', 'bob', 'carol']) expect(await api.sendData(same(), accountId)).to.deep.equal(FULFILL)
    expect([bob.sent.length, carol.sent.length]).to.deep.equal([1, 1])
  })

  it('ends a routing loop over the account that it came from: what comes round waits for itself and expires', async () => {
    await start()
    bob.answer = packet => alice.receive(packet)
    const answer = send()
    await quiet()
    await clock.tickAsync(FORWARDED_FOR)
    expect(await answer).to.equal('R00')
    expect(bob.sent).to.have.lengthOf(1)
    expect(connector.balances()).to.deep.equal({ alice: { balance: 0n, held: 0n }, bob: { balance: 0n, held: 0n } })
  })

  for (const [config, cleanupInterval, packetLifetime] of [
    [undefined, 30_000, 30_000],
    [{ cleanupInterval: 10 }, 10, 30_000],
    [{ packetLifetime: 10 }, 30_000, 10],
    [{ cleanupInterval: 7, packetLifetime: 13 }, 7, 13]
  ] as const) {
    it(`is remembered for its lifetime after its expiry, and until the next cleanup: ${JSON.stringify(config ?? 'default')}`, async () => {
      await start(config)
      const started = Date.now()
      const packet = same()
      await api.sendData(packet, 'bob')
      const forgottenAt = Math.ceil((EXPIRES_AFTER + packetLifetime + 1) / cleanupInterval) * cleanupInterval
      await clock.tickAsync(forgottenAt - 1)
      expect(await api.sendData(Buffer.from(packet), 'bob')).to.deep.equal(FULFILL)
      expect(bob.sent, `remembered ${Date.now() - started} ms later`).to.have.lengthOf(1)
      await clock.tickAsync(1)
      await api.sendData(Buffer.from(packet), 'bob')
      expect(bob.sent, `forgotten ${Date.now() - started} ms later`).to.have.lengthOf(2)
    })
  }
})

/** The target with its last four bytes changed so that its CRC-32 is that of the model, with every seed: the sum is linear. */
function withCrcOf (model: Buffer, target: Buffer): Buffer {
  const at = target.length - 4
  const flipped = (bit: number): Buffer => {
    const copy = Buffer.from(target)
    copy.writeUInt8(copy.readUInt8(at + (bit >> 3)) ^ (1 << (bit & 7)), at + (bit >> 3))
    return copy
  }
  let rows = Array.from({ length: 32 }, (_, bit) => ({ value: (crc32(flipped(bit)) ^ crc32(target)) >>> 0, bits: 1n << BigInt(bit) }))
  let need = (crc32(model) ^ crc32(target)) >>> 0
  let pick = 0n
  for (let bit = 31; bit >= 0; bit--) {
    const pivot = rows.find(({ value }) => (value >>> bit & 1) === 1)
    if (pivot === undefined) continue
    rows = rows.filter(row => row !== pivot).map(row => (row.value >>> bit & 1) === 1
      ? { value: (row.value ^ pivot.value) >>> 0, bits: row.bits ^ pivot.bits }
      : row)
    if ((need >>> bit & 1) === 0) continue
    need = (need ^ pivot.value) >>> 0
    pick ^= pivot.bits
  }
  const result = Buffer.from(target)
  for (let bit = 0; bit < 32; bit++) {
    if ((pick >> BigInt(bit) & 1n) === 1n) result.writeUInt8(result.readUInt8(at + (bit >> 3)) ^ (1 << (bit & 7)), at + (bit >> 3))
  }
  return result
}

describe('what is remembered of the latest packets', () => {
  const LIMITS = { packets: 256, bytes: 16_384 }
  /** What makes a packet the same packet; few different conditions, so that packets meet in the tables. */
  const invariantOf = (id: number): Buffer => Buffer.concat([Buffer.alloc(32, id % 3), Buffer.from(`test.bob data ${id}`)])
  const packetOf = (id: number, amount = 1n, expiresAt = 1): Sent => {
    const invariant = invariantOf(id)
    return { invariant, checksum: crc32(invariant), amount, expiresAt }
  }
  const answerOf = (id: number, length: number): Buffer => Buffer.alloc(length, id)

  type Step = { id: number, length: number, outcome: 'keep' | 'forget' | 'under way' }
  const step = fc.record<Step>({
    id: fc.nat(400), length: fc.integer({ min: 1, max: 60 }), outcome: fc.constantFrom('keep', 'keep', 'keep', 'forget', 'under way')
  })

  /** Sends a packet, unless it is remembered; returns what is answered. */
  async function send (memory: PacketMemory, { id, length, outcome }: Step): Promise<Buffer | undefined> {
    const known = memory.find(packetOf(id))
    if (known !== undefined) return known
    const place = memory.add(packetOf(id))
    memory.answering(place, Promise.resolve(answerOf(id, length)))
    if (outcome === 'keep') memory.keep(place, answerOf(id, length))
    if (outcome === 'forget') memory.forget(place)
    return undefined
  }

  it('is the answer to that packet and never to another one, and of the newest half none is missing', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 400, size: 'max' }), async steps => {
      const memory = new PacketMemory(LIMITS)
      const last = new Map<number, Step>()
      for (const given of steps) {
        const answer = await send(memory, given)
        const first = last.get(given.id)
        if (answer === undefined) {
          last.delete(given.id) // it is the newest now
          last.set(given.id, given)
        } else expect(answer, 'the first answer').to.deep.equal(first === undefined ? undefined : answerOf(given.id, first.length))
      }
      for (const given of [...last.values()].toReversed().slice(0, LIMITS.packets / 4)) {
        const answer = await memory.find(packetOf(given.id))
        expect(answer === undefined, `packet ${given.id}, ${given.outcome}`).to.equal(given.outcome === 'forget')
      }
    }), { numRuns: 30 })
  })

  it('does not grow past its bounds, however large the answers are', () => {
    const memory = new PacketMemory({ packets: 16_384, bytes: 1024 * 1024 })
    const before = process.memoryUsage().arrayBuffers
    const answer = Buffer.alloc(32_768)
    for (let id = 0; id < 20_000; id++) {
      const place = memory.add(packetOf(id))
      memory.answering(place, Promise.resolve(answer))
      memory.keep(place, answer)
    }
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(64 * 1024 * 1024) // all of them are 640 MB; some are not collected yet
  })

  it('is limited to packets of at least that amount and expiry', () => {
    const memory = new PacketMemory(LIMITS)
    const answer = Promise.resolve(FULFILL)
    memory.answering(memory.add(packetOf(1, 5n, 5)), answer)
    expect([memory.find(packetOf(1, 6n, 5)), memory.find(packetOf(1, 5n, 6)), memory.find(packetOf(1, 5n, 5))])
      .to.deep.equal([undefined, undefined, answer])
  })

  it('can be forgotten, by expiry or all', () => {
    const memory = new PacketMemory(LIMITS)
    for (const expiresAt of [1, 2, 3]) memory.answering(memory.add(packetOf(expiresAt, 1n, expiresAt)), Promise.resolve(FULFILL))
    const known = (): boolean[] => [1, 2, 3].map(id => memory.find(packetOf(id, 1n, id)) !== undefined)
    memory.forgetExpired(2)
    expect(known()).to.deep.equal([false, true, true])
    memory.clear()
    expect(known()).to.deep.equal([false, false, false])
  })

  it('is not touched by an answer that comes when the packet is forgotten', () => {
    const memory = new PacketMemory(LIMITS)
    const place = memory.add(packetOf(1))
    memory.answering(place, Promise.resolve(FULFILL))
    memory.clear()
    memory.answering(memory.add(packetOf(2)), Promise.resolve(FULFILL))
    memory.keep(place, FULFILL)
    memory.forget(place)
    expect(memory.find(packetOf(1))).to.equal(undefined)
    expect(memory.find(packetOf(2))).to.not.equal(undefined)
  })
})
