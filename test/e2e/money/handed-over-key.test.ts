/**
 * A connector replaces its key on a real chain, and tells the peer. What is paid meanwhile is paid once, what was open under the old key
 * is paid out, and the peer wins nothing by handing over to keys that others have.
 */
import { expect } from 'chai'
import { accounts } from '../../../examples/evm-chain.js'
import { neverHappens, onOneChain, type Duo } from '../../support/money.js'
import { noRejectionLeft } from '../../support/unhandled.js'
import { eventually } from '../../support/waiting.js'

const PEER_OF_BEFORE = 1
const NEW_KEY = 3

describe('a key that was handed over', function () {
  this.timeout(60_000)
  noRejectionLeft()
  const { start } = onOneChain()
  const chainWith = (formerKey: number): Record<string, unknown> => ({ formerKeyIds: [accounts[formerKey]!.privateKey] })

  /** Both have paid each other, then the first one starts with another key. The configuration of the second stays as it was. */
  async function handedOver (): Promise<{ duo: Duo, old: string }> {
    const duo = await start()
    await payBoth(duo)
    const old = (await duo.second.channels())[0]!.channelId
    await duo.restart(0, { key: NEW_KEY, chain: chainWith(PEER_OF_BEFORE) })
    return { duo, old }
  }

  async function payBoth (duo: Duo): Promise<void> {
    expect(await duo.second.pay(5000n)).to.equal('fulfill')
    await duo.even()
    expect(await duo.first.pay(3000n)).to.equal('fulfill')
    await duo.even()
  }

  const addressIn = async ({ second }: Duo): Promise<unknown> =>
    ((await second.plugin.getAdminInfo()).settlement as { peerAddress: unknown }).peerAddress

  async function isTaken (duo: Duo): Promise<void> {
    await eventually('the new key is taken', async () => await addressIn(duo) === accounts[NEW_KEY]!.address.toLowerCase())
  }

  it('pays and is paid on, and its channel is closed by both together: the chain pays out each key what it has won', async () => {
    const { duo, old } = await handedOver()
    await isTaken(duo)
    await payBoth(duo)
    const [newest] = await duo.first.channels()
    expect(newest?.participants[0]).to.equal(accounts[NEW_KEY]!.address.toLowerCase())
    await duo.first.plugin.channels().close(old)
    expect((await duo.first.channels()).find(({ channelId }) => channelId === old)?.status).to.equal('settled')
    expect(await duo.won(PEER_OF_BEFORE)).to.equal(2000n)
    await payBoth(duo)
    await duo.leave(duo.second)
    expect(await Promise.all([PEER_OF_BEFORE, 2, NEW_KEY].map(key => duo.won(key)))).to.deep.equal([2000n, -6000n, 4000n])
    expect([duo.first.delivered, duo.second.delivered]).to.deep.equal([6000n, -6000n])
  })

  it('is known to both after restarts, with nothing owed or paid twice', async () => {
    const { duo } = await handedOver()
    await isTaken(duo)
    await payBoth(duo)
    await duo.restart(1)
    await duo.restart(0)
    await duo.restart(1, { peerKey: NEW_KEY })
    await payBoth(duo)
    expect([duo.first.delivered, duo.second.delivered]).to.deep.equal([6000n, -6000n])
  })

  it('takes what is still claimed through its channel, and defends that against an old claim', async () => {
    const { duo, old } = await handedOver()
    await isTaken(duo)
    expect(await duo.second.tell(await duo.claim(2, old, 90n, 5700n))).to.equal('taken')
    expect(duo.first.balance).to.equal(-700n)
    await duo.send(2, 'closeChannel', old)
    await eventually('the best claim is redeemed', async () =>
      await duo.network.read('claimedAmounts', old, accounts[PEER_OF_BEFORE]!.address) === 5700n)
  })

  it('is not that of another account: what it pays once would be credited twice', async () => {
    const duo = await start()
    await payBoth(duo)
    const listener = (username: string): object => ({ port: duo.port, host: '127.0.0.1', secret: username, username })
    const { options } = duo.second.info()
    const other = {
      ...duo.second.info(), balance: undefined, options: { ...options as object, peerAddress: accounts[NEW_KEY]!.address, listener: listener('other') }
    }
    await Promise.all(duo.nodes.map(({ app }) => app.shutdown()))
    const second = duo.make(1, new Map(duo.second.entries), { others: { other }, options: { listener: listener('first') } })
    const first = duo.make(0, new Map(duo.first.entries), {
      key: NEW_KEY, chain: chainWith(PEER_OF_BEFORE), options: { server: `btp+ws://first:first@127.0.0.1:${duo.port}` }
    })
    await Promise.all([second.app.listen(), first.app.listen()])
    await duo.connected()
    await neverHappens('it is taken', async () => await addressIn(duo) === accounts[NEW_KEY]!.address.toLowerCase(), 1000)
    expect(await duo.first.pay(2000n)).to.equal('fulfill')
    await duo.even()
  })
})
