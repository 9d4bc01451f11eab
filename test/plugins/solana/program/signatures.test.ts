// A claim counts only with the payer's signature over exactly this claim, however the instruction of the Ed25519 precompile is built. In
// the first group the precompile itself accepts what is sent: only the program's own look at it stands between an attacker and the vault.
import { createHash, createPrivateKey, createPublicKey } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { generateKeyPairSigner } from '@solana/kit'
import { expect } from 'chai'
import { PACKAGE_ROOT } from '../../../support/package-root.js'
import {
  ED25519, SYSTEM, TOKEN, bytesOf, claim, claimMessage, cooperativeClose, deposit, ed25519Of, sign, signed, termsMessage, u16, u64,
  type Call, type TestChannel
} from '../../../support/solana/channel-client.js'
import { replaceAccount } from '../../../support/solana/faults.js'
import { BIRTH_SLOTS, START_TOKENS, SvmWorld, bySide, sideOf } from '../../../support/solana/svm-world.js'
import { sendLamports } from '../../../support/solana/token-client.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

/** Where the instruction over one signature has its fields. */
const AT = {
  signature: 2, signatureIn: 4, key: 6, keyIn: 8, message: 10, messageSize: 12, messageIn: 14,
  keyBytes: 16, signatureBytes: 48, messageBytes: 112
}
const END = 248

