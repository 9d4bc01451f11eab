/** What claims of a key that hands over had paid ahead is not lost with it, and never paid twice, whatever a hostile peer says of it. */
import { expect } from 'chai'
import { messageEntry, messageOf } from '../../../../plugins/lib/channels/messages.js'
import { describeError } from '../../../../src/lib/describe-error.js'
import { closeAll } from '../../../support/btp.js'
import { allOver, answers, isTaken, peerKeyOf, restart, rotate } from '../../../support/channels/rotation.js'
import { makeWorld, type Party, type PartyOptions, type World } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { eventually, pause } from '../../../support/waiting.js'

const OPTIONS: PartyOptions = {
  claims: 'packet', requireClaims: true, initialDeposit: '10000', maxPrepaid: '2000', settlementTimeoutSecs: 3600, pollingIntervalMs: 100, idleCloseSecs: 0
}
const AHEAD = 1000n

describe('what was paid ahead with claims of a key that hands over', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** Alice's claims have paid Bob for a packet that he has rejected. */
  async function paidAhead (options = OPTIONS): Promise<World> {
    const world = await makeWorld(options, { ...options, claims: 'settlement' }) // one channel, by Alice
    const { alice, bob, chain } = world
    for (const key of ['alice2', 'alice3', 'bob2', 'bob3', 'bob4']) chain.balances.set(key, 1_000_000n)
    await pays(alice, 500n)
    bob.respond = () => 'reject'
    expect(await alice.pay(AHEAD)).to.equal('F02 ')
    bob.respond = () => 'fulfill'
    expect(await alice.prepaid()).to.equal(AHEAD)
    await bob.plugin.disconnect() // with what is not used written down, as any stop does
    await restart(bob, {})
    return world
  }

  async function pays (party: Party, amount: bigint): Promise<void> {
    await eventually('it pays', async () => await party.pay(amount) === 'fulfilled')
  }

  async function headroomOf (party: Party): Promise<bigint> {
    return (await party.plugin.channels().states()).headroom
  }

  async function isCarried (world: World): Promise<void> {
    await eventually('it is carried', async () => await headroomOf(world.alice) === AHEAD)
    await hasChannel(world)
  }

  async function hasChannel ({ alice }: World): Promise<void> {
    const keys = [(await alice.plugin.channels().states()).address, await peerKeyOf(alice)].join()
    await eventually('there is a channel', async () => (await alice.channels()).some(({ participants, spendable, status }) =>
      status === 'open' && spendable > 0n && participants.join() === keys))
  }

  const credited = (party: Party): bigint => [...party.credited.values()].reduce((sum, amount) => sum + amount, 0n)

  /** All that was paid is for packets that were fulfilled. */
  async function expectUsedUp ({ alice, bob }: World, delivered: bigint): Promise<void> {
    expect(await alice.prepaid(), 'prepaid').to.equal(0n)
    expect(credited(bob), 'paid').to.equal(delivered)
    expect([alice.balance, bob.balance], 'books').to.deep.equal([0n, 0n])
  }

  for (const party of ['alice', 'bob'] as const) {
    it(`pays for packets with claims of the new one, also when the old channels are over: ${party}'s key`, async () => {
      const world = await paidAhead()
      await rotate(world[party])
      await eventually('the key is taken', async () => await peerKeyOf(world[party === 'alice' ? 'bob' : 'alice']) === `${party}2`)
      await allOver(world, ({ addresses }) => addresses.includes(party))
      await isCarried(world)
      await restart(world.alice, {}) // which asks again
      await isCarried(world)
      await pays(world.alice, 600n)
      await pays(world.alice, 400n)
      await expectUsedUp(world, 500n + AHEAD)
      await restart(world.alice, {})
      await pays(world.alice, 70n)
      await expectUsedUp(world, 570n + AHEAD)
    })
  }

  it('pays for packets with claims of the old one, where the peer does not know how to carry it', async () => {
    const world = await paidAhead()
    const { alice } = world
    alice.options = { ...alice.options, key: 'alice2', formerKeys: ['alice'] }
    await alice.crash()
    answers(alice, 'carry', () => Promise.reject(new Error('unknown step')))
    await alice.plugin.connect()
    await isTaken(world)
    await pays(alice, AHEAD)
    await expectUsedUp(world, 500n + AHEAD)
  })

  it('pays for packets once, where the peer says that nothing was carried, and for no more than before', async () => {
    const world = await paidAhead()
    const { alice } = world
    alice.options = { ...alice.options, key: 'alice2', formerKeys: ['alice'] }
    await alice.crash()
    answers(alice, 'carry', () => Promise.resolve({ carried: '0' }))
    await alice.plugin.connect()
    await isTaken(world)
    await allOver(world, ({ addresses }) => addresses.includes('alice'))
    await pays(alice, 600n)
    expect(await alice.prepaid()).to.equal(AHEAD)
    expect(credited(world.bob)).to.equal(500n + AHEAD + 600n)
    await restart(alice, {}) // and then it tells the truth
    await isCarried(world)
    await pays(alice, AHEAD)
    await expectUsedUp(world, 1100n + AHEAD)
  })

  it('is not signed for again, where the peer never had the claim', async () => {
    const world = await makeWorld({ ...OPTIONS, maxPrepaid: '1000' }, { ...OPTIONS, claims: 'settlement' })
    const { alice, chain } = world
    chain.balances.set('alice2', 1_000_000n)
    await pays(alice, 500n)
    const { transport } = alice.plugin
    transport.sendMessage = () => Promise.reject(new Error('lost'))
    expect(await alice.pay(AHEAD)).to.contain('failed')
    const [old = ''] = chain.channels.keys()
    await chain.provider('bob').close(old, 'by hand')
    await rotate(alice)
    await isTaken(world)
    await allOver(world, ({ addresses }) => addresses.includes('alice'))
    expect(await alice.prepaid()).to.equal(AHEAD)
    await eventually('it is left to the new key', () => [...alice.store.entries].some(([name, text]) =>
      name.includes('bob alice2') && name.endsWith('sent') && text.includes('"taken":{"alice bob":"1000"}')))
    await pays(alice, AHEAD)
    await expectUsedUp(world, 500n + AHEAD)
    await expectNothingUnsigned(world)
  })

  /** After that, in other books while the first key is not configured, and once it is back, in these books and in the others. */
  async function expectNothingUnsigned ({ alice, bob }: World): Promise<void> {
    const { id } = alice.page
    const afresh = async (id: string, formerKeys: string[], isTakenForgotten = false): Promise<void> => {
      await alice.plugin.disconnect()
      alice.page.id = id
      for (const [name, text] of alice.store.entries) { // as a crash between the two writes leaves it
        if (isTakenForgotten) alice.store.entries.set(name, text.replace(/"taken":\{"alice bob":"1000"\},"of":\{[^}]*\}/, '"taken":{}'))
      }
      await restart(alice, { formerKeys })
      await eventually('it is there', () => alice.plugin.isConnected())
    }
    const steps = [['other books', []], [id, ['alice']], ['other books', []], ['other books', ['alice'], true]] as const
    for (const [id, formerKeys, isTakenForgotten] of steps) {
      await afresh(id, [...formerKeys], isTakenForgotten)
      bob.respond = () => 'reject'
      await eventually('it asks', async () => await alice.pay(AHEAD) === 'F02 ')
      expect(await alice.prepaid(), `${id} ${formerKeys.join()}`).to.equal(AHEAD)
      bob.respond = () => 'fulfill'
      await pays(alice, AHEAD)
      expect([await alice.prepaid(), alice.balance + bob.balance], id).to.deep.equal([0n, 0n])
    }
  }

  for (const name of ['alice', 'bob'] as const) {
    it(`goes over once, at whichever write ${name}'s process ends`, async () => {
      for (const write of [1, 2, 3, 4, 6, 8]) {
        const world = await paidAhead()
        const { alice, bob } = world
        const party = world[name]
        alice.options = { ...alice.options, key: 'alice2', formerKeys: ['alice'] }
        await alice.crash()
        const begin = party.store.writes
        party.store.fault = count => {
          if (count >= begin + write) party.store.isFrozen = true
        }
        await alice.plugin.connect().catch(() => undefined)
        await pause(60)
        await party.crash()
        const connecting = party.plugin.connect()
        if (name === 'bob') await eventually('it is back', () => alice.plugin.isConnected())
        await connecting
        await isTaken(world)
        await isCarried(world)
        await pays(alice, AHEAD)
        await pays(alice, 70n)
        await expectUsedUp(world, 570n + AHEAD)
        await Promise.all([alice, bob].map(party => party.plugin.disconnect()))
      }
    })
  }

  describe('when a third key comes', () => {
    /** Alice with another key, all that she asks to carry over refused, until the channels of `over` are. */
    async function uncarried (world: World, over: string, key: string, ...formerKeys: string[]): Promise<void> {
      const { alice } = world
      alice.options = { ...alice.options, key, formerKeys }
      await alice.crash()
      answers(alice, 'carry', () => Promise.reject(new Error('not now')))
      await alice.plugin.connect()
      await isTaken(world, key)
      if (over !== '') await allOver(world, ({ addresses }) => addresses.includes(over))
    }

    /** Its process ends as soon as it has written down that it has given something. */
    function endsOnceGiven ({ store }: Party): void {
      store.fault = () => { store.isFrozen ||= [...store.entries.values()].some(text => /"given":\{"[^"]+":"/.test(text)) }
    }

    async function thirdKey (world: World, key = 'alice3', ...formerKeys: string[]): Promise<void> {
      const { alice, bob } = world
      alice.options = { ...alice.options, key, formerKeys: formerKeys.length > 0 ? formerKeys : ['alice2', 'alice'] }
      await Promise.all([alice, bob].map(party => party.crash()))
      let isThere = false
      answers(alice, 'carry', answer => isThere ? answer() : Promise.reject(new Error('not now')))
      await Promise.all([bob, alice].map(party => party.plugin.connect()))
      await isTaken(world, key)
      isThere = true
      await isCarried(world)
      await pays(alice, AHEAD)
      await pays(alice, 70n)
      await expectUsedUp(world, 570n + AHEAD)
    }

    for (const name of ['alice', 'bob'] as const) {
      it(`goes over all the same, where ${name}'s process has ended between the two writes of it`, async () => {
        const world = await paidAhead()
        const party = world[name]
        await uncarried(world, 'alice', 'alice2', 'alice')
        await world.alice.crash()
        endsOnceGiven(party)
        await world.alice.plugin.connect()
        await eventually('it is given', () => party.store.isFrozen)
        world.bob.store.entries.delete('fake:1 the-contract alice bob paychan:sent') // he has paid nothing, and was never stopped in order
        await thirdKey(world)
      })
    }

    it('goes over all the same, where the peer has it already, its answer was lost, and it does not have the first key any more', async () => {
      const world = await paidAhead()
      const { alice, bob } = world
      let isLost = true
      answers(alice, 'carry', async answer => {
        const said = await answer()
        if (isLost) throw new Error('lost')
        return said
      })
      await rotate(bob)
      await eventually('the peer has it', () => [...bob.store.entries.values()].some(text => text.includes('"taken":{"bob alice":"1000"}')))
      await allOver(world, ({ addresses }) => addresses.includes('bob'))
      await rotate(bob, 'bob3', 'bob2')
      await eventually('the key is taken', async () => await peerKeyOf(alice) === 'bob3')
      isLost = false
      await isCarried(world)
      await pays(alice, AHEAD)
      await expectUsedUp(world, 500n + AHEAD)
    })

    it('goes over to the fourth key, too', async () => {
      const world = await paidAhead()
      const { alice, chain } = world
      chain.balances.set('alice4', 1_000_000n)
      await rotate(alice)
      await isTaken(world)
      await allOver(world, ({ addresses }) => addresses.includes('alice'))
      await isCarried(world)
      await uncarried(world, 'alice2', 'alice3', 'alice2', 'alice')
      await uncarried(world, '', 'alice4', 'alice3', 'alice2', 'alice')
      await thirdKey(world, 'alice4', 'alice3', 'alice2', 'alice')
    })
  })

  it('is not given to another party than the one that paid it', async () => {
    const { alice, bob } = await paidAhead()
    await restart(bob, { peerAddress: 'carol' })
    await eventually('it is there', () => alice.plugin.isConnected())
    const message = { step: 'carry', by: 'carol', with: 'bob', from: { by: 'alice', with: 'bob' } }
    const answer = await alice.plugin.transport.sendMessage([messageEntry(message)]).then(messageOf, describeError)
    expect(answer).to.contain('not between a key that was handed over and the present one')
  })

  it('is all that a peer wins that hands over again and again, and says of it what it likes', async () => {
    const LIES: Array<(answer: () => Promise<Record<string, unknown>>) => Promise<Record<string, unknown>>> = [
      () => Promise.resolve({ carried: '1000000000' }),
      () => Promise.reject(new Error('no')),
      async answer => ({ carried: (BigInt(String((await answer()).carried)) * 3n).toString() })
    ]
    const MOST = 1000n + 1000n // maxPrepaid, and the packet that is under way
    const world = await makeWorld({ ...OPTIONS, maxPrepaid: '1000' }, { ...OPTIONS, claims: 'settlement' })
    const { alice, bob, chain } = world
    for (const key of ['bob2', 'bob3', 'bob4']) chain.balances.set(key, 1_000_000n)
    let delivered = 0n
    const pay = async (amount: bigint): Promise<void> => {
      if (await alice.pay(amount) === 'fulfilled') delivered += amount
      await alice.settle()
      expect(await alice.prepaid() <= MOST, 'prepaid').to.equal(true)
      expect(await headroomOf(alice) <= MOST, 'headroom').to.equal(true)
      expect(credited(bob) - delivered <= MOST, `won ${credited(bob) - delivered}`).to.equal(true)
    }
    const former = ['bob']
    for (const lie of LIES) {
      bob.respond = () => 'fulfill'
      await eventually('it pays', async () => {
        await pay(10n)
        return delivered > 0n
      })
      bob.respond = () => 'reject'
      for (const amount of [300n, 900n, 1000n, 1000n]) await pay(amount)
      answers(alice, 'carry', lie)
      answers(alice, 'claims', async answer => ({ ...await answer(), unused: '0' }))
      const key = `bob${former.length + 1}`
      await rotate(bob, key, ...former)
      former.unshift(key)
      await eventually('the key is taken', async () => await peerKeyOf(alice) === key)
      for (const amount of [300n, 900n, 1000n, 1000n]) await pay(amount)
      await allOver(world, ({ addresses }) => !addresses.includes(key))
      await restart(alice, {})
      for (const amount of [300n, 900n, 1000n, 1000n]) await pay(amount)
    }
  })
})
