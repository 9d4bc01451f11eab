/** What is remembered of channels between questions: never something older than what the ledger has told, and nothing of what is over. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import sinon from 'sinon'
import { WebSocketServer } from 'ws'
import { Ledger } from '../../../../plugins/xrp/ledger/ledger.js'
import { checkServer } from '../../../../plugins/xrp/ledger/server-check.js'
import type { XrpProvider } from '../../../../plugins/xrp/provider.js'
import { memoryLog } from '../../../support/evm/life.js'
import { CLOSE, Hostile } from '../../../support/xrp/hostile.js'
import { Parties } from '../../../support/xrp/parties.js'
import { pause } from '../../../support/waiting.js'

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

  it('takes no network for the main one that a server does not number', () => {
    const info = { server_state: 'full', validated_ledger: {} }
    checkServer({ ...info, network_id: '0' }, 0, 'host')
    for (const network_id of ['', ' ', '0x0', null, []]) expect(() => { checkServer({ ...info, network_id }, 0, 'host') }).to.throw('does not say which network')
  })
})