describe('a claim in the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let world: SvmWorld
  let channel: TestChannel
  let payer: 0 | 1
  let take: Call       // of 1,000, from alice to bob
  let good: Call       // the precompile's instruction with alice's signature over it
  let message: Buffer
  let small: Buffer    // a claim of 1, which alice has signed as well

  before(async () => {
    world = await SvmWorld.create()
    const { alice, bob } = world
    channel = await world.plan(alice, bob)
    payer = sideOf(channel, alice.address)
    await world.do(...world.opening(channel, alice), deposit(channel, alice, channel.atas[payer], 100_000n))
    message = claimMessage(channel, 1n, 1000n)
    small = claimMessage(channel, 1n, 1n)
    good = await signed(message, alice)
    take = claim(channel, payer, 1n, 1000n)
  })

  after('the good one still goes through, once', async () => {
    await world.do(good, take)
    expect(world.tokens(channel.atas[payer === 0 ? 1 : 0])).to.equal(START_TOKENS - 5000n + 1000n)
    await world.refuse('TransferredAmountDecreased', good, take)
  })

  /** The good instruction with other numbers at these places, and something behind it. */
  function crafted (numbers: Array<[number, number]>, parts: { body?: Uint8Array, behind?: Uint8Array } = {}): Call {
    const data = Buffer.concat([parts.body ?? good.data, parts.behind ?? Buffer.alloc(0)])
    for (const [at, value] of numbers) data.writeUInt16LE(value, at)
    return { programAddress: ED25519, accounts: [], data }
  }

  /** As if alice had signed the message, with these 64 bytes for the signature. */
  const pretended = (shown: Buffer, signature: Uint8Array): Uint8Array => ed25519Of(shown, [{ key: world.alice.address, signature }]).data

  /** The precompile takes it, and the program does not. */
  async function onlyTheProgramRefuses (...calls: Call[]): Promise<void> {
    await world.do(...calls)
    await world.refuse('InvalidSignature', ...calls, take)
  }

  describe('is refused though the precompile accepts what is sent, when', () => {
    it('key, signature and message are those of another instruction (1)', async () => {
      const mine = await signed(message, world.mallory)
      const body = pretended(message, Buffer.alloc(64))
      await onlyTheProgramRefuses(mine, crafted([[AT.signatureIn, 0], [AT.keyIn, 0], [AT.messageIn, 0]], { body }))
    })

    it('the key is that of another instruction (1)', async () => {
      const mine = await signed(message, world.mallory)
      const signature = await sign(world.mallory, message)
      await onlyTheProgramRefuses(mine, crafted([[AT.keyIn, 0]], { body: pretended(message, signature) }))
    })

    it('the signature is that of another instruction (1)', async () => {
      await onlyTheProgramRefuses(good, crafted([[AT.signatureIn, 0]], { body: pretended(message, Buffer.alloc(64)) }))
    })

    it('the message is that of another instruction (1)', async () => {
      const signature = await sign(world.alice, small)
      await onlyTheProgramRefuses(await signed(small, world.alice), crafted([[AT.messageIn, 0]], { body: pretended(message, signature) }))
    })

    it('the instruction is named by its number, not as this one (1)', async () => {
      for (const at of [AT.signatureIn, AT.keyIn, AT.messageIn]) await onlyTheProgramRefuses(crafted([[at, 0]]))
      await onlyTheProgramRefuses(crafted([[AT.signatureIn, 0], [AT.keyIn, 0], [AT.messageIn, 0]]))
    })

    it('what is verified stands behind what is shown (2)', async () => {
      const behind = (await signed(message, world.mallory)).data.subarray(AT.keyBytes)
      await onlyTheProgramRefuses(crafted(
        [[AT.key, END], [AT.signature, END + 32], [AT.message, END + 96]], { body: pretended(message, Buffer.alloc(64)), behind }))
    })

    it('only the key stands elsewhere (2)', async () => {
      const signature = await sign(world.mallory, message)
      await onlyTheProgramRefuses(crafted([[AT.key, END]], { body: pretended(message, signature), behind: bytesOf(world.mallory.address) }))
    })

    it('only the message stands elsewhere (2)', async () => {
      const signature = await sign(world.alice, small)
      await onlyTheProgramRefuses(crafted([[AT.message, END]], { body: pretended(message, signature), behind: small }))
    })

    it('only the signature stands elsewhere (2)', async () => {
      const signature = await sign(world.alice, message)
      await onlyTheProgramRefuses(crafted([[AT.signature, END]], { body: pretended(message, Buffer.alloc(64)), behind: signature }))
    })

    it('less than the whole message is verified (2)', async () => {
      const signature = await sign(world.alice, message.subarray(0, 112))
      await onlyTheProgramRefuses(crafted([[AT.messageSize, 112]], { body: pretended(message, signature) }))
    })

    it('the key is read out of the signature, where nothing stands elsewhere (2)', async () => {
      await onlyTheProgramRefuses(crafted([[AT.key, AT.signatureBytes]], { body: pretended(message, signatureWithItsKey(message)) }))
    })

    it('something stands behind the message (3)', async () => {
      await onlyTheProgramRefuses(crafted([], { behind: Buffer.alloc(1) }))
    })

    it('there is a gap in it (3)', async () => {
      const body = Buffer.concat([good.data.subarray(0, AT.messageBytes), Buffer.alloc(8), good.data.subarray(AT.messageBytes)])
      await onlyTheProgramRefuses(crafted([[AT.message, AT.messageBytes + 8]], { body }))
    })

    it('key and signature stand the other way round', async () => {
      const body = Buffer.concat([good.data.subarray(0, 16), good.data.subarray(48, 112), good.data.subarray(16, 48), message])
      await onlyTheProgramRefuses(crafted([[AT.signature, 16], [AT.key, 80]], { body }))
    })

    it('the padding is used (3)', async () => {
      const body = Buffer.from(good.data)
      body[1] = 1
      await onlyTheProgramRefuses(crafted([], { body }))
    })

    it('another signature comes with it (3)', async () => {
      const { alice, mallory } = world
      await onlyTheProgramRefuses(await signed(message, mallory, alice))
      await onlyTheProgramRefuses(await signed(message, alice, mallory))
    })

    it('the message has something behind it (3)', async () => {
      await onlyTheProgramRefuses(await signed(Buffer.concat([message, Buffer.alloc(1)]), world.alice))
    })

    it('the payee, a stranger, or nobody at all signed (5)', async () => {
      for (const signer of [world.bob, world.mallory]) await onlyTheProgramRefuses(await signed(message, signer))
      await world.refuse('InvalidSignature', take)
    })

    it('something else was signed: cluster, program, channel, instance, amount, nonce (6)', async () => {
      const other = (await generateKeyPairSigner()).address
      for (const change of [{ genesis: TOKEN }, { program: other }, { address: channel.vault }, { instance: channel.instance - 1n }]) {
        await onlyTheProgramRefuses(await signed(claimMessage({ ...channel, ...change }, 1n, 1000n), world.alice))
      }
      await onlyTheProgramRefuses(await signed(claimMessage(channel, 1n, 999n), world.alice))
      await onlyTheProgramRefuses(await signed(claimMessage(channel, 2n, 1000n), world.alice))
    })

    it('something of another kind was signed: terms, and both older forms (6)', async () => {
      const terms = Buffer.concat([Buffer.from('\xffSLUICE-CLOSE-V2', 'latin1'), message.subarray(16)])
      const first = Buffer.concat([bytesOf(channel.address), u64(1n), u64(1000n)])
      const second = Buffer.concat([Buffer.from('TOON-BALPROOF-V2'), bytesOf(channel.program), first])
      for (const signedMessage of [terms, first, second]) await onlyTheProgramRefuses(await signed(signedMessage, world.alice))
    })
  })

  it('is refused by the precompile for a wrong signature, or when it is to check none (3)', async () => {
    const wrong = Buffer.from(good.data)
    wrong[50]! ^= 1
    const none = Buffer.from(good.data)
    none[0] = 0
    for (const body of [wrong, none]) await world.refuseElsewhere(/./, crafted([], { body }), take)
  })

  it('is refused unless its signature stands directly before it', async () => {
    await world.refuse('InvalidSignature', take, good)
    await world.refuse('InvalidSignature', good, sendLamports(world.mallory, world.mallory.address, 1n), take)
  })

  it('is refused when another program stands where the precompile should (4)', async () => {
    const yes = (await generateKeyPairSigner()).address
    world.addProgram(yes, await programThatAccepts())
    await onlyTheProgramRefuses({ ...crafted([], { body: pretended(message, Buffer.alloc(64)) }), programAddress: yes })
  })

  it('is refused when an account only looks like the list of instructions (4)', async () => {
    const shown = pretended(message, Buffer.alloc(64))
    const list = Buffer.concat([u16(2), u16(6), u16(0), u16(0), bytesOf(ED25519), u16(shown.length), shown, u16(1)])
    await world.refuse('InvalidAccount', replaceAccount(take, 5, world.putCopy(channel.address, list, SYSTEM)))
  })

  it('is for the side that it names', async () => {
    const asOther = claim(channel, payer === 0 ? 1 : 0, 1n, 1000n)
    await world.do(deposit(channel, world.bob, channel.atas[payer === 0 ? 1 : 0], 5000n))
    await world.refuse('InvalidSignature', good, asOther)
    await world.do(...await world.claiming(channel, world.bob, 1n, 5000n)) // bob has paid it back: all is as before
  })
})

