/** When a key is offered to a peer, and what counts when an operator changes the peer's address. */
import { expect } from 'chai'
import { spy, stub } from 'sinon'
import { CLAIM_PROTOCOL, messageEntry, messageOf } from '../../../../plugins/lib/channels/messages.js'
import { afterTest, closeAll } from '../../../support/btp.js'
import { FakeCodec, claimOf, statementSignatureOf } from '../../../support/channels/fake-codec.js'
import { OPTIONS, allOver, answers, isTaken, paidWorld, payBoth, peerKeyOf, restart, rotate } from '../../../support/channels/rotation.js'
import { makeWorld, type World } from '../../../support/channels/world.js'
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

  it('has nothing put into channels of the former one, whatever packets need', async () => {
    const options = { ...OPTIONS, claims: 'packet', initialDeposit: '1000', topUpBelow: '0' }
    const world = await makeWorld(options, { ...options, claims: 'settlement' })
    const { alice, chain } = world
    chain.balances.set('alice2', 1_000_000n)
    await eventually('it pays', async () => await alice.pay(900n) === 'fulfilled')
    chain.fault = (call, address) => { if (call === 'open' && address === 'alice2') throw new Error('no money for fees') }
    await rotate(alice)
    await isTaken(world)
    const before = chain.transactions.filter(call => /^(open|deposit)/.test(call)).length
    expect(await alice.pay(60n), 'there is room for it').to.equal('fulfilled')
    for (let times = 0; times < 3; times++) expect(await alice.pay(500n)).to.contain('failed')
    await pause(100)
    expect(chain.transactions.filter(call => /^(open|deposit)/.test(call))).to.have.lengthOf(before)
    chain.fault = () => undefined
    await eventually('the new key pays', async () => await alice.pay(500n) === 'fulfilled', 15_000)
  })

  /** The peer's addresses that are looked after, as they are written down. */
  function lineOf ({ bob }: World): string[] {
    const text = [...bob.store.entries].find(([name]) => name.startsWith('paychan:keys'))?.[1] ?? '{}'
    return (JSON.parse(text) as { theirs: string[] }).theirs
  }

  it('leaves nothing behind of the one before the last but a part of a token, which is not asked about again and again', async () => {
    const options = { ...OPTIONS, claims: 'packet', initialDeposit: '100', maxPrepaid: '20000', decimals: 6 }
    const world = await makeWorld(options, { ...options, claims: 'settlement' })
    const { alice, chain } = world
    const PART = 1500n // of two tokens, a thousand each
    const keys = ['alice']
    for (const key of ['alice2', 'alice3', 'alice4']) {
      chain.balances.set(key, 1_000_000n)
      await eventually('it pays', async () => await alice.pay(PART) === 'fulfilled')
      await rotate(alice, key, ...keys)
      await isTaken(world, key)
      keys.unshift(key)
      let asked = 0
      answers(alice, 'carry', answer => { asked++; return answer() })
      await allOver(world, ({ addresses }) => !addresses.includes(key))
      expect(asked < 5, `asked ${asked} times`).to.equal(true)
    }
    expect(lineOf(world)).to.deep.equal(['alice', 'alice3', 'alice4'])
  })

  it('is taken after a restart, however many are looked after since before', async () => {
    const world = await paidWorld()
    const { bob } = world
    const many = Array.from({ length: 12 }, (_, i) => `former${i}`)
    await bob.plugin.disconnect()
    for (const [name, text] of [...bob.store.entries]) {
      if (!/ alice bob paychan:(sent|received)$/.test(name)) continue
      for (const key of many) bob.store.entries.set(name.replace(' alice ', ` ${key} `), text)
    }
    bob.store.entries.set('paychan:keys:fake:1 the-contract', JSON.stringify({ version: 1, theirs: [...many, 'alice'], configured: 'alice' }))
    await restart(bob, {})
    await rotate(world.alice)
    await isTaken(world)
  })

  it('has a key in a vault sign nothing that it has signed, however often the peer asks', async () => {
    const { alice, bob } = await paidWorld()
    const ask = async (): Promise<unknown> =>
      await alice.plugin.transport.sendMessage([messageEntry({ step: 'claims', by: 'alice', with: 'bob' })]).then(messageOf)
    const first = await ask()
    const making = spy(FakeCodec.prototype, 'make')
    afterTest(() => { making.restore() })
    for (let times = 0; times < 5; times++) expect(await ask()).to.deep.equal(first)
    expect(making.callCount).to.equal(0)
    expect(bob.balance).to.equal(0n)
  })

  it('has a key in a vault sign so much in a minute for a peer that asks what it has acknowledged, and no more', async () => {
    const { alice, bob } = await paidWorld()
    const making = spy(FakeCodec.prototype, 'make')
    afterTest(() => { making.restore() })
    const ROUNDS = 60
    for (let times = 0; times < ROUNDS; times++) {
      await bob.plugin.sendMoney('1', { id: `payment ${times}` })
      const data = await alice.plugin.transport.sendMessage([messageEntry({ step: 'claims', by: 'alice', with: 'bob' })]).then(messageOf)
      expect(data.acknowledged).to.have.lengthOf(1)
    }
    const FIRST = 1 // of each channel
    expect(making.callCount - ROUNDS <= FIRST + 20, `${making.callCount - ROUNDS} beside the payments`).to.equal(true)
  })

  for (const how of ['the operator types another address', 'our key rotates and the node starts again']) {
    it(`keeps nobody from looking after the channels of all keys that the peer had, when ${how}`, async () => {
      const { alice, bob, chain } = await makeWorld({ ...OPTIONS, settlementTimeoutSecs: 2 })
      const keys = ['alice', ...Array.from({ length: 8 }, (_, i) => `alice${i + 2}`)]
      for (const key of keys) chain.balances.set(key, 1_000_000n)
      for (const [i, to] of keys.slice(1).entries()) {
        const from = keys[i] ?? ''
        const text = `Sluice: a key for payment channels hands over to another one.\nchain: fake:1\nfrom: ${from}\nto: ${to}\npeer: bob`
        const signatures = { from: statementSignatureOf(from, text), to: statementSignatureOf(to, text) }
        const said = await alice.plugin.transport.sendMessage([messageEntry({ step: 'handover', from, to, peer: 'bob', signatures })])
        expect(messageOf(said)).to.deep.equal({ taken: true })
      }
      let last = ''
      for (const key of keys) {
        const { channelId } = await chain.provider(key).openChannel('bob', 2, 'open')
        chain.depositFor(key, channelId, 'bob', 1n)
        last = channelId
      }
      await chain.provider('alice9').deposit(last, 50_000n, 'deposit')
      const data = Buffer.from(claimOf('alice9', last, 1n, 50_000n).text)
      await alice.plugin.transport.sendMessage([{ protocolName: CLAIM_PROTOCOL, contentType: 1, data }])
      expect(bob.balance).to.equal(-50_000n)
      await eventually('they are seen', () => [...bob.store.entries.keys()].filter(key => key.startsWith('unsettled ')).length === keys.length)
      if (how.startsWith('our')) {
        bob.options = { ...bob.options, key: 'bob2', formerKeys: ['bob'] }
        await bob.crash()
        answers(bob, 'handover', () => Promise.resolve({ taken: true }))
        await bob.plugin.connect()
        await eventually('it pays through the new key', async () => (await bob.plugin.channels().states()).address === 'bob2')
      } else {
        bob.options = { ...bob.options, peerAddress: 'carol' }
      }
      await alice.plugin.disconnect()
      await bob.crash()
      bob.plugin.connect().catch(() => undefined)
      await eventually('it opens', async () => !('trouble' in Object((await bob.plugin.getAdminInfo()).settlement)))
      await chain.provider('alice9').close(last, 'close').catch(() => undefined)
      await pause(2500)
      await eventually('over', async () => {
        await chain.provider('alice9').settle(last, 'settle').catch(() => undefined)
        return chain.channel(last).status === 'settled'
      })
      expect((chain.balances.get('bob') ?? 0n) >= 1_049_900n, `bob has ${chain.balances.get('bob')}`).to.equal(true)
    })
  }

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
