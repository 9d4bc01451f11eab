/**
 * A settlement's claim was not delivered when the channel is ended together, so the end brings it. Whatever is
 * lost with the process or the power: the settlement that is repeated under its id is paid once.
 */
import { expect } from 'chai'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { makeWorld, type World } from '../../../support/channels/world.js'
import { nextTurn } from '../../../support/waiting.js'

const OWED = 1000n
const ID = 'the-settlement'

describe('a settlement that the end of its channel pays', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** Alice has signed a claim for what she owes, and Bob refused it, because he could not keep it. */
  async function undelivered (): Promise<World & { channelId: string }> {
    const world = await makeWorld({ initialDeposit: '10000', settlementTimeoutSecs: 3600, pollingIntervalMs: 100 })
    const { alice, bob } = world
    await alice.plugin.channels().open({ initialDeposit: 10_000n })
    expect(await alice.pay(OWED)).to.equal('fulfilled')
    bob.store.fault = () => { throw new Error('the disk is full') }
    await alice.plugin.sendMoney(String(OWED), { id: ID }).then(() => expect.fail('it was paid'), () => undefined)
    bob.store.fault = () => undefined
    const { channelId } = (await alice.channels())[0]!
    return { ...world, channelId }
  }

  const after = (ms: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, ms) })

  for (const asker of ['alice', 'bob'] as const) {
    for (const what of ['crash', 'cutPower'] as const) {
      it(`is paid once when ${asker} asks for it and Alice's ${what === 'crash' ? 'process ends' : 'power is cut'} with the transaction`, async () => {
        const world = await undelivered()
        const { alice, bob, chain, channelId } = world
        chain.fault = call => { if (call === 'closeTogether') alice.store.isFrozen = true }
        const closing = world[asker].plugin.channels().close(channelId).catch(() => undefined)
        while (chain.channel(channelId).status !== 'settled') await nextTurn()
        chain.fault = () => undefined
        await alice[what]()
        await Promise.race([closing, after(100)])
        await alice.plugin.connect()
        alice.balance = -OWED // the connector has the settlement as `unknown`, and repeats it under its id
        await alice.settle(ID, 20, OWED)
        while (bob.balance !== 0n) await nextTurn()
        for (const { channelId: open } of await bob.channels()) await bob.plugin.channels().redeem(open).catch(() => undefined)
        expect((chain.balances.get('bob') ?? 0n) - 1_000_000n).to.equal(OWED)
      })
    }
  }
})
