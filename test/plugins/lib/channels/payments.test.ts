/** A settlement is paid once, whichever keys of the peer paid parts of it. */
import { expect } from 'chai'
import { CLAIM_PROTOCOL } from '../../../../plugins/lib/channels/messages.js'
import { AccountParts, type AccountPartsDeps } from '../../../../plugins/lib/channels/account-parts.js'
import type { Pairs } from '../../../../plugins/lib/channels/pairs.js'
import { Payments } from '../../../../plugins/lib/channels/payments.js'
import { Units } from '../../../../plugins/lib/channels/units.js'
import { closeAll } from '../../../support/btp.js'
import { OPTIONS, allOver, credited, paidUnheard, paidWorld, peerKeyOf, restart, rotate } from '../../../support/channels/rotation.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { eventually } from '../../../support/waiting.js'

describe('a settlement', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('is paid once, where the account had another id meanwhile that has settled more often than is remembered', async () => {
    const world = await paidWorld()
    const { alice, bob } = world
    const before = credited(bob)
    await paidUnheard(world)
    const { id } = alice.page
    const underId = async (id: string): Promise<void> => {
      await alice.plugin.disconnect()
      alice.page.id = id
      await restart(alice, {})
      await eventually('there', () => alice.plugin.isConnected())
    }
    await underId('another')
    for (let i = 0; i < 40; i++) await alice.plugin.sendMoney('10', { id: `of another ${i}` })
    await underId(id)
    await alice.settle('the-settlement', 5, 700n)
    expect(credited(bob) - before).to.equal(700n + 400n)
  })

  it('puts nothing into channels of a key that was handed over while it waited for its turn: the new one is paid the rest', async () => {
    const { alice, bob, chain } = await paidWorld()
    const before = credited(bob)
    const depositBefore = (): bigint | undefined => [...chain.channels.values()].find(({ addresses }) => addresses.includes('bob'))?.sides.alice?.deposit
    const { transport } = alice.plugin
    const send = transport.sendMessage.bind(transport)
    let goOn: (() => void) | undefined
    transport.sendMessage = async entries => {
      if (goOn === undefined && entries.some(({ protocolName }) => protocolName === CLAIM_PROTOCOL)) {
        await new Promise<void>(resolve => { goOn = resolve })
      }
      return await send(entries)
    }
    const pay = (amount: string, id: string): Promise<string> => alice.plugin.sendMoney(amount, { id }).then(() => 'paid', () => 'not yet')
    const payments = [pay('300', 'the first'), pay('30000', 'the second'), pay('20000', 'the third')]
    await eventually('the first is on its way', () => goOn !== undefined)
    await rotate(bob)
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob2')
    goOn?.()
    expect(await Promise.all(payments)).to.deep.equal(['paid', 'not yet', 'not yet'])
    expect(depositBefore()).to.equal(10_000n)
    await eventually('paid', async () => await pay('30000', 'the second') === 'paid' && await pay('20000', 'the third') === 'paid')
    expect(credited(bob) - before).to.equal(50_300n)
    expect(depositBefore()).to.equal(10_000n)
  })

  it('is paid through one key, where the peer hands over while it is looked for what others have paid of it', async () => {
    const paid: string[] = []
    const partsOf = (peer: string, isRunning: boolean): unknown => ({
      settings: { peerAddress: peer, units: new Units(9, 9) },
      outgoing: {
        knows: () => isRunning,
        finish: () => Promise.resolve(0n),
        settle: () => Promise.resolve(paid.push(peer))
      }
    })
    const keys = [partsOf('bob', true), partsOf('bob2', false)]
    const pairs = {
      get present () { return keys[0] },
      all: () => keys,
      find: () => undefined,
      refuseClash: () => undefined,
      earlier: {
        leftOf: (_: string, tokens: bigint) => {
          queueMicrotask(() => { if (paid.length === 0 && keys[0] === first) keys.reverse() })
          return tokens
        }
      }
    }
    const first = keys[0]
    const account = new AccountParts(pairs as unknown as Pairs, {} as unknown as AccountPartsDeps)
    await account.settle('the-settlement', 700n)
    expect(paid).to.deep.equal([])
  })

  it('is remembered as long as its account has few that are newer, and others do not have very many', () => {
    const payments = new Payments()
    payments.load([{ id: 'of a former version', missing: '0', parts: [] }])
    payments.begin('open', 7n, 'first')
    for (let i = 0; i < 33; i++) payments.begin(`${i}`, 0n, 'first')
    expect(['of a former version', 'open', '0', '1', '2', '32'].map(id => payments.missing(id))).to.deep.equal([0n, 7n, undefined, undefined, 0n, 0n])
    for (let i = 0; i < 1000; i++) payments.begin(`of ${i}`, 0n, `account ${i}`)
    expect(payments.toJSON().length).to.equal(256)
    expect(payments.missing('open')).to.equal(7n)
  })

  it('is paid once, where a part was paid through the second key, and the first key is back', async () => {
    const world = await paidWorld({ ...OPTIONS, initialDeposit: '500' }) // a part each
    const { alice, bob, chain } = world
    chain.depositLimit = 500n
    const before = credited(bob)
    expect(await alice.pay(700n)).to.equal('fulfilled')
    let isDeaf = (text: string): boolean => text !== ''
    const deafen = (): void => {
      const { transport } = alice.plugin
      const send = transport.sendMessage.bind(transport)
      transport.sendMessage = async entries => {
        const claim = entries.find(({ protocolName }) => protocolName === CLAIM_PROTOCOL)
        if (claim !== undefined && isDeaf(claim.data.toString())) throw new Error('lost')
        return await send(entries)
      }
    }
    deafen()
    expect(await alice.settle('the-settlement', 1).then(() => 'paid', () => 'not known')).to.equal('not known')
    for (const { id, status } of chain.channels.values()) if (status === 'open') await chain.provider('bob').close(id, `by hand ${id}`)
    await rotate(bob)
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob2')
    await allOver(world, ({ addresses }) => addresses.includes('bob'))
    // Bob's second key takes the claim on the first channel, and not the one on the second.
    let first: string | undefined
    isDeaf = text => {
      const { channelId } = JSON.parse(text) as { channelId: string }
      if (chain.channel(channelId).addresses.includes('bob2')) first ??= channelId
      return channelId !== first
    }
    await eventually('a part is paid', async () => {
      expect(await alice.plugin.sendMoney('700', { id: 'the-settlement' }).then(() => 'paid', () => 'not known')).to.equal('not known')
      return credited(bob) > before
    })
    const through2 = credited(bob) - before
    expect(through2 > 0n && through2 < 700n, `a part: ${through2}`).to.equal(true)
    for (const { id, status } of chain.channels.values()) if (status === 'open') await chain.provider('bob2').close(id, `by hand ${id}`)
    await restart(alice, {})
    await eventually('there', () => alice.plugin.isConnected())
    await rotate(bob, 'bob', 'bob2')
    await eventually('taken', async () => await peerKeyOf(alice) === 'bob')
    await allOver(world, ({ addresses }) => addresses.includes('bob2')).catch(() => undefined) // one with nothing left in it stays in `closing`
    await restart(alice, {})
    await eventually('there', () => alice.plugin.isConnected())
    await eventually('paid', () => alice.plugin.sendMoney('700', { id: 'the-settlement' }).then(() => true, () => false))
    expect(credited(bob) - before, 'credited to bob').to.equal(700n)
  })
})
