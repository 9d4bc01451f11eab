/** The life of a channel on the stand-in for Mina, as a node sees it: signed by mina-signer, sent by GraphQL, without proofs. */
import { expect } from 'chai'
import { askMina, CHALLENGE_SLOTS, FEE, MINA, MinaWorld } from './parties.js'

describe('the stand-in for Mina', () => {
  let world: MinaWorld

  before(async () => { world = await MinaWorld.start() })
  beforeEach(() => world.reset())
  after(() => world.stop())

  it('opens a channel with its deposit, takes plain payments as more of it, and pays out what is claimed', async () => {
    const { payer, payee, chain } = world
    const channel = await world.open()
    await world.pay(payer, channel.publicKey, MINA)
    await chain.block()
    expect(await world.balance(channel.publicKey)).to.equal(11n * MINA)
    await world.send({ kind: 'redeem', sender: payee.publicKey, channel: await world.at(channel), claim: world.claim(channel, 3n * MINA) }, payee)
    await chain.block()
    expect(await world.balance(channel.publicKey)).to.equal(8n * MINA)
    expect(await world.balance(payee.publicKey)).to.equal(103n * MINA - FEE)
  })

  it('goes by the clock of a test: a block comes where something waits for one, and then no more', async () => {
    const nowMs = Date.now() + 86_400_000
    const { chain, payer, payee } = world
    await world.pay(payer, payee.publicKey, MINA)
    const { height } = await chain.follow(nowMs)
    for (let times = 0; times < 9; times++) await chain.follow(nowMs)
    expect((await chain.follow(nowMs)).height - height).to.equal(3)
    const { bestChain } = await askMina<{ bestChain: Array<{ protocolState: { blockchainState: { utcDate: string } } }> }>(
      chain.url, 'query { bestChain(maxLength: 1) { protocolState { blockchainState { utcDate } } } }')
    expect(bestChain[0]?.protocolState.blockchainState.utcDate).to.equal(String(nowMs))
    expect((await chain.follow(nowMs + 120_000)).height, 'but one of the time').to.equal(height + 4)
  })

  it('lets the payee finish, and gives the rest back', async () => {
    const { payer, payee, chain } = world
    const channel = await world.open()
    const before = await world.balance(payer.publicKey)
    const [at, claim] = [await world.at(channel), world.claim(channel, 4n * MINA)]
    const { slot } = await chain.block()
    await world.send({ kind: 'finish', sender: payee.publicKey, channel: at, claim, rest: 6n * MINA, until: slot + 40 }, payee)
    await chain.block()
    expect(await world.balance(payer.publicKey)).to.equal(before + 6n * MINA)
    expect(await world.balance(payee.publicKey)).to.equal(104n * MINA - FEE)
    expect((await world.at(channel)).state.slice(4)).to.deep.equal([`${2n ** 64n - 1n}`, '1', `${4n * MINA}`, '0'])
  })

  it('lets the payer close, and take all that is left after the challenge and not a slot before', async () => {
    const { payer, chain } = world
    const channel = await world.open()
    const { slot } = await chain.block()
    const until = slot + 10
    await world.send({ kind: 'startClose', sender: payer.publicKey, channel: await world.at(channel), until }, payer)
    await chain.block()
    const at = await world.at(channel)
    expect(Number(at.state[5])).to.equal(until + CHALLENGE_SLOTS)
    const settle = await world.prover.prove({ kind: 'settle', sender: payer.publicKey, channel: at, amount: 10n * MINA }, 1)
    await world.sendCommand(settle, payer)
    await chain.slot(until + CHALLENGE_SLOTS - 1)
    expect(await world.balance(channel.publicKey)).to.equal(10n * MINA)
    await world.sendCommand(settle, payer)
    await chain.block()
    expect(await world.balance(channel.publicKey)).to.equal(0n)
  })
})
