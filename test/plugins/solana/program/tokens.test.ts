// Which tokens the program takes: those that arrive in full, stay where they are, and move only by their owner's will. Extensions of
// Token-2022 are refused unless they are known to be harmless. The numbers are those of the table of attacks in docs/solana-program.md.
import { address, generateKeyPairSigner, type Address } from '@solana/kit'
import { expect } from 'chai'
import {
  ATA, TOKEN, TOKEN_2022, ataOf, close, deposit, settle, u16, writable, type Call, type TestChannel
} from '../../../support/solana/channel-client.js'
import { replaceAccount } from '../../../support/solana/faults.js'
import { BIRTH_SLOTS, SvmWorld, bySide } from '../../../support/solana/svm-world.js'
import {
  MINT_BYTES, createAccount, createAta, initializeMint, initializeTokenAccount, mintTo, sendLamports
} from '../../../support/solana/token-client.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

const NATIVE = address('So11111111111111111111111111111111111111112')
const ALLOWED = [18, 19, 20, 21, 22, 23]
const MULTISIG_BYTES = 355

describe('the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let world: SvmWorld

  beforeEach(async () => {
    world = await SvmWorld.create()
  })

  /** A mint as Token-2022 keeps it: 82 bytes, zeros, account type at 165, then the extensions. */
  function extended (extensions: Array<[type: number, size: number]>, accountType = 1): Buffer {
    const base = Buffer.concat([world.dataOf(world.mint), Buffer.alloc(83), Buffer.from([accountType])])
    return Buffer.concat([base, ...extensions.map(([type, size]) => Buffer.concat([u16(type), u16(size), Buffer.alloc(size)]))])
  }

  async function openingWith (data: Buffer, owner: Address): Promise<ReturnType<SvmWorld['opening']>> {
    const mint = world.putCopy(world.mint, data, owner)
    return world.opening(await world.plan(world.alice, world.bob, { mint, tokenProgram: owner }), world.alice)
  }

  it('refuses a mint with any extension but metadata and groups (27)', async () => {
    for (let type = 1; type <= 40; type++) {
      const opening = await openingWith(extended([[type, 64]]), TOKEN_2022)
      if (ALLOWED.includes(type)) await world.do(...opening)
      else await world.refuse('UnsupportedMint', ...opening)
    }
    await world.refuse('UnsupportedMint', ...await openingWith(extended([[0x0112, 64]]), TOKEN_2022))
    await world.refuse('UnsupportedMint', ...await openingWith(extended([[0xffff, 64]]), TOKEN_2022))
  })

  it('looks at every extension, not only the first (27)', async () => {
    await world.refuse('UnsupportedMint', ...await openingWith(extended([[18, 64], [19, 301], [14, 64]]), TOKEN_2022))
    await world.refuse('UnsupportedMint', ...await openingWith(extended([[18, 0], [26, 33]]), TOKEN_2022))
    await world.do(...await openingWith(extended([[18, 64], [19, 301], [0, 8]]), TOKEN_2022))
  })

  it('refuses what only looks like a mint: not initialised, token account, multisig, other program (28)', async () => {
    const plain = world.dataOf(world.mint)
    const blank = Buffer.from(plain)
    blank[45] = 0
    const multisig = Buffer.alloc(MULTISIG_BYTES, 1)
    const refused: Array<[Buffer, Address]> = [
      [blank, TOKEN], [blank, TOKEN_2022], [plain.subarray(0, 81), TOKEN], [Buffer.alloc(0), TOKEN], [multisig, TOKEN],
      [multisig, TOKEN_2022],
      [extended([[18, 64]]), TOKEN], [extended([[18, 64]], 2), TOKEN_2022], [extended([[18, 64]], 0), TOKEN_2022],
      [Buffer.concat([plain, Buffer.alloc(1)]), TOKEN], [Buffer.concat([plain, Buffer.alloc(83)]), TOKEN_2022]
    ]
    for (const [data, owner] of refused) await world.refuse('UnsupportedMint', ...await openingWith(data, owner))
    const multisigWithExtension = Buffer.concat([extended([[18, 185]])])
    expect(multisigWithExtension).to.have.length(MULTISIG_BYTES)
    await world.refuse('UnsupportedMint', ...await openingWith(multisigWithExtension, TOKEN_2022))
  })

  it('refuses a mint with the other token program, and a program that is not one (28)', async () => {
    const { alice, bob } = world
    await world.refuse('UnsupportedMint', ...world.opening(await world.plan(alice, bob, { tokenProgram: TOKEN_2022 }), alice))
    await world.refuse('InvalidAccount', ...world.opening(await world.plan(alice, bob, { tokenProgram: ATA }), alice))
  })

  it('calls no token program but the two, whatever account is named for one (28)', async () => {
    const { alice, bob } = world
    const channel = await world.plan(alice, bob)
    const [aliceAta] = bySide(channel, alice.address, ...channel.atas)
    await world.do(...world.opening(channel, alice))
    for (const program of [TOKEN_2022, ATA, world.program]) {
      await world.refuseElsewhere(/./, replaceAccount(deposit(channel, alice, aliceAta, 1000n), 5, program))
    }
    expect(world.tokens(channel.vault)).to.equal(0n)
  })

  it('refuses a deposit out of an account of somebody else, and out of the vault', async () => {
    const { alice, bob } = world
    const channel = await world.plan(alice, bob)
    await world.do(...world.opening(channel, alice), deposit(channel, alice, await ataOf(alice.address, world.mint), 1000n))
    for (const source of [world.malloryAta, await ataOf(bob.address, world.mint), channel.vault]) {
      await world.refuseElsewhere(/^Tokenkeg/, deposit(channel, alice, source, 2000n))
    }
  })

  describe('with a mint of Token-2022', () => {
    let mint: Address
    let channel: TestChannel
    let aliceAta: Address
    let bobAta: Address

    beforeEach(async () => {
      const { alice, bob, mallory } = world
      const signer = await generateKeyPairSigner()
      mint = signer.address
      await world.do(
        createAccount(mallory, signer, world.rentOf(MINT_BYTES), MINT_BYTES, TOKEN_2022),
        initializeMint(mint, mallory.address, undefined, TOKEN_2022))
      for (const party of [alice, bob]) await world.giveTokens(party.address, 10_000n, mint, TOKEN_2022)
      channel = await world.plan(alice, bob, { mint, tokenProgram: TOKEN_2022 })
      ;[aliceAta, bobAta] = bySide(channel, alice.address, ...channel.atas)
      await world.do(...world.opening(channel, alice), deposit(channel, alice, aliceAta, 5000n))
      world.pass(BIRTH_SLOTS + 1n)
    })

    it('goes through a whole life', async () => {
      expect(world.channelState(channel).isToken2022).to.equal(true)
      await world.do(...await world.claiming(channel, world.alice, 1n, 700n))
      await world.do(...await world.agreeing(channel, bySide(channel, world.alice.address, 900n, 0n)))
      expect([world.tokens(aliceAta), world.tokens(bobAta)]).to.deep.equal([9100n, 10_900n])
    })

    it('records a claim for an account that demands memos, and pays it when it does not (16)', async () => {
      const plain = world.dataOf(bobAta)
      const demanding = (isDemanded: number): void => {
        world.put(bobAta, TOKEN_2022, Buffer.concat([plain, u16(8), u16(1), Buffer.from([isDemanded])]))
      }
      demanding(1)
      await world.do(...await world.claiming(channel, world.alice, 1n, 700n))
      expect(world.tokens(bobAta)).to.equal(10_000n)
      demanding(0)
      await world.do(...await world.claiming(channel, world.alice, 2n, 701n))
      expect(world.tokens(bobAta)).to.equal(10_701n)
    })
  })

  it('pays wrapped SOL like any token, and hands what strangers sent to the opener (17)', async () => {
    const { alice, bob, mallory } = world
    const channel = await world.plan(alice, bob, { mint: NATIVE })
    const [aliceAta, bobAta] = bySide(channel, alice.address, ...channel.atas)
    const sync = (account: Address): Call => ({ programAddress: TOKEN, accounts: [writable(account)], data: Buffer.from([17]) })
    for (const party of [alice, bob]) await world.do(await createAta(mallory, party.address, NATIVE))
    await world.do(sendLamports(mallory, aliceAta, 9_000_000n), sync(aliceAta))
    await world.do(...world.opening(channel, alice), deposit(channel, alice, aliceAta, 5_000_000n))
    await world.do(sendLamports(mallory, channel.vault, 77n), sync(channel.vault))
    world.pass(BIRTH_SLOTS + 1n)
    await world.do(...await world.claiming(channel, alice, 1n, 3_000_000n), close(channel, bob))
    const before = world.lamports(alice.address)
    await world.do(settle(channel))
    expect([world.tokens(aliceAta), world.tokens(bobAta)]).to.deep.equal([6_000_000n, 3_000_000n])
    expect(world.lamports(alice.address) - before).to.equal(world.rent.channel + world.rent.vault + 77n)
  })

  it('takes no tokens of another mint for those of the channel (28)', async () => {
    const { alice, bob, mallory } = world
    const channel = await world.plan(alice, bob)
    await world.do(...world.opening(channel, alice))
    const worthless = await generateKeyPairSigner()
    const account = await generateKeyPairSigner()
    const toMint = createAccount(mallory, worthless, world.rentOf(MINT_BYTES), MINT_BYTES, TOKEN)
    await world.do(toMint, initializeMint(worthless.address, mallory.address))
    await world.do(
      createAccount(mallory, account, world.rentOf(165), 165, TOKEN),
      initializeTokenAccount(account.address, worthless.address, alice.address),
      mintTo(mallory, worthless.address, account.address, 1_000_000n))
    await world.refuseElsewhere(/^Tokenkeg/, deposit(channel, alice, account.address, 1000n))
    await world.refuse('InvalidAccount', replaceAccount(deposit(channel, alice, account.address, 1000n), 4, worthless.address))
  })
})
