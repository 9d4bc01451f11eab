/** The lists of what peers have opened: what is wrong with that of one peer is trouble with that peer alone. */
import { expect } from 'chai'
import { AptosParties, HOUR } from '../../support/aptos/parties.js'
import { memoryLog } from '../../support/evm/life.js'
import { rejectionError } from '../../support/failures.js'
import { eventually } from '../../support/waiting.js'

const OPENED_BY = 'channel::opened_by'

describe('lists of channels on Aptos', function () {
  this.timeout(30_000)
  const parties = new AptosParties()
  before(() => parties.start())
  after(() => parties.stop())

  it('of one peer that cannot be read keep no other peer from being looked at', async () => {
    const { alice, bob, stranger, chain } = parties
    const node = await chain.anotherNode()
    const payee = await parties.connected(alice, { rpcUrl: node.url, lookMs: 20 })
    const honest = await parties.connected(bob)
    const { channelId } = await honest.openChannel(alice.address, HOUR, 'open')
    expect(await payee.findChannels(bob.address)).to.have.lengthOf(1)
    expect(await payee.findChannels(stranger.address)).to.deep.equal([])
    node.faults.lies.set(OPENED_BY, args => args.address(0) === stranger.address ? ['nonsense'] : undefined)
    await eventually('the list of the one is in trouble', async () =>
      await payee.findChannels(stranger.address, 'watched').then(() => false, (error: unknown) => /something else/.test(String(error))))
    const { channelId: next } = await honest.openChannel(alice.address, HOUR, 'again')
    await eventually('the next channel of the other one is found', async () =>
      (await payee.findChannels(bob.address, 'watched')).map(state => state.channelId).join() === [channelId, next].join())
    expect((await payee.getChannelState(channelId, 'confirmed', 'watched'))?.status).to.equal('open')
    expect((await rejectionError(payee.findChannels(stranger.address, 'watched'))).message).to.contain('something else')
    node.faults.clear()
    await eventually('its trouble is over', async () => await payee.findChannels(stranger.address, 'watched').then(found => found.length === 0, () => false))
  })

  it('one answer with a hundred others, or with one twice, moves nobody past the channels that are there', async () => {
    const { alice, bob, stranger, chain } = parties
    const node = await chain.anotherNode()
    const payee = await parties.connected(stranger, { rpcUrl: node.url })
    const foreign = Array.from({ length: 100 }, (_, i) => `0x${(i + 1).toString(16).padStart(64, 'f')}`)
    const [first] = (await (await parties.connected(bob)).findChannels(alice.address)).map(({ channelId }) => channelId)
    for (const lie of [foreign, [first, first, first], [...foreign.slice(1), first]]) {
      node.faults.lies.set(OPENED_BY, args => args.address(0) === bob.address ? [lie] : undefined)
      expect((await rejectionError(payee.findChannels(bob.address))).message).to.contain('were not opened by')
    }
    node.faults.clear()
    const { channelId } = await (await parties.connected(bob)).openChannel(stranger.address, HOUR, 'to the stranger')
    expect((await payee.findChannels(bob.address)).map(state => state.channelId)).to.deep.equal([channelId])
  })

  for (const [what, left] of [['at its beginning', [0]], ['in the middle', [1]], ['with two of three', [0, 2]]] as const) {
    it(`a channel that one answer leaves out of a list ${what} is found at the next one`, async () => {
      const { alice, bob, chain } = parties
      const opener = await parties.connected(bob)
      const all = (await opener.findChannels(alice.address)).map(({ channelId }) => channelId)
      if (all.length < 3) all.push((await opener.openChannel(alice.address, HOUR, 'a third')).channelId)
      const node = await chain.anotherNode()
      const log = memoryLog()
      const payee = await parties.connected(alice, { rpcUrl: node.url, lookMs: 60_000, log })
      const shown = all.filter((_, place) => !(left as readonly number[]).includes(place))
      node.faults.lies.set(OPENED_BY, args => args.address(0) === bob.address ? [shown] : undefined)
      const found = async (): Promise<string[]> => (await payee.findChannels(bob.address)).map(({ channelId }) => channelId)
      expect(await found()).to.deep.equal(shown)
      node.faults.clear()
      expect(await found()).to.deep.equal(all)
      expect(await found()).to.deep.equal(all)
      expect(log.lines.filter(line => line.includes('has left channels out'))).to.have.lengthOf(1)
    })
  }

  it('a channel that one answer leaves out is found again', async () => {
    const { alice, bob, chain } = parties
    const node = await chain.anotherNode()
    const payee = await parties.connected(alice, { rpcUrl: node.url, lookMs: 60_000 })
    const before = await payee.findChannels(bob.address)
    expect(before).to.have.lengthOf(3)
    node.faults.lies.set('channel::states', [[]])
    expect(await payee.findChannels(bob.address)).to.deep.equal([])
    node.faults.clear()
    expect(await payee.findChannels(bob.address)).to.have.lengthOf(3)
  })
})
