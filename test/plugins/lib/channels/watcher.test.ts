/**
 * What looks after channels while something hangs or is refused: a close is answered first, whatever else waits for the chain, and no
 * channel is settled over a claim of ours.
 */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { ChainError } from '../../../../plugins/lib/channels/types.js'
import { afterTest, closeAll } from '../../../support/btp.js'
import { PROVEN, TAKEN, TWO_WAY, type FakeChain, type FakeFeatures } from '../../../support/channels/fake-chain.js'
import { makeWorld, type PartyOptions, type World } from '../../../support/channels/world.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { nextTurn } from '../../../support/waiting.js'

const HOUR_MS = 3_600_000
const OPTIONS = { initialDeposit: '10000', settlementTimeoutSecs: 3600, redeemThreshold: '1000000', pollingIntervalMs: 100 }

/** Alice has paid Bob 1000. */
async function paidWorld (features: FakeFeatures, options: PartyOptions = {}): Promise<World & { channelId: string }> {
  const world = await makeWorld({ ...OPTIONS, ...options }, undefined, features)
  const { alice } = world
  await alice.pay(1000n)
  await alice.settle()
  return { ...world, channelId: (await alice.channels())[0]!.channelId }
}

/** Calls of a party that do not come to their end before the test does. Says how often it was called. */
function hang (chain: FakeChain, party: string, name: string, isHung: (channelId?: string) => boolean = () => true): { times: number } {
  const before = chain.fault
  const calls = { times: 0 }
  let release = (): void => undefined
  const released = new Promise<void>((_resolve, reject) => { release = () => { reject(new ChainError('too late', false)) } })
  released.catch(() => undefined)
  chain.fault = (call, address, channelId) => {
    if (call !== name || address !== party || !isHung(channelId)) return before(call, address, channelId)
    calls.times++
    return released
  }
  afterTest(() => { release() })
  return calls
}

async function looks (count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await nextTurn()
}

describe('the answer to a close', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('does not wait for a payout that the chain does not make now', async () => {
    const { alice, chain, channelId } = await paidWorld(TAKEN, { redeemThreshold: '1000' })
    const withdrawals = hang(chain, 'bob', 'withdraw')
    while (withdrawals.times === 0) await nextTurn()
    await alice.pay(500n)
    await alice.settle()
    await chain.provider('alice').close(channelId, 'behind the back of her plugin')
    while (chain.channel(channelId).sides.bob!.claimed < 1500n) await nextTurn()
    expect(withdrawals.times, 'never two at once').to.equal(1)
  })

  for (const [what, features, end] of [
    ['the payee', PROVEN, 'closeAsPayee'], ['consent', TWO_WAY, 'closeTogether'], ['consent, with payouts that are taken', TAKEN, 'closeTogether']
  ] as const) {
    it(`does not wait for the end by ${what} that the peer has asked for, and that the chain does not take`, async () => {
      const { alice, chain, channelId } = await paidWorld(features)
      const ends = hang(chain, 'bob', end)
      alice.plugin.channels().close(channelId).catch(() => undefined)
      while (ends.times === 0) await nextTurn()
      await chain.provider('alice').close(channelId, 'behind the back of her plugin')
      while (!chain.transactions.includes('redeem bob')) await nextTurn()
      expect(chain.channel(channelId).sides.bob!.claimed).to.equal(1000n)
    })
  }

  it('does not wait for a redemption that was begun before, with a claim that says less', async () => {
    const { alice, chain, channelId } = await paidWorld(TWO_WAY, { redeemThreshold: '1000' })
    const redemptions = hang(chain, 'bob', 'redeem', () => redemptions.times === 0)
    while (redemptions.times === 0) await nextTurn()
    await alice.pay(500n)
    await alice.settle()
    await chain.provider('alice').close(channelId, 'behind the back of her plugin')
    while (chain.channel(channelId).sides.bob!.claimed < 1500n) await nextTurn()
  })

  it('does not wait for other channels of the peer, which take long to be read', async () => {
    const { bob, chain, channelId } = await paidWorld(TWO_WAY)
    await chain.provider('alice').openChannel('bob', 3600, 'another')
    const another = [...chain.channels.keys()].at(-1)!
    while (!(await bob.channels()).some(channel => channel.channelId === another)) await nextTurn()
    hang(chain, 'bob', 'state confirmed', id => id === another && chain.channel(channelId).status === 'closing')
    await chain.provider('alice').close(channelId, 'behind the back of her plugin')
    while (!chain.transactions.includes('redeem bob')) await nextTurn()
  })
})

