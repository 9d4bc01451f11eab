/** What is put into a channel: when claims on it go out, and how much goes in when several want something at once. */
import { expect } from 'chai'
import { useFakeTimers } from 'sinon'
import { ChainError } from '../../../../plugins/lib/channels/types.js'
import { noRejectionLeft } from '../../../support/unhandled.js'
import { closeAll } from '../../../support/btp.js'
import { ONE_WAY } from '../../../support/channels/fake-chain.js'
import { makeWorld } from '../../../support/channels/world.js'
import type { Party, World } from '../../../support/channels/world.js'
import { eventually, nextTurn, pause } from '../../../support/waiting.js'

const DEPOSIT = 10_000n
const MORE = 20_000n
/** Not without what was put in afterwards. */
const AMOUNT = DEPOSIT + 5_000n

interface Ready extends World {
  channelId: string
}

/** Bob pays Alice with claims that go with packets, and has a channel for it. */
async function readyWorld (): Promise<Ready> {
  const world = await makeWorld({ initialDeposit: String(DEPOSIT), topUpBelow: '0' }, { initialDeposit: String(DEPOSIT), topUpBelow: '0', claims: 'packet' })
  const { bob } = world
  for (;;) {
    const channel = (await bob.channels()).find(({ spendable }) => spendable > 0n)
    if (channel === undefined) await nextTurn()
    else return { ...world, channelId: channel.channelId }
  }
}

/** Alice's node of the chain answers no more. */
function cutChainOf ({ chain, alice }: World): void {
  chain.fault = (_call, address) => { if (address === alice.name) throw new Error('no chain') }
}

/** How packets of that amount end, until one is fulfilled. */
async function payUntilFulfilled ({ bob }: World): Promise<string[]> {
  const outcomes: string[] = []
  while (outcomes.at(-1) !== 'fulfilled') {
    outcomes.push(await bob.pay(AMOUNT))
    await nextTurn()
  }
  return outcomes
}

/** All that a party has put into channels. */
async function depositOf (party: Party): Promise<bigint> {
  return (await party.channels()).reduce((sum, { deposit }) => sum + deposit, 0n)
}

describe('claims on a new deposit', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('wait for a peer that was away, until it is back and sees the deposit', async () => {
    const world = await readyWorld()
    const { alice, bob, chain, channelId } = world
    await alice.plugin.disconnect()
    await bob.plugin.channels().deposit(channelId, MORE)
    cutChainOf(world)
    await alice.plugin.connect()
    while (!bob.plugin.isConnected()) await nextTurn()
    expect(await bob.pay(AMOUNT)).to.match(/^failed T04/)
    chain.fault = () => undefined
    expect((await payUntilFulfilled(world)).filter(outcome => !/^fulfilled|^failed T04/.test(outcome))).to.deep.equal([])
  })

  it('wait for a peer that cannot look now, because its chain is away', async () => {
    const world = await readyWorld()
    const { bob, chain, channelId } = world
    cutChainOf(world)
    const before = chain.transactions.length
    const depositing = bob.plugin.channels().deposit(channelId, MORE)
    while (chain.transactions.length === before) await nextTurn()
    for (let packet = 0; packet < 100; packet++) {
      expect(await bob.pay(AMOUNT)).to.match(/^failed T04/)
      await nextTurn()
    }
    chain.fault = () => undefined
    expect((await payUntilFulfilled(world)).filter(outcome => !/^fulfilled|^failed T04/.test(outcome))).to.deep.equal([])
    await depositing
  })

  it('wait also when a debt was to be paid with them, and packets are refused until then and not at the other end', async () => {
    const world = await readyWorld()
    const { bob, chain } = world
    bob.balance -= MORE // from packets of a time without claims
    cutChainOf(world)
    const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let failure: unknown
    bob.settle('one', 1).catch((error: unknown) => { failure = error })
    while (failure === undefined) {
      for (let turn = 0; turn < 20; turn++) await nextTurn()
      clock.tick(500)
    }
    clock.restore()
    expect(await bob.pay(1n)).to.match(/^failed T04/)
    chain.fault = () => undefined
    await bob.settle('one', 1)
    expect((await payUntilFulfilled(world)).filter(outcome => !/^fulfilled|^failed T04/.test(outcome))).to.deep.equal([])
  })

  it('are not waited for by settlements for which there is room in what the peer sees', async () => {
    const world = await readyWorld()
    const { bob, chain, channelId } = world
    chain.fault = call => { if (call === 'deposit') throw new ChainError('no answer', false) }
    await bob.plugin.channels().deposit(channelId, MORE).catch(() => undefined)
    bob.balance -= DEPOSIT
    await bob.settle('one', 1)
  })

  it('go out at once to a peer that does not know the question', async () => {
    const { alice, bob, channelId } = await readyWorld()
    for (const answer of [undefined, () => Promise.reject(new Error('unknown step'))]) {
      alice.plugin.transport.deregisterProtocolHandler('payment-channel')
      if (answer !== undefined) alice.plugin.transport.registerProtocolHandler('payment-channel', answer)
      const { deposit, spendable } = await bob.plugin.channels().deposit(channelId, MORE)
      expect(spendable).to.equal(deposit)
    }
  })
})

