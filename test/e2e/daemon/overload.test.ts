/** The daemon with more to do than it can: everybody gets an answer, who can be served is served. How fast is the bench's business. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import { Load } from '../../../bench/lib/load.js'
import { Party } from '../../../bench/lib/party.js'
import { startSluice, type Sluice } from '../../../bench/lib/subjects.js'
import { PrepareTemplate, fulfillAnswer } from '../../../bench/lib/wire.js'
import { MAX_UNSENT_BYTES } from '../../../plugins/btp/wire/backpressure.js'
import { MAX_STRANGERS } from '../../../plugins/btp/listener.js'
import { ACCOUNT_PACKETS_MAX } from '../../../src/pipeline/overload.js'
import { nextTurn } from '../../support/waiting.js'

const FULFILL = fulfillAnswer()
const LIMIT = { rateLimit: { refillCount: 100, refillPeriod: 60_000 } }

describe('an overloaded daemon', function () {
  this.timeout(120_000)
  let sluice: Sluice
  const parties: Party[] = []

  beforeEach(async () => { sluice = await startSluice({ accounts: { mallory: LIMIT, sloth: {} } }) })
  afterEach(async () => {
    await Promise.all(parties.splice(0).map(party => party.close()))
    await sluice.stop()
  })

  async function party (username: string): Promise<Party> {
    const connected = await Party.connect({ port: sluice.port, username })
    parties.push(connected)
    return connected
  }

  function packets (): PrepareTemplate {
    const template = new PrepareTemplate('test.bench.bob', 0)
    template.expireAt(Date.now() + 60_000)
    return template
  }

  /** A good peer pays: all of it arrives. */
  async function expectService (): Promise<void> {
    const { outcomes, unanswered } = await new Load(sluice.alice, new PrepareTemplate('test.bench.bob', 0)).closedLoop(100, 300)
    expect(unanswered).to.equal(0)
    expect([...outcomes.keys()]).to.deep.equal(['fulfill'])
  }

  it('answers what it cannot serve with T03 at once, and serves the rest when the next hop answers', async () => {
    const { alice, bob } = sluice
    const held: number[] = []
    const answers: string[] = []
    bob.onPacket = id => { held.push(id) }
    alice.onAnswer = (_, frame) => { answers.push(frame.includes('T03') ? 'T03' : frame.includes('Reject') ? 'other' : 'fulfill') }
    const template = packets()
    const count = 2 * ACCOUNT_PACKETS_MAX
    for (let id = 1; id <= count; id++) {
      alice.send(template, id)
      if (id % 100 === 0) await nextTurn()
    }
    while (held.length + answers.length < count) await nextTurn()
    expect(new Set(answers)).to.deep.equal(new Set(['T03']))
    expect(held.length).to.be.within(100, ACCOUNT_PACKETS_MAX)
    const refused = answers.length
    for (const id of held) bob.send(FULFILL, id)
    while (answers.length < count) await nextTurn()
    expect(new Set(answers.slice(refused))).to.deep.equal(new Set(['fulfill']))
    bob.onPacket = id => { bob.send(FULFILL, id) }
    await expectService()
  })

  it('serves the others while a peer goes on beyond its rate limit', async () => {
    const mallory = await party('mallory')
    mallory.together = true
    const template = packets()
    const codes = new Set<string>()
    let answered = 0
    mallory.onAnswer = (_, frame) => {
      answered++
      for (const code of ['T05', 'T03']) if (frame.includes(code)) codes.add(code)
    }
    let id = 0
    const timer = setInterval(() => {
      while (mallory.socket.writableLength === 0 && ++id % 1000 !== 0) mallory.send(template, id)
      mallory.flush()
    }, 1)
    for (let i = 0; i < 5; i++) await expectService()
    clearInterval(timer)
    expect(answered).to.be.greaterThan(100)
    expect(codes).to.include('T05')
    expect(answered, 'most of the flood waits outside').to.be.lessThan(id)
  })

  it('serves the others while a peer asks on and on and does not read the answers', async () => {
    const { bob } = sluice
    const sloth = await party('sloth')
    sloth.socket.pause()
    const large = fulfillAnswer(32_000)
    let answered = 0
    bob.onPacket = id => {
      answered++
      bob.send(large, id)
    }
    const template = packets()
    const before = sluice.process.rssMiB()
    const count = 100 * MAX_UNSENT_BYTES / large.size
    for (let id = 1; id <= count; id++) {
      sloth.send(template, id)
      await nextTurn()
    }
    while (answered < MAX_UNSENT_BYTES / large.size) await nextTurn()
    bob.onPacket = id => { bob.send(FULFILL, id) }
    await expectService()
    // What was under way when it was noticed is answered all the same.
    expect(answered).to.be.at.most(ACCOUNT_PACKETS_MAX + 3 * MAX_UNSENT_BYTES / large.size)
    expect(sluice.process.rssMiB() - before).to.be.lessThan(20 * MAX_UNSENT_BYTES / 2 ** 20)
  })

  it('serves its peers while thousands of sockets say nothing, or a byte at a time', async () => {
    const sockets = await Promise.all(Array.from({ length: 2 * MAX_STRANGERS }, async (_, i) => {
      const socket = connect(sluice.port, '127.0.0.1').on('error', () => undefined)
      await once(socket, 'connect')
      if (i % 2 === 0) socket.write('G')
      return socket
    }))
    await expectService()
    for (const socket of sockets) if (!socket.destroyed) socket.write('E')
    await expectService()
    expect(sluice.process.openFiles()).to.be.lessThan(MAX_STRANGERS + 100)
    await party('sloth') // an honest peer still gets in
    for (const socket of sockets) socket.destroy()
  })
})
