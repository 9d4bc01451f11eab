/** A packet that comes round in a circle is noticed, and no other packet is taken for one. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ARRIVALS_MAX, Arrivals } from '../../src/forwarding/arrivals.js'
import { encodePrepare, prepareOf, type PrepareView } from '../../src/packet/prepare.js'
import { ALL_PACKETS_MAX } from '../../src/pipeline/in-flight.js'
import { account, startConnector, type TestConnector } from '../fixtures/connector.js'
import { withoutLog } from '../fixtures/log.js'
import { PEER_CONDITION, outcomeOf, prepare, reject } from '../fixtures/packets.js'
import { TestPlugin } from '../fixtures/test-plugin.js'
import { noRejectionLeft } from '../fixtures/unhandled.js'

const BASE_MS = 1_800_000_000_000
const packet = (id: number, expiresIn = 0): PrepareView => prepareOf(encodePrepare({
  amount: 1n, expiresAt: BASE_MS + expiresIn, executionCondition: Buffer.alloc(32, id % 3), destination: 'test.bob', data: Buffer.from(String(id))
}))

describe('the memory of arrivals', () => {
  it('says of any sequence of packets which ones came round, as a list of all of them would', () => {
    const arrival = fc.record({ id: fc.nat(4), accountId: fc.constantFrom('alice', 'bob', 'carol'), expiresIn: fc.nat(3) })
    fc.assert(fc.property(fc.array(arrival, { maxLength: 300, size: 'max' }), fc.nat(300), (list, others) => {
      const arrivals = new Arrivals()
      const taken: typeof list = []
      for (const one of list) {
        const round = taken.filter(({ id }) => id === one.id)
          .some(({ accountId, expiresIn }) => accountId !== one.accountId && expiresIn >= one.expiresIn)
        // Others arrive meanwhile, and make it grow.
        for (let i = 0; i < others; i++) arrivals.comesRound(packet(1000 + i), 'dora')
        // Searching goes no further back than some packets that are the same.
        if (taken.length > 30) break
        expect(arrivals.comesRound(packet(one.id, one.expiresIn), one.accountId)).to.equal(round)
        if (!round) taken.push(one)
      }
    }), { numRuns: 30 })
  })

  it('knows the latest half of what it can hold, as many as can be in flight, and not everything for ever', function () {
    this.timeout(60_000)
    expect(ARRIVALS_MAX / 2).to.be.least(ALL_PACKETS_MAX)
    const arrivals = new Arrivals()
    const count = 1.5 * ARRIVALS_MAX
    for (let id = 0; id < count; id++) arrivals.comesRound(packet(id), 'alice')
    for (let id = count - ARRIVALS_MAX / 2; id < count; id += 100) expect(arrivals.comesRound(packet(id), 'bob'), `packet ${id}`).to.equal(true)
    expect(arrivals.comesRound(packet(0), 'bob')).to.equal(false)
  })

  it('forgets none of the first while it grows', () => {
    const arrivals = new Arrivals()
    for (let id = 0; id < 5000; id++) arrivals.comesRound(packet(id), 'alice')
    for (let id = 0; id < 5000; id++) expect(arrivals.comesRound(packet(id), 'bob')).to.equal(true)
  })
})

describe('a packet that comes back to us', () => {
  withoutLog()
  noRejectionLeft()
  let connector: TestConnector
  let alice: TestPlugin
  let bob: TestPlugin
  let carol: TestPlugin

  beforeEach(async () => {
    alice = new TestPlugin()
    bob = new TestPlugin()
    carol = new TestPlugin()
    const balance = { maximum: '10000' }
    const accounts = { alice: account(alice, { balance }), bob: account(bob, { balance }), carol: account(carol, { balance }) }
    connector = await startConnector(accounts)
  })
  afterEach(() => connector.app.shutdown())

  const same = { data: Buffer.from('same'), expiresAt: Date.now() + 20_000 }
  const even = { balance: 0n, held: 0n }

  for (const [way, over] of [['the next hop', () => bob], ['another account', () => carol]] as const) {
    it(`over ${way} is refused at once, and nothing of it stays on hold`, async () => {
      bob.answer = packet => over().receive(packet)
      expect(outcomeOf(await alice.receive(prepare()))).to.equal('T01')
      expect(bob.sent).to.have.lengthOf(1)
      expect(connector.balances()).to.deep.equal({ alice: even, bob: even, carol: even })
    })
  }

  it('is refused also where the first answer came before it: the connection behind us may have been lost', async () => {
    bob.answer = () => Promise.reject(new Error('connection lost'))
    await alice.receive(prepare(same))
    expect(outcomeOf(await carol.receive(prepare({ ...same, expiresAt: same.expiresAt - 1 })))).to.equal('T01')
    expect(bob.sent).to.have.lengthOf(1)
  })

  it('may be tried again by who sent it, and by others with more time', async () => {
    bob.answer = () => Promise.resolve(reject('T04'))
    await alice.receive(prepare(same))
    expect(outcomeOf(await alice.receive(prepare(same)))).to.equal('T04')
    expect(outcomeOf(await carol.receive(prepare({ ...same, expiresAt: same.expiresAt + 1 })))).to.equal('T04')
    expect(bob.sent).to.have.lengthOf(3)
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
