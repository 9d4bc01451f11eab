// What was signed or sent once does not count again: not sent twice, not in a later life of the address, and not after better was brought.
// The numbers are those of the table of attacks in docs/solana-program.md.
import type { KeyPairSigner } from '@solana/kit'
import { expect } from 'chai'
import { claim, claimMessage, close, deposit, initialize, settle, signed, type TestChannel } from '../../../support/solana/channel-client.js'
import { replaceAccount, withoutSignature } from '../../../support/solana/faults.js'
import { BIRTH_SLOTS, START_TOKENS, SvmWorld, bySide, sideOf } from '../../../support/solana/svm-world.js'
import { sendLamports } from '../../../support/solana/token-client.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

const MAX = 2n ** 64n - 1n

describe('in the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let world: SvmWorld
  let alice: KeyPairSigner
  let bob: KeyPairSigner
  let channel: TestChannel

  const ataOfParty = (party: KeyPairSigner): TestChannel['vault'] => channel.atas[sideOf(channel, party.address)]
  const paid = (byAlice: bigint, byBob: bigint): [bigint, bigint] => bySide(channel, alice.address, byAlice, byBob)

  async function open (): Promise<void> {
    channel = await world.plan(alice, bob)
    await world.do(...world.opening(channel, alice), deposit(channel, alice, ataOfParty(alice), 100_000n))
    await world.do(deposit(channel, bob, ataOfParty(bob), 20_000n))
  }

  beforeEach(async () => {
    world = await SvmWorld.create()
    ;({ alice, bob } = world)
    await open()
  })

  it('nothing of an earlier life counts when the address is opened again (7, 8)', async () => {
    const earlier = channel
    const oldClaim = await world.claiming(earlier, alice, 7n, 60_000n)
    const oldTerms = await world.agreeing(earlier, paid(60_000n, 0n))
    const delayed = [deposit(earlier, alice, ataOfParty(alice), 150_000n), close(earlier, alice), settle(earlier)]
    world.pass(BIRTH_SLOTS + 1n)
    await world.do(...await world.agreeing(earlier, paid(0n, 0n)))
    await world.refuse('InstanceNotRecent', ...world.opening(earlier, alice)) // and so the instance never comes back
    await open()
    expect(channel.address).to.equal(earlier.address)
    await world.refuse('WrongInstance', ...oldClaim)
    await world.refuse('WrongInstance', ...oldTerms)
    for (const call of delayed) await world.refuse('WrongInstance', call)
    await world.refuse('InvalidSignature', oldClaim[0], claim(channel, sideOf(channel, alice.address), 7n, 60_000n))
  })

  it('an address cannot end and be opened again with the same instance (7)', async () => {
    world.pass(BIRTH_SLOTS)
    await world.refuse('TooYoung', close(channel, alice), settle({ ...channel, opener: alice.address }))
    await world.refuse('TooYoung', ...await world.agreeing(channel, paid(0n, 0n)))
    world.pass(1n)
    await world.do(...await world.agreeing(channel, paid(0n, 0n)))
    await world.refuse('InstanceNotRecent', ...world.opening(channel, alice))
  })

  it('a deposit that is sent twice is made once (9)', async () => {
    const again = deposit(channel, alice, ataOfParty(alice), 130_000n)
    await world.do(again)
    await world.refuse('ZeroAmountDeposit', again)
    expect(world.tokens(ataOfParty(alice))).to.equal(START_TOKENS - 130_000n)
  })

  it('a payer cannot shut out its own better claims with the highest nonce (10)', async () => {
    await world.do(...await world.claiming(channel, alice, MAX, 1n))
    await world.do(...await world.claiming(channel, alice, 2n, 50_000n))
    expect(world.tokens(ataOfParty(bob))).to.equal(START_TOKENS - 20_000n + 50_000n)
    expect(world.channelState(channel).nonce).to.deep.equal(paid(2n, 0n))
    await world.refuse('TransferredAmountDecreased', ...await world.claiming(channel, alice, MAX, 49_999n))
    await world.refuse('TransferredAmountDecreased', ...await world.claiming(channel, alice, MAX, 50_000n))
  })

  it('a claim has the deposit of its payer behind it, and no other (11)', async () => {
    await world.refuse('ExceedsDeposit', ...await world.claiming(channel, alice, 1n, 100_001n))
    await world.refuse('ExceedsDeposit', ...await world.claiming(channel, bob, 1n, 20_001n))
    await world.do(...await world.claiming(channel, alice, 1n, 100_000n))
    expect(world.tokens(channel.vault)).to.equal(20_000n)
  })

  it('deposits never add up to more than 64 bits (11)', async () => {
    await world.refuse('ArithmeticOverflow', deposit(channel, alice, ataOfParty(alice), MAX - 19_999n))
    await world.refuseElsewhere(/Tokenkeg/, deposit(channel, alice, ataOfParty(alice), MAX - 20_000n)) // so many tokens there are not
  })

  it('terms that say less than a claim brought since are void, in either direction (12)', async () => {
    const terms = await world.agreeing(channel, paid(40_000n, 4000n))
    await world.do(...await world.claiming(channel, alice, 1n, 40_001n))
    world.pass(BIRTH_SLOTS + 1n)
    await world.refuse('TermsBehindChain', ...terms)
    const others = await world.agreeing(channel, paid(50_000n, 4000n))
    await world.do(...await world.claiming(channel, bob, 1n, 4001n))
    await world.refuse('TermsBehindChain', ...others)
    await world.do(...await world.agreeing(channel, paid(50_000n, 4001n)))
    expect([world.tokens(ataOfParty(alice)), world.tokens(ataOfParty(bob))]).to.deep.equal([START_TOKENS - 45_999n, START_TOKENS + 45_999n])
  })

  it('terms are for what there is, and for a while (13)', async () => {
    world.pass(BIRTH_SLOTS + 1n)
    await world.refuse('ExceedsDeposit', ...await world.agreeing(channel, paid(100_001n, 0n)))
    await world.refuse('ExceedsDeposit', ...await world.agreeing(channel, paid(0n, MAX)))
    await world.refuse('ArithmeticOverflow', ...await world.agreeing(channel, paid(MAX, MAX)))
    await world.refuse('TermsExpired', ...await world.agreeing(channel, paid(1n, 0n), world.now - 1n))
    await world.refuse('TermsExpired', ...await world.agreeing(channel, paid(1n, 0n), -1n))
    await world.do(...await world.agreeing(channel, paid(110_000n, 10_000n), world.now)) // more than the deposit, less in the balance
    expect(world.tokens(ataOfParty(bob))).to.equal(START_TOKENS + 100_000n)
  })

  it('lamports at an address hinder no opening, and revive nothing that ended (18)', async () => {
    const next = await world.plan(alice, bob, { lane: 3 })
    await world.do(sendLamports(world.mallory, next.address, world.rentOf(0)), sendLamports(world.mallory, next.vault, world.rentOf(0)))
    await world.do(...world.opening(next, alice))
    world.pass(BIRTH_SLOTS + 1n)
    const before = world.lamports(alice.address)
    await world.do(...await world.agreeing(next, [0n, 0n]), sendLamports(world.mallory, next.address, world.rentOf(0)))
    expect(world.lamports(alice.address) - before).to.equal(world.rent.channel + world.rent.vault + 2n * world.rentOf(0))
    expect(world.dataOf(next.address)).to.have.length(0)
    await world.do(...world.opening({ ...next, instance: world.slot }, alice))
  })

  it('nobody opens in the name of another, with itself, or for a challenge of its liking (19)', async () => {
    const next = await world.plan(alice, bob, { lane: 2 })
    const rents = world.opening(next, alice).slice(0, 2)
    await world.refuse('UnauthorizedSigner', ...rents, withoutSignature(initialize(next, alice), 0))
    await world.refuse('InvalidPDA', ...rents, initialize({ ...next, peer: alice.address }, bob))
    await world.refuse('InvalidParticipant', ...world.opening(await world.plan(alice, alice), alice))
    for (const challenge of [0n, 1n, 3599n, 2_592_001n, MAX]) await world.refuse('InvalidChallenge', ...world.opening(next, alice, challenge))
    const byBob = await world.plan(bob, alice, { lane: 2 })
    await world.do(...world.opening(byBob, bob, 2_592_000n))
    await world.do(...world.opening(next, alice)) // the one that bob opened is at another address
    expect(byBob.address).not.to.equal(next.address)
  })

  it('a pair has eight lanes in each direction (21)', async () => {
    await world.refuse('InvalidPDA', ...world.opening(await world.plan(alice, bob, { lane: 8 }), alice))
    await world.refuse('InvalidPDA', ...world.opening(await world.plan(alice, bob, { lane: 255 }), alice))
    await world.do(...world.opening(await world.plan(alice, bob, { lane: 7 }), alice))
  })

  it('a channel takes claims until it is settled, and none after (26)', async () => {
    await world.do(close(channel, alice))
    await world.do(...await world.claiming(channel, alice, 1n, 70_000n))
    world.freeze(ataOfParty(bob)) // so that the channel stays when it is settled
    world.pass(3600n, 3600n)
    await world.do(...await world.claiming(channel, alice, 2n, 80_000n))
    await world.do(settle(channel))
    await world.refuse('ChannelNotOpened', ...await world.claiming(channel, alice, 3n, 90_000n))
    await world.refuse('ChannelNotOpened', ...await world.agreeing(channel, paid(90_000n, 0n)))
    world.freeze(ataOfParty(bob), false)
    await world.do(settle(channel))
    expect(world.tokens(ataOfParty(bob))).to.equal(START_TOKENS + 80_000n)
  })

  it('a claim for one channel is not one for another of the same two (6)', async () => {
    const second = await world.plan(alice, bob, { lane: 1 })
    await world.do(...world.opening(second, alice), deposit(second, alice, ataOfParty(alice), 100_000n))
    const [signature] = await world.claiming(channel, alice, 1n, 1000n)
    await world.refuse('InvalidSignature', signature, claim(second, sideOf(second, alice.address), 1n, 1000n))
    const call = claim(second, sideOf(second, alice.address), 1n, 1000n)
    const own = await signed(claimMessage(second, 1n, 1000n), alice)
    await world.refuse('InvalidVaultPDA', own, replaceAccount(call, 1, channel.vault))
    await world.do(own, call)
  })
})