describe('a claim that the chain refuses on a channel that is being closed', () => {
  noRejectionLeft()
  afterEach(closeAll)

  /** Alice has closed the channel, and is away. The chain refuses Bob's claims as long as it is told to. */
  async function refusedWorld (features: FakeFeatures): Promise<World & { channelId: string, refusal: { is: boolean, times: number } }> {
    const world = await paidWorld(features, { topUpBelow: '0' })
    const { alice, chain, channelId } = world
    const refusal = { is: true, times: 0 }
    chain.fault = (call, address) => {
      if (call !== 'redeem' || address !== 'bob') return
      refusal.times++
      if (refusal.is) throw new ChainError('the store is frozen', true)
    }
    await alice.plugin.disconnect()
    await chain.provider('alice').close(channelId, 'at last')
    while (refusal.times === 0) await nextTurn()
    return { ...world, refusal }
  }

  it('is not given up for the rest of our deposit: it is brought again, less and less often, and the channel is settled after it', async () => {
    const { bob, chain, channelId, refusal } = await refusedWorld(TAKEN)
    chain.channel(channelId).sides.bob!.deposit = 300n
    chain.channel(channelId).closedMs -= HOUR_MS
    chain.balances.set('bob', 999_700n)
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'], shouldAdvanceTime: true })
    try {
      for (let minute = 0; minute < 60; minute++) {
        await bob.plugin.channels().get(channelId)
        for (const tell of chain.listeners) tell({ type: 'deposited', channelId }) // as a peer can make it happen
        await looks(10)
        clock.tick(60_000)
      }
      expect(refusal.times).to.be.within(3, 10)
      expect([...chain.transactions].filter(each => each.startsWith('settle'))).to.deep.equal([])
      expect(bob.log.lines.join('\n')).to.contain('the chain refuses our best claim, trying again').and.contain('amount=1000')
      expect(bob.plugin.unsettled().join()).to.contain('claims for 1000')
      refusal.is = false
      while (chain.channel(channelId).status !== 'settled') {
        for (const tell of chain.listeners) tell({ type: 'deposited', channelId })
        await looks(10)
        clock.tick(60_000)
      }
    } finally {
      clock.restore()
    }
    while (chain.balances.get('bob') !== 1_001_000n) await nextTurn()
  })

  it('is brought at once when the close begins, also if it was refused just before', async () => {
    const { alice, chain, channelId } = await paidWorld(TWO_WAY, { redeemThreshold: '1000' })
    let refused = 0
    chain.fault = (call, address) => {
      if (call !== 'redeem' || address !== 'bob' || refused > 0) return
      refused++
      throw new ChainError('not now', true)
    }
    while (refused === 0) await nextTurn()
    await alice.plugin.disconnect()
    await chain.provider('alice').close(channelId, 'at last')
    while (!chain.transactions.includes('redeem bob')) await nextTurn()
  })

  it('is not settled over by a payee, who has nothing to win by it', async () => {
    const { bob, chain, channelId, refusal } = await refusedWorld(PROVEN)
    chain.channel(channelId).closedMs -= HOUR_MS
    await bob.plugin.channels().get(channelId)
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'], shouldAdvanceTime: true })
    try {
      const look = async (): Promise<void> => {
        for (const tell of chain.listeners) tell({ type: 'deposited', channelId })
        await looks(10)
        clock.tick(60_000)
      }
      for (let minute = 0; minute < 5; minute++) await look()
      expect(chain.channel(channelId).status).to.equal('closing')
      refusal.is = false
      while (!chain.transactions.includes('redeem bob')) await look()
      for (let minute = 0; minute < 5; minute++) await look()
    } finally {
      clock.restore()
    }
    expect(chain.channel(channelId).status).to.equal('closing')
    expect([...chain.transactions].filter(each => each.startsWith('settle'))).to.deep.equal([])
  })
})