describe('terms in the Solana program', function () {
  this.timeout(INSTALL_TIMEOUT_MS)
  let world: SvmWorld
  let channel: TestChannel
  let until: bigint
  let paid: [bigint, bigint]

  before(async () => {
    world = await SvmWorld.create()
    const { alice, bob } = world
    channel = await world.plan(alice, bob)
    await world.do(...world.opening(channel, alice), deposit(channel, alice, channel.atas[sideOf(channel, alice.address)], 100_000n))
    world.pass(BIRTH_SLOTS + 1n)
    until = world.now + 600n
    paid = bySide(channel, alice.address, 1000n, 0n)
  })

  it('need both signatures, of side 0 first (5)', async () => {
    const [first, second] = channel.parties.map(party => world.signerOf(party)) as [SvmWorld['alice'], SvmWorld['alice']]
    const terms = termsMessage(channel, paid, until)
    const { mallory } = world
    for (const signers of [[first], [second], [first, first], [second, second], [second, first], [first, mallory], [mallory, second]]) {
      await world.refuse('InvalidSignature', await signed(terms, ...signers), cooperativeClose(channel, paid, until))
    }
  })

  it('are refused when something else was signed: amounts, time, channel, cluster, program, instance', async () => {
    const parties = channel.parties.map(party => world.signerOf(party))
    const refuse = async (message: Buffer): Promise<void> => {
      await world.refuse('InvalidSignature', await signed(message, ...parties), cooperativeClose(channel, paid, until))
    }
    await refuse(termsMessage(channel, [paid[1], paid[0]], until))
    await refuse(termsMessage(channel, [paid[0] + 1n, paid[1]], until))
    await refuse(termsMessage(channel, paid, until - 1n))
    for (const change of [{ genesis: TOKEN }, { program: TOKEN }, { address: channel.vault }, { instance: channel.instance - 1n }]) {
      await refuse(termsMessage({ ...channel, ...change }, paid, until))
    }
  })

  it('are not two claims', async () => {
    const parties = channel.parties.map(party => world.signerOf(party))
    for (const message of [claimMessage(channel, ...paid), Buffer.concat([claimMessage(channel, ...paid), u64(until)])]) {
      await world.refuse('InvalidSignature', await signed(message, ...parties), cooperativeClose(channel, paid, until))
    }
  })
})

/** A signature with R = A = aB and s = a(1 + k), of a secret a that mallory knows: it is valid for the key that stands in it. */
function signatureWithItsKey (message: Uint8Array): Buffer {
  const seed = createHash('sha256').update('mallory').digest()
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const point = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32)
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`)
  const sha512 = (...parts: Uint8Array[]): Buffer => createHash('sha512').update(Buffer.concat(parts)).digest()
  const secret = sha512(seed).subarray(0, 32)
  secret[0]! &= 248
  secret[31] = secret[31]! & 63 | 64
  const s = numberOf(secret) * (1n + numberOf(sha512(point, point, message)) % order) % order
  return Buffer.concat([point, Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()])
}

/** Says yes, whatever it is called with. */
async function programThatAccepts (): Promise<Uint8Array> {
  const { writeProgram } = await import(pathToFileURL(join(PACKAGE_ROOT, 'scripts/sbf-linker.mjs')).href) as LinkerModule
  const at = 288 // behind the headers
  const code = Buffer.from('b702000001000000' + '85000000ffffffff' + 'b700000000000000' + '9500000000000000', 'hex') // logs, and returns 0
  return writeProgram({ code, constants: Buffer.alloc(8), systemCalls: [{ name: 'sol_log_', at: at + 8 }], entry: at })
}

interface LinkerModule {
  writeProgram: (parts: { code: Buffer, constants: Buffer, systemCalls: Array<{ name: string, at: number }>, entry: number }) => Buffer
}
