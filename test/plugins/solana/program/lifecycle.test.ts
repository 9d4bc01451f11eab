// The ordinary life of a channel in the on-chain program: what each instruction does to accounts, tokens and rents.
import { expect } from 'chai'
import { close, deposit, settle, withdraw, type TestChannel } from '../../../support/solana/channel-client.js'
import { BIRTH_SLOTS, START_TOKENS, SvmWorld, bySide } from '../../../support/solana/svm-world.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

describe('a channel of the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let world: SvmWorld
  let channel: TestChannel
  let aliceAta: TestChannel['vault']
  let bobAta: TestChannel['vault']

  beforeEach(async () => {
    world = await SvmWorld.create()
    const { alice, bob } = world
    channel = await world.plan(alice, bob)
    ;[aliceAta, bobAta] = bySide(channel, alice.address, channel.atas[0], channel.atas[1])
    await world.do(...world.opening(channel, alice, 7200n), deposit(channel, alice, aliceAta, 100_000n))
    await world.do(deposit(channel, bob, bobAta, 20_000n))
  })

  it('records who opened it, for how much, and when', () => {
    const { alice, bob } = world
    const state = world.channelState(channel)
    expect(state).to.deep.include({
      tag: 'pchannl2', deposit: bySide(channel, alice.address, 100_000n, 20_000n), transferred: [0n, 0n], withdrawn: [0n, 0n], nonce: [0n, 0n],
      challenge: 7200n, state: 0, closedAt: 0n, closedBy: 0, lane: 0, isToken2022: false,
      instance: channel.instance, openedAt: world.now, closedSlot: 0n
    })
    expect(channel.parties[state.opener]).to.equal(alice.address)
    expect(channel.parties).to.have.members([alice.address, bob.address])
    expect(world.tokens(channel.vault)).to.equal(120_000n)
  })

  it('pays a claim at once, whoever brings it, and only what is new in the next one', async () => {
    await world.do(...await world.claiming(channel, world.alice, 1n, 1000n))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS - 20_000n + 1000n)
    await world.do(...await world.claiming(channel, world.alice, 2n, 1500n))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS - 20_000n + 1500n)
    expect(world.tokens(channel.vault)).to.equal(118_500n)
  })

  it('ends together in one transaction, with all rent back to the opener', async () => {
    world.pass(BIRTH_SLOTS + 1n)
    const before = world.lamports(world.alice.address)
    await world.do(...await world.agreeing(channel, bySide(channel, world.alice.address, 60_000n, 8000n)))
    expect(world.tokens(aliceAta)).to.equal(START_TOKENS - 60_000n + 8000n)
    expect(world.tokens(bobAta)).to.equal(START_TOKENS + 60_000n - 8000n)
    expect(world.lamports(world.alice.address) - before).to.equal(world.rent.channel + world.rent.vault)
    expect(world.exists(channel.address) || world.exists(channel.vault)).to.equal(false)
  })

  it('ends by one party after the challenge, with each deposit less what was claimed', async () => {
    await world.do(...await world.claiming(channel, world.bob, 1n, 5000n))
    await world.do(close(channel, world.bob))
    await world.refuse('TooYoung', settle(channel))
    world.pass(7200n, 7199n)
    await world.refuse('ChannelChallengeNotExpired', settle(channel))
    world.pass(0n, 1n)
    await world.do(settle(channel))
    expect(world.tokens(aliceAta)).to.equal(START_TOKENS + 5000n)
    expect(world.tokens(bobAta)).to.equal(START_TOKENS - 5000n)
    expect(world.exists(channel.address)).to.equal(false)
  })

  it('pays a party that cannot use its associated token account where it says', async () => {
    world.freeze(bobAta)
    await world.do(...await world.claiming(channel, world.alice, 1n, 1000n))
    expect(world.tokens(channel.vault)).to.equal(120_000n)
    const elsewhere = aliceAta
    await world.do(withdraw(channel, world.bob, elsewhere))
    expect(world.tokens(elsewhere)).to.equal(START_TOKENS - 100_000n + 1000n)
    await world.refuse('NothingToDo', withdraw(channel, world.bob, elsewhere))
  })
})
