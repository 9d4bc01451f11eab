/** A settlement whose outcome is unknown is paid once, whatever keys the two sides have had since. */
import { expect } from 'chai'
import { openEarlier } from '../../../../plugins/lib/channels/earlier.js'
import { CLAIM_PROTOCOL, messageEntry, messageOf } from '../../../../plugins/lib/channels/messages.js'
import { closeAll } from '../../../support/btp.js'
import { statementSignatureOf } from '../../../support/channels/fake-codec.js'
import { OPTIONS, allOver, credited, isTaken, paidUnheard, paidWorld, peerKeyOf, restart, rotate } from '../../../support/channels/rotation.js'
import { makeWorld } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { eventually, pause } from '../../../support/waiting.js'

describe('a settlement whose outcome is unknown', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('is paid once, where the peer hands over twice, and the operator puts the first new address in', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob, chain } = world
    chain.balances.set('bob3', 1_000_000n)
    const before = credited(bob)
    await paidUnheard(world)
    expect(credited(bob) - before, 'bob has it').to.equal(700n)
    await rotate(bob)
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob2')
    await restart(alice, { peerAddress: 'bob2' })
    await allOver(world, ({ addresses }) => addresses.includes('bob'))
    await rotate(bob, 'bob3', 'bob2', 'bob')
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob3')
    await restart(alice, {})
    await eventually('there', () => alice.plugin.isConnected())
    await alice.settle('the-settlement', 5, 700n)
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
  })

  it('is paid once, where the peer hands over three times', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob, chain } = world
    for (const key of ['bob3', 'bob4']) chain.balances.set(key, 1_000_000n)
    await rotate(bob)
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob2')
    await allOver(world, ({ addresses }) => addresses.includes('bob'))
    const before = credited(bob)
    await paidUnheard(world)
    expect(credited(bob) - before, 'bob has it').to.equal(700n)
    await rotate(bob, 'bob3', 'bob2')
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob3')
    await allOver(world, ({ addresses }) => addresses.includes('bob2'))
    await rotate(bob, 'bob4', 'bob3')
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob4')
    await restart(alice, {})
    await eventually('there', () => alice.plugin.isConnected())
    await alice.settle('the-settlement', 5, 700n)
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
  })

  it('is paid once, where the operator types another address once the channels are over', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob, chain } = world
    const before = credited(bob)
    await paidUnheard(world)
    const [old = ''] = chain.channels.keys()
    await chain.provider('bob').close(old, 'by hand')
    await allOver(world, ({ addresses }) => addresses.includes('bob'))
    await restart(bob, { key: 'bob2', formerKeys: [] })
    await restart(alice, { peerAddress: 'bob2' })
    await eventually('there', () => alice.plugin.isConnected())
    await alice.settle('the-settlement', 5, 700n)
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
  })

  it('is paid once, where our key was replaced, and the former one is not configured any more', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob } = world
    const before = credited(bob)
    await paidUnheard(world)
    await rotate(alice)
    await isTaken(world)
    await allOver(world, ({ addresses }) => addresses.includes('alice'))
    await alice.plugin.disconnect()
    await restart(alice, { formerKeys: [] })
    await eventually('there', () => alice.plugin.isConnected())
    await alice.settle('the-settlement', 5, 700n)
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
    await alice.plugin.sendMoney('70', { id: 'another' })
    expect(credited(bob) - before).to.equal(770n)
  })

  it('is paid once, where the account had another id meanwhile, under which the peer has handed over', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob } = world
    const before = credited(bob)
    await paidUnheard(world)
    const isOfAccount = (name: string): boolean => name.startsWith('paychan:')
    const kept = [...alice.store.entries].filter(([name]) => isOfAccount(name))
    await alice.crash()
    for (const [name] of kept) alice.store.entries.delete(name)
    await alice.plugin.connect()
    await rotate(bob)
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob2')
    await allOver(world, ({ addresses }) => addresses.includes('bob'))
    await alice.crash()
    for (const name of alice.store.entries.keys()) if (isOfAccount(name)) alice.store.entries.delete(name)
    for (const [name, text] of kept) alice.store.entries.set(name, text)
    await restart(alice, { peerAddress: 'bob2' })
    await eventually('there', () => alice.plugin.isConnected())
    await alice.settle('the-settlement', 5, 700n)
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
  })

  it('is paid once, where it waits for its turn while the peer hands over', async () => {
    const world = await paidWorld({ ...OPTIONS, pollingIntervalMs: 100 })
    const { alice, bob } = world
    const before = credited(bob)
    const { transport } = alice.plugin
    const send = transport.sendMessage.bind(transport)
    let goOn: () => void = () => undefined
    let isHeld = false
    transport.sendMessage = async entries => {
      if (!isHeld && entries.some(({ protocolName }) => protocolName === CLAIM_PROTOCOL)) {
        isHeld = true
        await new Promise<void>(resolve => { goOn = resolve })
      }
      return await send(entries)
    }
    const pay = (amount: string, id: string): Promise<unknown> => alice.plugin.sendMoney(amount, { id }).catch(String)
    const payments = [pay('300', 'the first'), pay('400', 'the second')]
    await eventually('the first is on its way', () => isHeld)
    await rotate(bob)
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob2')
    payments.push(pay('400', 'the second'))
    await pause(50)
    goOn()
    await Promise.all(payments)
    for (const [amount, id] of [['300', 'the first'], ['400', 'the second']] as const) await alice.plugin.sendMoney(amount, { id })
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
  })

  it('is not forgotten for any number of keys', async () => {
    const { alice, bob } = await makeWorld(OPTIONS)
    let taken = 0
    for (let start = 0; start < 5; start++) {
      for (let i = 0; i < 8; i++) {
        const [from, to] = [taken === 0 ? 'alice' : `alice${taken + 1}`, `alice${taken + 2}`]
        const text = `Sluice: a key for payment channels hands over to another one.\nchain: fake:1\nfrom: ${from}\nto: ${to}\npeer: bob`
        const signatures = { from: statementSignatureOf(from, text), to: statementSignatureOf(to, text) }
        await alice.plugin.transport.sendMessage([messageEntry({ step: 'handover', from, to, peer: 'bob', signatures })])
          .then(entries => { if (messageOf(entries).taken === true) taken++ }, () => undefined)
      }
      await restart(bob, {})
      await eventually('there', () => alice.plugin.isConnected())
    }
    expect(taken).to.equal(31)
  })

  it('is not paid as long as a claim between addresses that are gone may pay it', async () => {
    const entries = new Map<string, string>()
    const store = {
      get: (key: string) => Promise.resolve(entries.get(key)),
      put: (key: string, value: string) => { entries.set(key, value); return Promise.resolve() },
      del: () => Promise.resolve()
    }
    const earlier = await openEarlier(store, 'fake:1 the-contract')
    await earlier.add({ ours: ['bob'], theirs: ['alice', 'alice2'] })
    const parts = [{ channelId: 'the-channel', from: '100', to: '800' }]
    entries.set('paychan:sent', JSON.stringify({ payments: [{ id: 'open', missing: '0', parts }, { id: 'over', missing: '200', parts: [] }] }))
    await earlier.load('sent', ({ peer }) => peer === 'alice' ? store : undefined)
    const left = (id: string, isOpen = false): bigint => earlier.leftOf(id, 700n, () => isOpen)
    expect(() => left('open')).to.throw('ownAddress=bob peerAddress=alice channelId=the-channel')
    expect([left('over'), left('another'), left('open', true)]).to.deep.equal([200n, 700n, 700n])
  })

  it('is not paid as long as it is not known which addresses there were', async () => {
    const { alice } = await paidWorld()
    const name = [...alice.store.entries.keys()].find(key => key.includes('earlier')) ?? ''
    await alice.crash()
    alice.store.entries.set(name, '{"version":1}')
    await alice.plugin.connect()
    const { settlement } = await alice.plugin.getAdminInfo() as { settlement: { trouble?: string } }
    expect(settlement.trouble).to.contain(name).and.to.contain('restore it from a backup')
  })
})
