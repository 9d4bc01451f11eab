/** What is remembered of channels between questions: never something older than what the ledger has told, and nothing of what is over. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocketServer } from 'ws'
import { Connection, type ConnectionEvents } from '../../../../plugins/xrp/ledger/connection.js'
import { Ledger } from '../../../../plugins/xrp/ledger/ledger.js'
import { checkServer } from '../../../../plugins/xrp/ledger/server-check.js'
import type { XrpProvider } from '../../../../plugins/xrp/provider.js'
import { memoryLog } from '../../../support/evm/life.js'
import { CLOSE, Hostile } from '../../../support/xrp/hostile.js'
import { Parties, XRP } from '../../../support/xrp/parties.js'
import { pause } from '../../../support/waiting.js'

const YEARS_AHEAD = 4_000_000_000

/** Undefined before there was one. */
function validated (ledger: Ledger): number | undefined {
  try {
    return ledger.validated.index
  } catch {
    return undefined
  }
}

describe('the ledger as an address of ours sees it', function () {
  this.timeout(60_000)
  let parties: Parties
  let payer: Hostile
  let bob: XrpProvider
  let events: string[]

  beforeEach(async () => {
    parties = new Parties()
    await parties.start({ ledgerMs: undefined }) // ledgers close when something is sent
    payer = new Hostile(parties, parties.alice)
    bob = await parties.connected(parties.bob)
    events = []
    bob.subscribe(parties.alice.address, ({ type }) => events.push(type))
  })
  afterEach(async () => {
    sinon.restore()
    await payer.stop()
    await parties.stop()
  })

  const heard = async (type: string): Promise<void> => {
    while (!events.includes(type)) await new Promise(resolve => { setTimeout(resolve, 10) })
  }

  /** Ledgers close while it is done. */
  async function closing<T> (work: Promise<T>): Promise<T> {
    const timer = setInterval(() => { parties.rippled.closeLedger() }, 20)
    return await work.finally(() => { clearInterval(timer) })
  }

  it('does not remember a channel as it was before an event that it has told of', async () => {
    const channel = await payer.open(bob.address)
    await heard('opened')
    const before = parties.rippled.network.lastClosed.index
    expect(await payer.claim(channel, { Flags: CLOSE })).to.equal('tesSUCCESS')
    await heard('closing')
    parties.rippled.faults.standStill(before) // of the servers behind the URL, the one that answers is behind
    expect((await bob.getChannelState(channel))?.status).to.equal('open')
    parties.rippled.faults.clear()
    expect((await bob.getChannelState(channel, 'confirmed', 'watched'))?.status).to.equal('closing')
  })

  it('asks nothing about channels that the peer has opened and ended between two looks', async () => {
    await bob.findChannels(parties.alice.address, 'watched')
    for (let each = 0; each < 3; each++) {
      events.length = 0
      const channel = await payer.open(bob.address)
      expect(await payer.claim(channel, { Flags: CLOSE, Balance: '1000000' })).to.equal('tesSUCCESS')
      await heard('settled')
    }
    const read = sinon.spy(Ledger.prototype, 'read')
    expect(await bob.findChannels(parties.alice.address, 'watched')).to.deep.equal([])
    expect(read.callCount).to.equal(0)
  })

  it('believes a server for some minutes that names a ledger which there is not, and then no longer', async () => {
    const log = memoryLog()
    const answers: Record<string, object> = {
      server_info: { info: { network_id: 1, server_state: 'full', validated_ledger: {} } }, subscribe: {}, ping: {}, account_tx: { transactions: [] }
    }
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    server.on('connection', socket => socket.on('message', data => {
      const { id, command } = JSON.parse((data as Buffer).toString()) as { id: number, command: string }
      socket.send(JSON.stringify({ id, status: 'success', type: 'response', result: answers[command] ?? {} }))
    }))
    await once(server, 'listening')
    const ledger = new Ledger({
      rpcUrl: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, network: 1, address: parties.bob.address, log
    }, () => undefined)
    const member = { touched: () => undefined }
    ledger.join(member)
    await ledger.ready()
    const tell = (index: number, secs: number): void => {
      for (const socket of server.clients) {
        socket.send(JSON.stringify({ type: 'ledgerClosed', ledger_index: index, ledger_time: secs, ledger_hash: 'A'.repeat(64) }))
      }
    }
    const knows = async (index: number): Promise<void> => { while (validated(ledger) !== index) await pause(10) }
    tell(7, 1000)
    await knows(7)
    tell(4_000_000_000, 4_000_000_000)
    await knows(4_000_000_000)
    const now = Math.floor(Date.now() / 1000) - 946_684_800 + 1200 // after what a lie about the time is worth
    tell(8, now)
    await pause(100)
    expect(validated(ledger)).to.equal(4_000_000_000)
    const clock = sinon.stub(performance, 'now')
    clock.callsFake(() => clock.wrappedMethod.call(performance) + 180_000)
    tell(9, now + 4)
    await knows(9)
    expect(log.lines.filter(line => /has lied/.test(line))).to.have.lengthOf(1)
    await ledger.leave(member)
    server.close()
  })

  it('reads its channels on when one answer has put a transaction of ours into a ledger of years to come', async () => {
    const alice = await parties.connected(parties.alice)
    const { channelId } = await closing(alice.openChannel(bob.address, 3600, 'open', XRP))
    let lies = 0
    const request = sinon.stub(Connection.prototype, 'request')
    request.callsFake(async function (this: Connection, question) {
      const answer = await request.wrappedMethod.call(this, question)
      if (question.command !== 'tx' || answer.validated !== true || lies > 0) return answer
      lies++
      return { ...answer, ledger_index: YEARS_AHEAD }
    })
    await closing(alice.deposit(channelId, 2n * XRP, 'more'))
    request.restore()
    expect(lies).to.equal(1)
    parties.rippled.closeLedger(10)
    expect((await alice.getChannelState(channelId))?.ours.deposit).to.equal(2n * XRP)
  })

  it('reads its channels on, some minutes after a ledger of years to come was pushed, and that has held a transaction of ours', async () => {
    const alice = await parties.connected(parties.alice)
    const { channelId } = await closing(alice.openChannel(bob.address, 3600, 'open', XRP))
    await alice.disconnect()
    const join = sinon.spy(Ledger.prototype, 'join')
    const again = await parties.connected(parties.alice)
    await again.getChannelState(channelId)
    const ledger = join.lastCall.thisValue as Ledger
    const { events } = ledger.connection as unknown as { events: ConnectionEvents }
    events.ledgerClosed({ ledger_index: YEARS_AHEAD, ledger_time: Math.floor(Date.now() / 1000) - 946_684_800, ledger_hash: 'A'.repeat(64) })
    ledger.mustHave(YEARS_AHEAD)
    const answer = (): Promise<string | undefined> => again.getChannelState(channelId).then(state => state?.status, String)
    expect(await answer()).to.contain('answers with an old ledger')
    const clock = sinon.stub(performance, 'now')
    let passed = 0
    clock.callsFake(() => clock.wrappedMethod.call(performance) + passed)
    for (let each = 0; each < 3; each++) {
      parties.rippled.skip(60)
      parties.rippled.closeLedger()
      await ledger.ask({ command: 'ping' }) // what was pushed comes before
      passed += 100_000
    }
    expect(await answer()).to.equal('open')
  })

  it('asks anew to be told of ledgers when a server has told of none for a minute, and answers', async () => {
    const ready = sinon.spy(Ledger.prototype, 'ready')
    await bob.disconnect()
    await bob.connect()
    const ledger = ready.lastCall.thisValue as Ledger
    const { network, faults } = parties.rippled
    faults.losesEvents = true
    parties.rippled.closeLedger(15)
    const clock = sinon.stub(Date, 'now')
    clock.callsFake(() => clock.wrappedMethod.call(Date) + 61_000)
    const { events } = ledger.connection as unknown as { events: ConnectionEvents }
    events.lost() // or a look would come by itself some seconds later
    while (validated(ledger) !== network.lastClosed.index) await pause(10)
  })

  it('takes no network for the main one that a server does not number', () => {
    const info = { server_state: 'full', validated_ledger: {} }
    checkServer({ ...info, network_id: '0' }, 0, 'host')
    for (const network_id of ['', ' ', '0x0', null, []]) expect(() => { checkServer({ ...info, network_id }, 0, 'host') }).to.throw('does not say which network')
  })
})
