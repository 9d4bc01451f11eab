/** What is remembered of channels between questions: never something older than what the ledger has told, and nothing of what is over. */
import { expect } from 'chai'
import sinon from 'sinon'
import { Ledger } from '../../../../plugins/xrp/ledger/ledger.js'
import { checkServer } from '../../../../plugins/xrp/ledger/server-check.js'
import type { XrpProvider } from '../../../../plugins/xrp/provider.js'
import { CLOSE, Hostile } from '../../../support/xrp/hostile.js'
import { Parties } from '../../../support/xrp/parties.js'

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

  it('takes no network for the main one that a server does not number', () => {
    const info = { server_state: 'full', validated_ledger: {} }
    checkServer({ ...info, network_id: '0' }, 0, 'host')
    for (const network_id of ['', ' ', '0x0', null, []]) expect(() => { checkServer({ ...info, network_id }, 0, 'host') }).to.throw('does not say which network')
  })
})
