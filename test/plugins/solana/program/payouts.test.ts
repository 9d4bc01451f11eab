// Who gets tokens and rent when a channel pays out and ends, and that nobody's account holds up anybody else's payout. The numbers are
// those of the table of attacks in docs/solana-program.md.
import { generateKeyPairSigner, type Address, type KeyPairSigner } from '@solana/kit'
import { expect } from 'chai'
import { bytesOf, close, deposit, forceCloseExpired, settle, withdraw, type TestChannel } from '../../../support/solana/channel-client.js'
import { replaceAccount, withoutSignature } from '../../../support/solana/faults.js'
import { BIRTH_SLOTS, START_TOKENS, SvmWorld, bySide, sideOf } from '../../../support/solana/svm-world.js'
import { createAta, sendTokens } from '../../../support/solana/token-client.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

const YEAR = 31_536_000n
const DEPOSIT = 100_000n

describe('in the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let world: SvmWorld
  let alice: KeyPairSigner
  let bob: KeyPairSigner
  let channel: TestChannel
  let aliceAta: Address
  let bobAta: Address

  /** Alice opens, and has the only deposit. */
  beforeEach(async () => {
    world = await SvmWorld.create()
    ;({ alice, bob } = world)
    await open(bob)
  })

  async function open (peer: Pick<KeyPairSigner, 'address'>, lane = 0): Promise<void> {
    channel = await world.plan(alice, peer, { lane })
    ;[aliceAta, bobAta] = bySide(channel, alice.address, ...channel.atas)
    await world.do(...world.opening(channel, alice), deposit(channel, alice, aliceAta, DEPOSIT))
    world.pass(BIRTH_SLOTS + 1n)
  }

  const paid = (byAlice: bigint, byBob = 0n): [bigint, bigint] => bySide(channel, alice.address, byAlice, byBob)
  const indexOf = (party: KeyPairSigner): number => 2 + sideOf(channel, party.address)

  it('payouts go to the accounts of the parties, and rent to the opener (14)', async () => {
    const [signature, call] = await world.agreeing(channel, paid(60_000n))
    for (const [index, to, error] of [
      [indexOf(alice), world.malloryAta, 'InvalidTokenAccount'], [indexOf(bob), world.malloryAta, 'InvalidTokenAccount'],
      [4, world.mallory.address, 'InvalidAccount'], [4, bob.address, 'InvalidAccount']
    ] as const) await world.refuse(error, signature, replaceAccount(call, index, to))
    const swapped = replaceAccount(replaceAccount(call, 2, channel.atas[1]), 3, channel.atas[0])
    await world.refuse('InvalidTokenAccount', signature, swapped)
    const [claimed, claim] = await world.claiming(channel, alice, 1n, 1000n)
    for (const to of [world.malloryAta, aliceAta, channel.vault]) await world.refuse('InvalidTokenAccount', claimed, replaceAccount(claim, 2, to))
    await world.do(signature, call)
    expect([world.tokens(aliceAta), world.tokens(bobAta)]).to.deep.equal([START_TOKENS - 60_000n, START_TOKENS + 60_000n])
  })

  it('a claim is recorded where it cannot be paid: account frozen, given away, or missing; and is paid with the next (16)', async () => {
    world.freeze(bobAta)
    await world.do(...await world.claiming(channel, alice, 1n, 1000n))
    world.freeze(bobAta, false)
    world.patch(bobAta, data => { bytesOf(world.mallory.address).copy(data, 32) })
    await world.do(...await world.claiming(channel, alice, 2n, 2000n))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS)
    world.patch(bobAta, data => { bytesOf(bob.address).copy(data, 32) })
    await world.do(...await world.claiming(channel, alice, 3n, 3000n))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS + 3000n)
    const nobody = await generateKeyPairSigner()
    await open(nobody)
    await world.do(...await world.claiming(channel, alice, 1n, 1000n))
    expect([world.channelState(channel).transferred, world.tokens(channel.vault)]).to.deep.equal([paid(1000n), DEPOSIT])
  })

  it('a claim is recorded on a frozen vault (16)', async () => {
    world.freeze(channel.vault)
    await world.do(...await world.claiming(channel, alice, 1n, 1000n))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS)
    world.freeze(channel.vault, false)
    await world.do(...await world.claiming(channel, alice, 2n, 1001n))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS + 1001n)
  })

  it('an account that cannot receive does not hold up the payout of the other (16)', async () => {
    world.freeze(bobAta)
    await world.do(...await world.agreeing(channel, paid(400n)))
    expect(world.tokens(aliceAta)).to.equal(START_TOKENS - 400n)
    expect([world.channelState(channel).state, world.tokens(channel.vault)]).to.deep.equal([2, 400n])
    world.freeze(bobAta, false)
    await world.do(settle(channel))
    expect([world.tokens(bobAta), world.exists(channel.address)]).to.deep.equal([START_TOKENS + 400n, false])
  })

  it('a payee without an account is paid when anybody makes one, and only then the rent comes back (16)', async () => {
    const nobody = await generateKeyPairSigner()
    await open(nobody, 1)
    await world.do(...await world.claiming(channel, alice, 1n, 400n), close(channel, alice))
    world.pass(3600n, 3600n)
    await world.do(settle(channel))
    expect(world.tokens(aliceAta)).to.equal(START_TOKENS - DEPOSIT - 400n)
    const before = world.lamports(alice.address)
    await world.do(await createAta(world.mallory, nobody.address, world.mint), settle(channel))
    expect(world.tokens(bobAta)).to.equal(400n)
    expect(world.lamports(alice.address) - before).to.equal(world.rent.channel + world.rent.vault)
  })

  it('what strangers send to a vault goes to the opener (17)', async () => {
    await world.do(sendTokens(world.mallory, world.malloryAta, channel.vault, 7n))
    const [signature, call] = await world.agreeing(channel, paid(DEPOSIT))
    await world.refuse('InvalidTokenAccount', signature, replaceAccount(call, indexOf(alice), world.malloryAta))
    await world.do(signature, call)
    expect([world.tokens(aliceAta), world.tokens(bobAta)]).to.deep.equal([START_TOKENS - DEPOSIT + 7n, START_TOKENS + DEPOSIT])
    expect(world.exists(channel.vault)).to.equal(false)
  })

  it('a challenge cannot be begun again, or ended early by time without slots, or slots without time (23, 25)', async () => {
    await world.refuse('ChannelNotClosed', settle(channel))
    await world.do(close(channel, alice))
    for (const party of [alice, bob]) await world.refuse('ChannelNotOpened', close(channel, party))
    await world.refuse('ChannelNotOpened', deposit(channel, alice, aliceAta, DEPOSIT + 1n))
    await world.refuse('ChannelChallengeNotExpired', settle(channel))
    world.pass(10_000n, 3599n)
    await world.refuse('ChannelChallengeNotExpired', settle(channel))
    world.pass(-10_000n, 20_000n)
    await world.refuse('ChannelChallengeNotExpired', settle(channel))
    world.pass(3600n)
    await world.do(settle(channel))
    expect(world.tokens(aliceAta)).to.equal(START_TOKENS)
  })

  it('only a party closes, with its signature (23)', async () => {
    await world.refuse('InvalidParticipant', close(channel, world.mallory))
    await world.refuse('UnauthorizedSigner', withoutSignature(close(channel, alice), 0))
  })

  it('a payer cannot close and settle before the payee has looked, and a claim in the challenge counts (24)', async () => {
    await world.refuse('ChannelChallengeNotExpired', close(channel, alice), settle(channel))
    await world.do(close(channel, alice))
    world.pass(3599n, 3599n)
    await world.do(...await world.claiming(channel, alice, 1n, DEPOSIT))
    await world.do(settle(channel)) // nothing is left that could be claimed
    expect(world.tokens(bobAta)).to.equal(START_TOKENS + DEPOSIT)
  })

  it('a payee ends alone and at once, with its best claim', async () => {
    await world.do(...await world.claiming(channel, alice, 1n, 4000n), close(channel, bob), settle(channel))
    expect([world.tokens(aliceAta), world.tokens(bobAta)]).to.deep.equal([START_TOKENS - 4000n, START_TOKENS + 4000n])
  })

  it('after a year anybody begins the challenge, and then it runs in full', async () => {
    world.pass(0n, YEAR - 1n)
    await world.refuse('NotExpired', forceCloseExpired(channel))
    world.pass(0n, 1n)
    await world.do(forceCloseExpired(channel))
    expect(world.channelState(channel).closedBy).to.equal(3)
    await world.do(...await world.claiming(channel, alice, 1n, DEPOSIT))
    await world.refuse('ChannelChallengeNotExpired', settle(channel))
    world.pass(3600n, 3600n)
    await world.do(settle(channel))
    expect(world.tokens(bobAta)).to.equal(START_TOKENS + DEPOSIT)
  })

  it('a party withdraws what it is owed, once, and nothing else (30)', async () => {
    await world.refuse('NothingToDo', withdraw(channel, alice, aliceAta)) // its own deposit while it is open
    world.freeze(bobAta)
    await world.do(...await world.claiming(channel, alice, 1n, 1000n))
    await world.refuse('NothingToDo', withdraw(channel, alice, aliceAta))
    await world.refuse('InvalidParticipant', withdraw(channel, world.mallory, world.malloryAta))
    await world.refuse('UnauthorizedSigner', withoutSignature(withdraw(channel, bob, world.malloryAta), 0))
    await world.refuse('InvalidTokenAccount', withdraw(channel, bob, channel.vault))
    await world.do(withdraw(channel, bob, world.malloryAta))
    await world.refuse('NothingToDo', withdraw(channel, bob, world.malloryAta))
    expect(world.tokens(world.malloryAta)).to.equal(START_TOKENS + 1000n)
    await world.do(...await world.agreeing(channel, paid(1000n)))
    expect(world.exists(channel.address)).to.equal(false)
  })
})
