/** A key is replaced while the two pay each other: nothing is lost, paid twice or held up, and nobody else can say that it was. */
import { expect } from 'chai'
import { useFakeTimers, type SinonFakeTimers } from 'sinon'
import { CHANNEL_PROTOCOL, CLAIM_PROTOCOL, messageOf } from '../../../../plugins/lib/channels/messages.js'
import { describeError } from '../../../../src/lib/describe-error.js'
import { jsonOf } from '../../../../src/lib/json.js'
import { afterTest, closeAll } from '../../../support/btp.js'
import { EXACT, ONE_WAY, PLAIN, TAKEN, TWO_WAY } from '../../../support/channels/fake-chain.js'
import { claimOf, statementSignatureOf } from '../../../support/channels/fake-codec.js'
import { OPTIONS, allOver, isTaken, paidWorld, payBoth, restart, rotate } from '../../../support/channels/rotation.js'
import { makeWorld, type Party, type World } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { eventually, pause } from '../../../support/waiting.js'

describe('a key that hands over to another one', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** Whose claims pay through which keys, in the view of a party. */
  async function keysOf (party: Party): Promise<string[]> {
    return (await party.channels()).filter(({ transferred, theirTransferred }) => transferred + theirTransferred > 0n)
      .map(({ participants, status }) => `${participants.join('-')} ${status}`)
  }

  const total = ({ chain }: World): bigint => chain.supply()
  for (const [name, features] of Object.entries({ TWO_WAY, EXACT, ONE_WAY, TAKEN, PLAIN })) {
    for (const claims of ['settlement', 'packet']) {
      it(`is paid and pays through the new one at once, and its channels come to their end: ${name}, a claim for each ${claims}`, async () => {
        const world = await paidWorld({ ...OPTIONS, claims }, features)
        const { alice, bob, chain } = world
        const before = total(world)
        await rotate(alice)
        await isTaken(world)
        await payBoth(world, [500n, 300n])
        await eventually('both pay through the new key', async () => {
          await payBoth(world, [5n, 5n])
          const keys = await keysOf(alice)
          return keys.some(key => key.startsWith('alice2-bob'))
        })
        await allOver(world, ({ addresses }) => addresses.includes('alice'))
        expect(total(world)).to.equal(before)
        await payBoth(world, [50n, 30n])
        expect(await alice.prepaid() + await bob.prepaid() + alice.balance + bob.balance, 'books').to.equal(0n)
        expect([...chain.channels.values()].filter(({ addresses }) => addresses.includes('alice2')), 'open').not.to.have.lengthOf(0)
      })
    }
  }

  it('closes the old channel together with the peer, without a challenge', async () => {
    const world = await paidWorld()
    await rotate(world.alice)
    await isTaken(world)
    await allOver(world, ({ addresses }) => addresses.includes('alice'))
    expect(world.chain.transactions.filter(call => call.startsWith('close '))).to.deep.equal([])
    expect(world.chain.balances.get('alice')).to.equal(1_000_000n - 600n)
  })

  it('leaves the old channel alone as long as something is paid through it', async () => {
    const world = await paidWorld()
    const { alice, bob, chain } = world
    await rotate(alice)
    await isTaken(world)
    const clock: SinonFakeTimers = useFakeTimers({ now: Date.now(), toFake: ['Date'], shouldAdvanceTime: true })
    afterTest(() => { clock.restore() })
    const [old] = chain.channels.keys()
    for (let minute = 0n; minute < 5n; minute++) {
      clock.tick(60_000)
      await tell(bob, claimOf('bob', old ?? '', 10n + minute, 401n + minute))
      await alice.plugin.channels().list()
      expect(chain.channel(old ?? '').status).to.equal('open')
    }
    expect(alice.balance).to.equal(-5n)
    clock.restore()
  })

  it('is believed once: after a restart of either side with its old configuration, and with the new address in it', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    await rotate(alice)
    await isTaken(world)
    for (const changes of [{}, { peerAddress: 'alice2' }, {}]) {
      await alice.crash()
      bob.options = { ...bob.options, ...changes }
      await bob.crash()
      const listening = bob.plugin.connect()
      await alice.plugin.connect()
      await listening
      await isTaken(world)
      await payBoth(world, [70n, 60n])
    }
    await expectSettled(world)
    expect((await keysOf(bob)).filter(key => key.startsWith('bob-alice2'))).not.to.have.lengthOf(0)
  })

  it('is remembered by the peer, which leaves the channels of the new key alone while that is away', async () => {
    const world = await paidWorld()
    const { alice, bob, chain } = world
    await rotate(alice)
    await isTaken(world)
    await payBoth(world, [70n, 60n])
    await alice.crash()
    await bob.crash()
    bob.plugin.connect().catch(() => undefined)
    await eventually('it has looked', () => bob.log.lines.some(line => line.includes('listening')))
    await pause(400)
    const open = [...chain.channels.values()].filter(({ addresses }) => addresses.includes('alice2'))
    expect(open.map(({ status }) => status)).to.deep.equal(open.map(() => 'open'))
  })

  it('is told again when the answer of the peer was lost', async () => {
    const world = await paidWorld()
    const { alice } = world
    const entries = new Map(alice.store.entries)
    await rotate(alice)
    await isTaken(world)
    await alice.plugin.disconnect()
    for (const key of alice.store.entries.keys()) if (!entries.has(key)) alice.store.entries.delete(key) // as if it was never written
    await rotate(alice)
    await isTaken(world)
    await payBoth(world, [70n, 60n])
    await expectSettled(world)
  })

  it('is the third, and the peer was away as long as the second was there', async () => {
    const world = await paidWorld()
    const { alice, bob, chain } = world
    chain.balances.set('alice3', 1_000_000n)
    await bob.crash()
    alice.options = { ...alice.options, key: 'alice2', formerKeys: ['alice'] }
    await alice.crash()
    alice.plugin.connect().catch(() => undefined)
    await pause(100)
    alice.options = { ...alice.options, key: 'alice3', formerKeys: ['alice2', 'alice'] }
    await alice.crash()
    const listening = bob.plugin.connect()
    await alice.plugin.connect()
    await listening
    await isTaken(world, 'alice3')
    await payBoth(world, [70n, 60n])
    await expectSettled(world, 5_000_000n)
  })

  it('is told again to a peer that was restored from before it', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    const names = new Set(bob.store.entries.keys())
    await rotate(alice)
    await isTaken(world)
    await alice.crash()
    for (const key of bob.store.entries.keys()) if (!names.has(key)) bob.store.entries.delete(key)
    await bob.crash()
    const listening = bob.plugin.connect()
    await alice.plugin.connect()
    await listening
    await isTaken(world)
    await payBoth(world, [70n, 60n])
    await expectSettled(world)
  })

  it('goes on as before with a peer that knows no handover, and through the new key once that peer uses it', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    alice.options = { ...alice.options, key: 'alice2', formerKeys: ['alice'] }
    await alice.crash()
    const { transport } = alice.plugin
    const send = transport.sendMessage.bind(transport)
    transport.sendMessage = async entries => {
      if (entries.some(({ data }) => data.includes('"handover"'))) throw new Error('unknown step')
      return await send(entries)
    }
    await alice.plugin.connect()
    await eventually('it is said', () => alice.log.lines.some(line => line.includes('has not taken our new key')))
    await payBoth(world, [70n, 60n])
    await expectSettled(world)
    expect((await alice.plugin.channels().states()).address).to.equal('alice')
    const [opened, total] = await openTo(world, 'bob', 'alice2')
    await tell(bob, claimOf('bob', opened, 1n, total))
    await eventually('the new key pays', async () => (await alice.plugin.channels().states()).address === 'alice2')
  })

  /** A channel from one to the other, by whoever has the key. */
  async function openTo ({ chain }: World, from: string, to: string): Promise<[string, bigint]> {
    const provider = chain.provider(from)
    const { channelId } = await provider.openChannel(to, 3600, 'by hand')
    await provider.deposit(channelId, 100n, 'by hand too')
    return [channelId, 40n]
  }

  it('pays a settlement once whose claim was on its way', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    expect(await alice.pay(700n)).to.equal('fulfilled')
    await alice.settle('the-settlement')
    alice.balance -= 700n // its answer was lost
    await rotate(alice)
    await isTaken(world)
    await alice.settle('the-settlement', 5, 700n)
    await expectSettled(world)
    expect(bob.balance).to.equal(0n)
  })

  it('pays a settlement once, also after a restart, when the channels of the key that paid it are over', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    expect(await alice.pay(700n)).to.equal('fulfilled')
    await alice.settle('the-settlement')
    await rotate(alice)
    await isTaken(world)
    await allOver(world, ({ addresses }) => addresses.includes('alice'))
    await restart(alice, {})
    await isTaken(world)
    await alice.plugin.sendMoney('700', { id: 'the-settlement' }) // its answer was lost
    await expectSettled(world)
    expect(bob.balance).to.equal(0n)
  })

  /** Whether the settlement is sent: not while the channel of an earlier claim for it may still pay. */
  const sends = async ({ plugin }: Party): Promise<boolean> => await plugin.sendMoney('700', { id: 'the-settlement' }).then(() => true, () => false)

  /** Alice's first key has made a claim for a settlement of 700 that Bob never got, and whose channel is over; her second one is there. */
  async function loseSettlement (world: World): Promise<void> {
    const { alice, chain } = world
    expect(await alice.pay(700n)).to.equal('fulfilled')
    const { transport } = alice.plugin
    const send = transport.sendMessage.bind(transport)
    transport.sendMessage = async entries => {
      if (entries.some(({ protocolName }) => protocolName === CLAIM_PROTOCOL)) throw new Error('lost')
      return await send(entries)
    }
    expect(await alice.settle('the-settlement', 1).then(() => 'paid', () => 'not known')).to.equal('not known')
    const [old = ''] = chain.channels.keys()
    await chain.provider('bob').close(old, 'by hand')
    await rotate(alice)
    await isTaken(world)
    await allOver(world, ({ addresses }) => addresses.includes('alice'))
  }

  it('pays what is missing of a settlement whose channel has ended, once', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    await loseSettlement(world)
    await eventually('it is known what the old channel has paid', () => sends(alice))
    for (let time = 0; time < 2; time++) await alice.plugin.sendMoney('700', { id: 'the-settlement' })
    alice.balance += 700n
    await expectSettled(world)
    expect(bob.balance).to.equal(0n)
  })

  it('pays a settlement once that the second key has paid, once the third is there', async () => {
    const world = await paidWorld()
    const { alice, bob, chain } = world
    chain.balances.set('alice3', 1_000_000n)
    await loseSettlement(world)
    await eventually('the first key knows that it did not pay', () => sends(alice))
    await rotate(alice, 'alice3', 'alice2', 'alice')
    await isTaken(world, 'alice3')
    for (let time = 0; time < 2; time++) await alice.plugin.sendMoney('700', { id: 'the-settlement' })
    alice.balance += 700n
    await expectSettled(world, 5_000_000n)
    expect(bob.balance).to.equal(0n)
  })

  describe('is not taken', () => {
    let world: World
    beforeEach(async () => { world = await paidWorld() })

    interface Said {
      from?: string
      to?: string
      peer?: string
      signers?: [string, string]
      chain?: string
    }

    /** What Bob answers when somebody who has Alice's connection says this. */
    async function said ({ from = 'alice', to = 'mallory', peer = 'bob', signers = [from, to], chain = 'fake:1' }: Said): Promise<string> {
      const text = `Sluice: a key for payment channels hands over to another one.\nchain: ${chain}\nfrom: ${from}\nto: ${to}\npeer: ${peer}`
      const [old, young] = signers.map(signer => statementSignatureOf(signer, text))
      return await ask({ step: 'handover', from, to, peer, signatures: { from: old, to: young } })
    }

    async function ask (message: object): Promise<string> {
      const data = Buffer.from(jsonOf(message))
      return await world.alice.plugin.transport.sendMessage([{ protocolName: CHANNEL_PROTOCOL, contentType: 2, data }])
        .then(entries => jsonOf(messageOf(entries)), describeError)
    }

    const refusals: Array<[string, Said]> = [
      ['without the signature of the old key', { signers: ['mallory', 'mallory'] }],
      ['without the signature of the new key, which may be anybody\'s', { signers: ['alice', 'alice'] }],
      ['from another key than the one that we settle with', { from: 'mallory', to: 'mallory2' }],
      ['on another chain', { chain: 'fake:2' }],
      ['before another peer', { peer: 'carol' }]
    ]
    for (const [name, words] of refusals) {
      it(name, async () => {
        expect(await said(words)).not.to.contain('taken')
        await payBoth(world, [70n, 60n])
        await expectSettled(world)
        expect(await keysOf(world.bob)).to.deep.equal(['bob-alice open'])
      })
    }

    it('in another form', async () => {
      for (const message of [{ step: 'handover' }, { step: 'handover', from: 1, to: [], peer: {}, signatures: 'x' }]) {
        expect(await ask(message)).to.contain('not a handover')
      }
    })

    it('a second time, by the key that has handed over', async () => {
      expect(await said({ to: 'alice2' })).to.contain('taken')
      expect(await said({ to: 'mallory' })).to.contain('another key of yours')
      expect(await said({ to: 'alice2' })).to.contain('taken') // the answer was lost
    })

    it('by a third key, as long as channels of the first are not settled', async () => {
      expect(await said({ to: 'alice2' })).to.contain('taken')
      expect(await said({ from: 'alice2', to: 'alice3' })).to.contain('not settled yet')
      await allOver(world, ({ addresses }) => addresses.includes('alice'))
      expect(await said({ from: 'alice2', to: 'alice3' })).to.contain('taken')
    })

    it('without end', async () => {
      const empty = await makeWorld(OPTIONS)
      world = empty
      const answers: string[] = []
      for (let i = 0; i < 12; i++) answers.push(await said({ from: i === 0 ? 'alice' : `alice${i}`, to: `alice${i + 1}` }))
      expect(answers[5]).to.contain('taken')
      expect(answers.at(-1)).not.to.contain('taken')
    })
  })

  async function tell (party: Party, claim: { text: string }): Promise<void> {
    await party.plugin.transport.sendMessage([{ protocolName: CLAIM_PROTOCOL, contentType: 1, data: Buffer.from(claim.text) }])
  }

  async function expectSettled (world: World, supply = 4_000_000n): Promise<void> {
    const { alice, bob } = world
    expect(alice.balance + bob.balance + await alice.prepaid() + await bob.prepaid(), 'books').to.equal(0n)
    expect(total(world)).to.equal(supply)
  }

})
