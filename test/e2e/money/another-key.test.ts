/**
 * The peer has another key, and we configure its new address. What is open with the old one is looked after to its end; what is owed is
 * paid to the new one, once.
 */
import { expect } from 'chai'
import { accounts } from '../../../examples/evm-chain.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { neverHappens, onOneChain, type Duo } from '../../support/money.js'
import { eventually } from '../../support/waiting.js'

describe('a peer with another key', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()

  /** Both have paid each other through the peer's first key; then it has another. */
  async function changed (): Promise<{ duo: Duo, old: string, entries: Map<string, string> }> {
    const duo = await start()
    expect(await duo.second.pay(5000n)).to.equal('fulfill')
    await duo.even()
    expect(await duo.first.pay(3000n)).to.equal('fulfill')
    await duo.even()
    const old = (await duo.second.channels())[0]!.channelId
    const { entries } = duo.first
    await duo.first.app.shutdown()
    await duo.second.app.shutdown()
    const second = duo.make(1, new Map(duo.second.entries), { peerKey: 3 })
    const first = duo.make(0, new Map(), { key: 3 })
    await Promise.all([second.app.listen(), first.app.listen()])
    await duo.connected()
    return { duo, old, entries }
  }

  async function isIn ({ second }: Duo, channelId: string, wanted: string): Promise<void> {
    await eventually(`the channel is ${wanted}`, async () =>
      (await second.channels()).some(({ channelId: id, status }) => id === channelId && status === wanted))
  }

  it('is paid at its new address, and the channel with the old one is redeemed, closed and settled by itself', async () => {
    const { duo, old } = await changed()
    expect(await duo.second.pay(4000n)).to.equal('fulfill')
    await duo.even()
    expect((await duo.first.channels()).map(({ theirTransferred }) => theirTransferred)).to.deep.equal([4000n])
    await eventually('we have redeemed and closed', async () =>
      (await duo.second.channels()).some(({ channelId, status }) => channelId === old && status === 'closed'))
    const network = duo.network
    expect(await network.read('claimedAmounts', old, accounts[2]!.address)).to.equal(3000n)
    await duo.chain.pass(3700)
    await isIn(duo, old, 'settled')
    await duo.leave(duo.second)
    // The holder of the first key has thrown it away, and our claim of 5000 with it.
    expect([await duo.won(1), await duo.won(2), await duo.won(3)], 'by the chain').to.satisfy(([one, us, three]: bigint[]) =>
      one! + us! + three! === 0n && three === 4000n)
  })

  it('cannot take its deposit back by closing the channel of its old key', async () => {
    const { duo, old } = await changed()
    await duo.send(1, 'closeChannel', old)
    await eventually('our claim is redeemed', async () => await duo.network.read('claimedAmounts', old, accounts[2]!.address) === 3000n)
    await duo.chain.pass(3700)
    await isIn(duo, old, 'settled')
  })

  it('is paid nothing on a channel of the old key, and nothing that it signs with that is taken', async () => {
    const { duo, old } = await changed()
    const said = await duo.first.tell(await duo.claim(1, old, 5_000_000n, 90_000n))
    expect(said).not.to.equal('taken')
    expect(await duo.first.tell(await duo.claim(3, old, 5_000_001n, 90_000n))).not.to.equal('taken')
    expect(await duo.first.payWith(await duo.claim(1, old, 5_000_002n, 90_000n), 1000n)).not.to.equal('fulfill')
    expect(duo.second.balance).to.equal(0n)
    await neverHappens('something is credited', () => duo.second.balance !== 0n, 500)
  })

  it('that goes back to its old key finds everything as it was', async () => {
    const { duo, entries } = await changed()
    await Promise.all(duo.nodes.map(({ app }) => app.shutdown()))
    const nodes = [duo.make(1, new Map(duo.second.entries), { peerKey: 1 }), duo.make(0, new Map(entries), { key: 1 })]
    await Promise.all(nodes.map(({ app }) => app.listen()))
    await duo.connected()
    await neverHappens('something is credited or owed', () => duo.second.balance !== 0n, 500)
    expect(await duo.second.pay(2000n)).to.equal('fulfill')
    await eventually('it is paid', () => duo.second.isEven)
    expect(duo.first.balance).to.equal(0n)
  })

  it('is not paid again what a former key was paid, when the answer was lost and the settlement is repeated', async () => {
    const duo = await start()
    expect(await duo.second.pay(5000n)).to.equal('fulfill')
    await duo.even()
    await duo.second.plugin.sendMoney('700', { id: 'the-settlement' })
    await eventually('the peer has it', () => duo.first.balance === -700n)
    const second = await duo.restart(1, { peerKey: 3 })
    await second.plugin.sendMoney('700', { id: 'the-settlement' }).catch(() => undefined)
    const paid = async (): Promise<bigint> => (await second.channels()).reduce((sum, { transferred }) => sum + transferred, 0n)
    await neverHappens('it is paid again', async () => await paid() > 5700n, 500)
  })
})