describe('an amount that an operator puts into a channel', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('goes in beside what is put in by itself at the same time', async () => {
    const { bob, chain, channelId } = await readyWorld()
    expect(await bob.pay(DEPOSIT)).to.equal('fulfilled')
    const before = chain.transactions.length
    expect(await bob.pay(30n), 'and the channel is filled up').to.match(/^failed T04: payment channel is used up/)
    await bob.plugin.channels().deposit(channelId, 7n)
    expect(chain.transactions.slice(before)).to.deep.equal(['deposit bob', 'deposit bob'])
    expect(await depositOf(bob)).to.equal(2n * DEPOSIT + 7n)
  })

  it('goes in beside that of another call', async () => {
    const { bob, channelId } = await readyWorld()
    await Promise.all([5n, 5n, 7n].map(amount => bob.plugin.channels().deposit(channelId, amount)))
    expect(await depositOf(bob)).to.equal(DEPOSIT + 17n)
  })

  for (const how of ['crash', 'a chain that does not answer'] as const) {
    it(`and was interrupted by ${how} goes in once when it is asked for again`, async () => {
      const { bob, chain, channelId } = await readyWorld()
      chain.fault = call => { if (call === 'deposit') throw new ChainError('no answer', false) }
      await bob.plugin.channels().deposit(channelId, 100n).catch(() => undefined)
      if (how === 'crash') {
        await bob.crash()
        bob.plugin.connect().catch(() => undefined)
        while (!(await bob.channels().catch(() => [])).some(({ status }) => status === 'open')) await nextTurn()
      }
      chain.fault = () => undefined
      await bob.plugin.channels().deposit(channelId, 150n)
      expect(await depositOf(bob)).to.equal(DEPOSIT + 150n)
    })
  }

  it('goes in after one that was refused for good', async () => {
    const { bob, channelId } = await readyWorld()
    const failure = await bob.plugin.channels().deposit(channelId, 10_000_000n).catch((error: unknown) => error)
    expect(String(failure)).to.contain('not enough tokens')
    await bob.plugin.channels().deposit(channelId, 7n)
    expect(await depositOf(bob)).to.equal(DEPOSIT + 7n)
  })
})

describe('a channel that the chain does not show when it was opened', () => {
  noRejectionLeft()
  afterEach(closeAll)

  it('is the only one until it is shown, also after a crash, and is paid through then', async () => {
    const options = { initialDeposit: String(DEPOSIT) }
    const { alice, bob, chain } = await makeWorld(options, { ...options, pollingIntervalMs: 100 })
    chain.setStale(true)
    expect(await bob.pay(700n)).to.equal('fulfilled')
    const settled = async (): Promise<unknown> => await bob.settle('a settlement', 3).catch((error: unknown) => error)
    expect(String(await settled())).to.contain('the chain does not show the channel that was opened')
    await bob.crash()
    await bob.plugin.connect()
    expect(String(await settled())).to.contain('the chain does not show the channel that was opened')
    chain.setStale(false)
    await eventually('it pays', async () => await settled() === undefined)
    expect(chain.transactions.filter(call => call === 'open bob')).to.have.length(1)
    expect([alice.balance, bob.balance]).to.deep.equal([0n, 0n])
  })

  for (const how of ['shown late', 'brought late by the chain\'s part'] as const) {
    it(`is looked after although the peer has another address by then, and we have ended twice: ${how}`, async () => {
      const options = { initialDeposit: String(DEPOSIT), pollingIntervalMs: 100, settlementTimeoutSecs: 3600 }
      const { bob, chain } = await makeWorld(options, options, ONE_WAY)
      let begun: (() => void) | undefined
      if (how === 'shown late') chain.setStale(true)
      else chain.fault = call => call === 'open' ? new Promise<undefined>(resolve => { begun = () => { resolve(undefined) } }) : undefined
      expect(await bob.pay(700n)).to.equal('fulfilled')
      bob.settle('a settlement', 1).catch(() => undefined)
      await eventually('it is opened', () => begun !== undefined || chain.transactions.includes('open bob'))
      for (let times = 0; times < 2; times++) {
        bob.options = { ...bob.options, peerAddress: 'carol' }
        await bob.crash()
        bob.plugin.connect().catch(() => undefined)
        await pause(300) // looks that show nothing
      }
      chain.setStale(false)
      begun?.()
      await eventually('it is known', async () => (await bob.channels().catch(() => [])).some(({ deposit }) => deposit === DEPOSIT))
    })
  }
})
