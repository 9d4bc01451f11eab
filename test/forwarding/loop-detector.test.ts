/** A packet that comes round in a circle is noticed, and no other packet is taken for one. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ARRIVALS_MAX, LoopDetector } from '../../src/forwarding/loop-detector.js'
import { encodePrepare, prepareOf, type PrepareView } from '../../src/packet/prepare.js'
import { ALL_PACKETS_MAX } from '../../src/pipeline/overload.js'
import { account, startConnector, type TestConnector } from '../support/connector.js'
import { withoutLog } from '../support/log.js'
import { FULFILL, PEER_CONDITION, fulfilling, outcomeOf, prepare, reject } from '../support/packets.js'
import { TestPlugin } from '../support/test-plugin.js'
import { noRejectionLeft } from '../support/unhandled.js'
import { quiet } from '../support/waiting.js'

const BASE_MS = 1_800_000_000_000
const packet = (id: number, expiresIn = 0): PrepareView => prepareOf(encodePrepare({
  amount: 1n, expiresAt: BASE_MS + expiresIn, executionCondition: Buffer.alloc(32, id % 3), destination: 'test.bob', data: Buffer.from(String(id))
}))

describe('the memory of arrivals', () => {
  it('says of any sequence of packets which ones come round, as a list of those under way would', () => {
    const arrival = fc.record({
      id: fc.nat(4), accountId: fc.constantFrom('alice', 'bob', 'carol'), expiresIn: fc.integer({ min: 2, max: 6 }), endsFirst: fc.option(fc.nat(20))
    })
    fc.assert(fc.property(fc.array(arrival, { maxLength: 25, size: 'max' }), list => {
      const arrivals = new LoopDetector()
      const taken: Array<typeof list[number] & { serial: number, hasEnded: boolean }> = []
      for (const one of list) {
        const former = taken[one.endsFirst ?? taken.length]
        if (former !== undefined) {
          arrivals.ended(former.serial)
          former.hasEnded = true
        }
        const round = taken.filter(({ id, hasEnded }) => id === one.id && !hasEnded)
          .some(({ accountId, expiresIn }) => accountId !== one.accountId && expiresIn - 1 >= one.expiresIn)
        expect(arrivals.comesRound(packet(one.id, one.expiresIn), one.accountId)).to.equal(round)
        if (round) continue
        const serial = arrivals.sent(packet(one.id, one.expiresIn), one.accountId, BASE_MS + one.expiresIn - 1)
        taken.push({ ...one, serial, hasEnded: false })
      }
    }))
  })

  it('holds as many as can be in flight, and the oldest make room for the newest', function () {
    this.timeout(60_000)
    expect(ARRIVALS_MAX).to.be.above(ALL_PACKETS_MAX)
    const arrivals = new LoopDetector()
    const count = 1.5 * ARRIVALS_MAX
    const serials = Array.from({ length: count }, (_, id) => arrivals.sent(packet(id), 'alice', BASE_MS))
    for (let id = count - ARRIVALS_MAX; id < count; id += 99) expect(arrivals.comesRound(packet(id), 'bob'), `packet ${id}`).to.equal(true)
    expect(arrivals.comesRound(packet(count - ARRIVALS_MAX - 1), 'bob')).to.equal(false)
    arrivals.ended(serials[0]!) // its place is another packet's
    expect(arrivals.comesRound(packet(ARRIVALS_MAX), 'bob')).to.equal(true)
  })
})

describe('a packet that comes back to us', () => {
  withoutLog()
  noRejectionLeft()
  let connector: TestConnector
  let alice: TestPlugin
  let bob: TestPlugin
  let carol: TestPlugin
  let same: { data: Buffer, expiresAt: number }

  beforeEach(async () => {
    same = { data: Buffer.from('same'), expiresAt: Date.now() + 20_000 }
    alice = new TestPlugin()
    bob = new TestPlugin()
    carol = new TestPlugin()
    const balance = { maximum: '10000' }
    const accounts = { alice: account(alice, { balance }), bob: account(bob, { balance }), carol: account(carol, { balance }) }
    connector = await startConnector(accounts)
  })
  afterEach(() => connector.app.shutdown())

  const even = { balance: 0n, held: 0n }

  for (const [way, over] of [['the next hop', () => bob], ['another account', () => carol]] as const) {
    it(`over ${way} is refused at once, and nothing of it stays on hold`, async () => {
      bob.answer = packet => over().receive(packet)
      expect(outcomeOf(await alice.receive(prepare()))).to.equal('T01')
      expect(bob.sent).to.have.lengthOf(1)
      expect(connector.balances()).to.deep.equal({ alice: even, bob: even, carol: even })
    })
  }

  for (const [what, answer] of [
    ['the connection to the next hop is lost', () => Promise.reject(new Error('connection lost'))],
    ['the next hop says so of its own', () => Promise.resolve(reject('F02'))]
  ] as const) {
    it(`is refused also after ${what}: behind it the packet may still be under way`, async () => {
      bob.answer = answer
      await alice.receive(prepare(same))
      expect(outcomeOf(await carol.receive(prepare({ ...same, expiresAt: same.expiresAt - 2000 })))).to.equal('T01')
      expect(outcomeOf(await alice.receive(prepare(same)))).to.equal('F02')
      expect(bob.sent).to.have.lengthOf(2)
    })
  }

  for (const [what, answer] of [['fulfilled', fulfilling], ['refused', () => Promise.resolve(reject('F99'))]] as const) {
    it(`is a new one when the first was ${what}`, async () => {
      bob.answer = answer
      await alice.receive(prepare(same))
      expect(outcomeOf(await carol.receive(prepare({ ...same, amount: 101, expiresAt: same.expiresAt - 2000 })))).to.not.equal('T01')
      expect(bob.sent).to.have.lengthOf(2)
    })
  }

  it('is another one when it has more time than was given to the first', async () => {
    let fulfill: (answer: Buffer) => void = () => undefined
    bob.answer = () => new Promise(resolve => { fulfill = resolve })
    const first = alice.receive(prepare(same))
    await quiet()
    bob.answer = fulfilling
    expect(outcomeOf(await carol.receive(prepare({ ...same, amount: 101, expiresAt: same.expiresAt - 999 })))).to.equal('fulfill')
    expect(outcomeOf(await carol.receive(prepare({ ...same, amount: 102, expiresAt: same.expiresAt - 1000 })))).to.equal('T01')
    fulfill(FULFILL)
    expect(outcomeOf(await first)).to.equal('fulfill')
  })

  it('is none where others send one with the same condition', async () => {
    const answers = await Promise.all([alice, carol].map(peer => peer.receive(prepare({ expiresAt: same.expiresAt }))))
    expect(answers.map(outcomeOf)).to.deep.equal(['fulfill', 'fulfill'])
  })

  it('is none where it is a question between neighbours, which are all alike', async () => {
    const question = { ...same, destination: 'peer.unknown', condition: PEER_CONDITION }
    const answers = await Promise.all([alice, carol].map(peer => peer.receive(prepare(question))))
    expect(answers.map(outcomeOf)).to.deep.equal(['F01', 'F01'])
  })

  it('is refused without any middleware, too', async () => {
    await connector.app.shutdown()
    const accounts = { alice: account(alice = new TestPlugin()), bob: account(bob = new TestPlugin()) }
    connector = await startConnector(accounts, { disableMiddleware: ['balance', 'deduplicate', 'expire', 'throughput', 'validateFulfillment'] })
    bob.answer = packet => bob.receive(packet)
    expect(outcomeOf(await alice.receive(prepare()))).to.equal('T01')
  })
})
