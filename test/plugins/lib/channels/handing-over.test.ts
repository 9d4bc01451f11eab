/** When a key is offered to a peer, and what counts when an operator changes the peer's address. */
import { expect } from 'chai'
import { stub } from 'sinon'
import { afterTest, closeAll } from '../../../support/btp.js'
import { FakeCodec } from '../../../support/channels/fake-codec.js'
import { answers, isTaken, paidWorld, payBoth, peerKeyOf, restart, rotate } from '../../../support/channels/rotation.js'
import type { World } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { eventually, pause } from '../../../support/waiting.js'

describe('a new key', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('is signed once for a peer, however often that connects, and offered once at a time', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    let [signed, open, most] = [0, 0, 0]
    const signing = stub(FakeCodec.prototype, 'signStatement').callsFake(async text => {
      signed++
      return await Promise.resolve(text)
    })
    afterTest(() => { signing.restore() })
    alice.options = { ...alice.options, key: 'alice2', formerKeys: ['alice'] }
    await alice.crash()
    let offers = 0
    answers(alice, 'handover', async () => {
      offers++
      most = Math.max(most, ++open)
      await pause(150)
      open--
      throw new Error('unknown step')
    })
    await alice.plugin.connect()
    for (let times = 0; times < 6; times++) {
      await eventually('it is connected', () => alice.plugin.isConnected())
      await bob.crash()
      await bob.plugin.connect()
    }
    await eventually('it is offered again', () => offers >= 2 && open === 0)
    expect({ signed, most }).to.deep.equal({ signed: 2, most: 1 })
  })

  describe('and a peer\'s address that is changed in the configuration', () => {
    let world: World
    /** Bob, with that address of the peer in his configuration, while she is away. */
    async function configured (peerAddress: string): Promise<string | undefined> {
      const { bob } = world
      bob.options = { ...bob.options, peerAddress }
      await bob.crash()
      bob.plugin.connect().catch(() => undefined)
      await eventually('it is there', async () => !('trouble' in Object((await bob.plugin.getAdminInfo()).settlement)))
      return await peerKeyOf(bob)
    }

    beforeEach(async () => {
      world = await paidWorld()
      await rotate(world.alice)
      await isTaken(world)
      await world.alice.plugin.disconnect()
    })

    it('goes on with what was handed over, as long as nothing is changed, or that address is put in', async () => {
      for (const address of ['alice', 'alice', 'alice2', 'alice2']) expect(await configured(address)).to.equal('alice2')
    })

    it('gets what was typed: a third address, and the former one', async () => {
      expect(await configured('carol')).to.equal('carol')
      expect(world.bob.log.lines.join('\n')).to.contain('configured=carol handedOver=alice2')
      expect(await configured('alice'), 'not what was before').to.equal('alice')
      expect(await configured('alice')).to.equal('alice')
    })

    it('gets the former address back, where the new one was put in meanwhile, until the peer says again that it has handed over', async () => {
      expect(await configured('alice2')).to.equal('alice2')
      expect(await configured('alice')).to.equal('alice')
      expect(world.bob.log.lines.join('\n')).to.contain('configured=alice handedOver=alice2')
      expect(await configured('alice')).to.equal('alice')
      await restart(world.alice, {})
      await isTaken(world)
      await payBoth(world, [70n, 60n])
    })
  })
})
