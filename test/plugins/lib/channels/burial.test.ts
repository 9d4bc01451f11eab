/** What claims say is forgotten when a channel is over; not when one look shows it as over, which may have been of two blocks, or wrong. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { afterTest, closeAll } from '../../../support/btp.js'
import { TWO_WAY, type FakeChain } from '../../../support/channels/fake-chain.js'
import { claimOf } from '../../../support/channels/fake-codec.js'
import { makeWorld, type World } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { nextTurn } from '../../../support/waiting.js'

const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600, redeemThreshold: '1000000', pollingIntervalMs: 100 }

/** Alice has paid Bob 1000. */
async function paidWorld (): Promise<World & { channelId: string }> {
  const world = await makeWorld(OPTIONS, undefined, TWO_WAY)
  await world.alice.pay(1000n)
  await world.alice.settle()
  return { ...world, channelId: (await world.alice.channels())[0]!.channelId }
}

/** Shows a party the channel as over in the first of its next looks. Resolves when it has looked once more. */
async function misread (chain: FakeChain, party: string, channelId: string): Promise<void> {
  const right = chain.channel(channelId)
  const before = chain.fault
  let looks = 0
  chain.fault = (call, address, id) => {
    const isMisread = call === 'state confirmed' && address === party && looks++ === 0
    chain.channels.set(channelId, isMisread ? { ...right, status: 'settled' } : right)
    return before(call, address, id)
  }
  afterTest(() => { chain.fault = before })
  while (looks < 2) await nextTurn()
  chain.fault = before
}

describe('a channel that one look shows as over', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('keeps its claim, which is redeemed when the peer closes', async () => {
    const { chain, channelId } = await paidWorld()
    await misread(chain, 'bob', channelId)
    await chain.provider('alice').close(channelId, 'behind the back of her plugin')
    while (chain.channel(channelId).sides.bob!.claimed < 1000n) await nextTurn()
  })

  it('has no claim counted twice', async () => {
    const { alice, bob, chain, channelId } = await paidWorld()
    await misread(chain, 'bob', channelId)
    const { text } = claimOf('alice', channelId, 1100n, 1100n)
    await alice.plugin.transport.sendMessage([{ protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(text) }])
    while ([...bob.credited.values()].reduce((sum, each) => sum + each, 0n) < 1100n) await nextTurn()
    expect([...bob.credited.values()].reduce((sum, each) => sum + each, 0n)).to.equal(1100n)
  })

  it('keeps its claim for as long as its challenge takes, whatever the only node shows until then', async () => {
    const { bob, chain, channelId } = await paidWorld()
    const right = chain.channel(channelId)
    chain.channels.set(channelId, { ...right, status: 'settled' })
    while ((await bob.channels())[0]?.status !== 'settled') await nextTurn()
    hoursPass(0.9)
    let looks = 0
    chain.fault = call => { if (call === 'state confirmed') looks++ }
    while (looks < 10) await nextTurn()
    chain.channels.set(channelId, right)
    await chain.provider('alice').close(channelId, 'behind the back of her plugin')
    while (chain.channel(channelId).sides.bob!.claimed < 1000n) await nextTurn()
  })

  it('has nothing paid again that the peer can still redeem', async () => {
    const { alice, chain, channelId } = await paidWorld()
    await misread(chain, 'alice', channelId)
    await alice.pay(100n)
    await alice.settle()
    expect((await alice.channels()).map(({ transferred }) => transferred)).to.deep.equal([1100n])
  })
})

function hoursPass (hours: number): void {
  const clock = useFakeTimers({ now: Date.now() + hours * 3_600_000, toFake: ['Date'], shouldAdvanceTime: true })
  afterTest(() => { clock.restore() })
}

describe('a channel that is over', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('is used for nothing any more, if the chain shows it as open long after', async () => {
    const { alice, bob, chain, channelId } = await paidWorld()
    const right = chain.channel(channelId)
    chain.channels.set(channelId, { ...right, status: 'settled' })
    while ((await bob.channels())[0]?.status !== 'settled') await nextTurn()
    hoursPass(1)
    while (!bob.log.lines.some(line => line.includes('has not paid out all'))) await nextTurn()
    chain.channels.set(channelId, right)
    while ((await bob.channels())[0]?.status !== 'open') await nextTurn()
    const before = [...bob.credited.values()].reduce((sum, each) => sum + each, 0n)
    const { text } = claimOf('alice', channelId, 1100n, 1100n)
    const said = await alice.plugin.transport.sendMessage([{ protocolName: 'payment-channel-claim', contentType: 1, data: Buffer.from(text) }])
      .then(() => 'taken', String)
    expect(said).to.include('not open')
    expect([...bob.credited.values()].reduce((sum, each) => sum + each, 0n)).to.equal(before)
  })
})
