// Each account of each call is replaced by each other account there is: either the call is refused, or nobody but the parties of that
// channel is touched, and every vault still has what it owes. SOLANA_PERMUTATIONS=all tries all of some 2,000, otherwise a fifth.
import { address, generateKeyPairSigner, type Address, type KeyPairSigner } from '@solana/kit'
import { expect } from 'chai'
import {
  ATA, ED25519, INSTRUCTIONS, SYSTEM, TOKEN, TOKEN_2022, ataOf, close, deposit, initialize, readonly, settle, signing, withdraw, writable,
  type Call, type TestChannel
} from '../../../support/solana/channel-client.js'
import { BIRTH_SLOTS, SvmWorld, bySide, sideOf } from '../../../support/solana/svm-world.js'
import { MINT_BYTES, createAccount, initializeMint, initializeTokenAccount } from '../../../support/solana/token-client.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

const STEP = process.env.SOLANA_PERMUTATIONS === 'all' ? 1 : 5
const CLOCK = address('SysvarC1ock11111111111111111111111111111111')

interface Scene {
  world: SvmWorld
  channels: TestChannel[]
  /** Name, what goes before, and the call whose accounts are replaced. */
  calls: Array<[name: string, before: Call[], call: Call]>
  /** Every account there is. */
  pool: Address[]
  /** All token accounts, and those of mallory. */
  purses: Address[]
  mallorys: Address[]
}

/** An open channel, one whose challenge is over, one that is settled and waits for bob's account, and others beside them. */
async function scene (): Promise<Scene> {
  const world = await SvmWorld.create()
  const { alice, bob, mallory } = world
  const [second, loose] = await Promise.all([generateKeyPairSigner(), generateKeyPairSigner()])
  const toMint = createAccount(mallory, second, world.rentOf(MINT_BYTES), MINT_BYTES, TOKEN)
  await world.do(toMint, initializeMint(second.address, mallory.address))
  for (const party of [alice, bob, mallory]) await world.giveTokens(party.address, 100_000n, second.address)
  const open = async (opener: KeyPairSigner, peer: KeyPairSigner, lane: number, mint = world.mint): Promise<TestChannel> => {
    const channel = await world.plan(opener, peer, { lane, mint })
    const [own, others] = bySide(channel, opener.address, ...channel.atas)
    await world.do(...world.opening(channel, opener), deposit(channel, opener, own, 10_000n))
    await world.do(deposit(channel, peer, others, 5000n))
    return channel
  }
  const opened = await open(alice, bob, 0)
  const closing = await open(alice, bob, 2)
  const stuck = await open(alice, bob, 3)
  const others = [
    await open(alice, bob, 1), await open(mallory, bob, 0), await open(alice, bob, 0, second.address), await open(bob, alice, 0)
  ]
  const paid = (channel: TestChannel, byAlice: bigint, byBob: bigint): [bigint, bigint] => bySide(channel, alice.address, byAlice, byBob)
  world.pass(BIRTH_SLOTS + 1n)
  await world.do(...await world.claiming(closing, alice, 1n, 700n), close(closing, bob))
  world.pass(3600n, 3600n)
  const bobAta = await ataOf(bob.address, world.mint)
  world.freeze(bobAta)
  await world.do(...await world.agreeing(stuck, paid(stuck, 300n, 0n)))
  world.freeze(bobAta, false)
  await world.do(
    createAccount(mallory, loose, world.rentOf(165), 165, TOKEN), initializeTokenAccount(loose.address, world.mint, opened.address))
  const fresh = await world.plan(alice, bob, { lane: 6 })
  const aliceAta = opened.atas[sideOf(opened, alice.address)]
  const together = async (byAlice: bigint, byBob: bigint): Promise<[Call[], Call]> => {
    const [signature, call] = await world.agreeing(opened, paid(opened, byAlice, byBob))
    return [[signature], call]
  }
  const [claimed, claim] = await world.claiming(opened, alice, 1n, 900n)
  const channels = [opened, closing, stuck, ...others]
  const mints = [world.mint, second.address]
  const owners = await Promise.all([alice, bob, mallory].flatMap(party => mints.map(mint => ataOf(party.address, mint))))
  return {
    world, channels, mallorys: owners.slice(4),
    calls: [
      ['initialize', world.opening(fresh, alice).slice(0, 2), initialize(fresh, alice)],
      ['deposit', [], deposit(opened, alice, aliceAta, 12_000n)],
      ['close', [], close(opened, alice)], ['settle', [], settle(closing)], ['settle again', [], settle(stuck)],
      ['claim', [claimed], claim],
      ['cooperative close', ...await together(900n, 100n)], ['cooperative close, all to bob', ...await together(10_000n, 0n)],
      ['withdraw', [], withdraw(stuck, bob, bobAta)]
    ],
    purses: [...owners, ...channels.map(({ vault }) => vault), fresh.vault, loose.address],
    pool: [
      ...channels.flatMap(channel => [channel.address, channel.vault]), ...owners, alice.address, bob.address, mallory.address, world.mint,
      second.address, loose.address, fresh.address, fresh.vault, world.program, TOKEN, TOKEN_2022, ATA, SYSTEM, INSTRUCTIONS, ED25519, CLOCK
    ]
  }
}

describe('an account of a call of the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)

  it('is checked, or its place does no harm to anybody else', async () => {
    const { world, channels, calls, pool, purses, mallorys } = await scene()
    const sum = (accounts: Address[]): bigint => accounts.reduce((total, account) => total + world.tokens(account), 0n)
    const start = world.snapshot()
    let tried = 0
    let count = 0
    for (const [name, before, call] of calls) {
      world.restore(start)
      await world.do(...before, call)
      world.restore(start)
      for (const [index, account] of call.accounts.entries()) {
        if (name === 'withdraw' && index === 3) continue // where to is bob's choice, and he signs it
        for (const other of pool.filter(other => other !== account.address)) {
          if (count++ % STEP !== 0) continue
          tried++
          const had = { all: sum(purses), mallory: sum(mallorys), lamports: world.lamports(world.mallory.address) }
          const { error } = await world.send(...legal([...before, replaced(world, call, index, other)]))
          if (error !== undefined) continue
          const where = `${name}: account ${index} is ${other}`
          expect([sum(purses), sum(mallorys)], where).to.deep.equal([had.all, had.mallory])
          expect(world.lamports(world.mallory.address) <= had.lamports, where).to.equal(true)
          for (const channel of channels.filter(({ address }) => world.exists(address))) {
            const { deposit, withdrawn } = world.channelState(channel)
            expect(world.tokens(channel.vault) >= deposit[0] + deposit[1] - withdrawn[0] - withdrawn[1], where).to.equal(true)
          }
          world.restore(start)
        }
      }
    }
    expect(tried).to.be.greaterThan(1500 / STEP)
  })
})

/** Mallory signs where another should, and nobody else does. */
function replaced (world: SvmWorld, call: Call, index: number, other: Address): Call {
  const accounts = call.accounts.map((account, i) => {
    if (i !== index) return account
    if ('signer' in account && other === world.mallory.address) return signing(world.mallory)
    return 'signer' in account ? writable(other) : { address: other, role: account.role }
  })
  return { ...call, accounts }
}

/** A program that is called cannot be writable in the same transaction. */
function legal (calls: Call[]): Call[] {
  const programs = new Set(calls.map(({ programAddress }) => programAddress))
  return calls.map(call => {
    const accounts = call.accounts.map(account => programs.has(account.address) ? readonly(account.address) : account)
    return { ...call, accounts }
  })
}
