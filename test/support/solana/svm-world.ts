/**
 * A Solana runtime in this process with the payment channel program, a mint, and three people. Alice and bob have channels. Mallory pays
 * all fees, and is a stranger to their channels. For tests that say what the program refuses, and where the tokens are.
 */
import { randomBytes } from 'node:crypto'
import {
  address, appendTransactionMessageInstructions, createTransactionMessage, generateKeyPairSigner as newKey, getBase58Decoder,
  getBase58Encoder, lamports, pipe, setTransactionMessageFeePayerSigner, setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
  type Address, type Blockhash, type Instruction, type KeyPairSigner
} from '@solana/kit'
import { expect } from 'chai'
import { programOf } from '../../../plugins/solana/program/binary.js'
import {
  ERRORS, SYSTEM, TOKEN, ataOf, claim, claimMessage, cooperativeClose, initialize, readChannel, signed, termsMessage, testChannel,
  type Call, type ChannelState, type ProgramError, type TestChannel
} from './channel-client.js'
import { MINT_BYTES, TOKEN_ACCOUNT_BYTES, createAccount, createAta, initializeMint, mintTo, sendLamports } from './token-client.js'
import { loadLiteSvm, type LiteSvm, type LiteSvmModule } from './tools.js'

/** The cluster that the program under test is built for. Any 32 bytes would do. */
const GENESIS = address('SURFNETxSAFEHASHxxxxxxxxxxxxxxxxxxx1892bcad')
const CHANNEL_BYTES = 216n
export const BIRTH_SLOTS = 150n
export const START_TOKENS = 1_000_000n

export interface Outcome {
  /** The name of the program's error, or what the runtime or another program said. Undefined: it went through. */
  error: string | undefined
  logs: string[]
}

export class SvmWorld {
  readonly rent: { channel: bigint, vault: bigint }

  private constructor (
    private readonly module: LiteSvmModule, public svm: LiteSvm, readonly program: Address, readonly mint: Address,
    readonly malloryAta: Address, readonly alice: KeyPairSigner, readonly bob: KeyPairSigner, readonly mallory: KeyPairSigner
  ) {
    this.rent = { channel: svm.minimumBalanceForRentExemption(CHANNEL_BYTES), vault: svm.minimumBalanceForRentExemption(165n) }
  }

  /** Everybody has 100 SOL and START_TOKENS. The mint has a freeze authority, as those of the large stable coins have. */
  static async create (): Promise<SvmWorld> {
    const module = await loadLiteSvm()
    const svm = new module.LiteSVM().withNativeMints()
    const [program, mint, alice, bob, mallory] = await Promise.all([newKey(), newKey(), newKey(), newKey(), newKey()])
    for (const { address } of [alice, bob, mallory]) svm.airdrop(address, lamports(100_000_000_000n))
    const world = new SvmWorld(module, svm, program.address, mint.address, await ataOf(mallory.address, mint.address), alice, bob, mallory)
    world.addProgram(program.address, await programForTests())
    world.pass(1000n, 1_800_000_000n)
    await world.do(
      createAccount(mallory, mint, world.rentOf(MINT_BYTES), MINT_BYTES, TOKEN),
      initializeMint(mint.address, mallory.address, mallory.address))
    for (const { address } of [alice, bob, mallory]) await world.giveTokens(address, START_TOKENS)
    return world
  }

  snapshot (): Uint8Array {
    return this.svm.toBytes()
  }

  restore (snapshot: Uint8Array): void {
    this.svm = this.module.LiteSVM.fromBytes(snapshot)
  }

  addProgram (id: Address, elf: Uint8Array): void {
    this.svm.addProgram(id, elf)
  }

  async giveTokens (owner: Address, amount: bigint, mint = this.mint, tokenProgram = TOKEN): Promise<void> {
    await this.do(
      await createAta(this.mallory, owner, mint, tokenProgram),
      mintTo(this.mallory, mint, await ataOf(owner, mint, tokenProgram), amount, tokenProgram))
  }

  rentOf (bytes: number): bigint {
    return this.svm.minimumBalanceForRentExemption(BigInt(bytes))
  }

  get slot (): bigint {
    return this.svm.getClock().slot
  }

  /** In seconds. */
  get now (): bigint {
    return this.svm.getClock().unixTimestamp
  }

  pass (slots: bigint, seconds = 0n): void {
    const clock = this.svm.getClock()
    clock.slot += slots
    clock.unixTimestamp += seconds
    this.svm.setClock(clock)
  }

  /** Sends one transaction, paid by mallory. */
  async send (...calls: Call[]): Promise<Outcome> {
    const lifetime = { blockhash: this.svm.latestBlockhash() as Blockhash, lastValidBlockHeight: 0n }
    const transaction = await signTransactionMessageWithSigners(pipe(
      createTransactionMessage({ version: 0 }), message => setTransactionMessageFeePayerSigner(this.mallory, message),
      message => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
      message => appendTransactionMessageInstructions(calls as Instruction[], message)))
    const result = this.svm.sendTransaction(transaction)
    this.svm.expireBlockhash()
    if (!(result instanceof this.module.FailedTransactionMetadata)) return { error: undefined, logs: result.logs() }
    const logs = result.meta().logs()
    return { error: this.#errorIn(logs) ?? String(result.err()), logs }
  }

  /** What the first program that failed said. Errors of the token programs are numbers, too. */
  #errorIn (logs: string[]): string | undefined {
    const failure = logs.find(log => log.includes(' failed: ')) ?? ''
    const [, program, what, code] = /^Program (\w+) failed: (custom program error: 0x([0-9a-f]+)|.*)/.exec(failure) ?? []
    if (program === undefined) return undefined
    if (code !== undefined && program === this.program) return ERRORS[parseInt(code, 16)]
    return `${program}: ${what ?? ''}`
  }

  /** Sends a transaction that is part of the story, and fails the test if it does not go through. */
  async do (...calls: Call[]): Promise<Outcome> {
    const outcome = await this.send(...calls)
    expect(outcome.error, outcome.logs.join('\n')).to.equal(undefined)
    return outcome
  }

  /** Sends a transaction that the program has to refuse with that error. A refused transaction changes nothing but the fee. */
  async refuse (error: ProgramError, ...calls: Call[]): Promise<void> {
    const outcome = await this.send(...calls)
    expect(outcome.error ?? 'it went through', outcome.logs.join('\n')).to.equal(error)
  }

  /** Sends a transaction that the runtime or a token program has to refuse. */
  async refuseElsewhere (pattern: RegExp, ...calls: Call[]): Promise<void> {
    const outcome = await this.send(...calls)
    expect(outcome.error ?? 'it went through', outcome.logs.join('\n')).to.match(pattern)
  }

  tokens (account: Address): bigint {
    const found = this.svm.getAccount(account)
    return found.exists && found.data.length >= TOKEN_ACCOUNT_BYTES ? Buffer.from(found.data).readBigUInt64LE(64) : 0n
  }

  lamports (account: Address): bigint {
    return this.svm.getBalance(account) ?? 0n
  }

  exists (account: Address): boolean {
    return this.svm.getAccount(account).exists
  }

  channelState ({ address }: TestChannel): ChannelState {
    const account = this.svm.getAccount(address)
    if (!account.exists) throw new Error(`no channel at ${address}`)
    return readChannel(account.data)
  }

  /** Changes an account behind the back of its program: for what others could do to it, such as freezing. */
  patch (account: Address, change: (data: Buffer) => void): void {
    const found = this.svm.getAccount(account)
    if (!found.exists) throw new Error(`no account at ${account}`)
    const data = Buffer.from(found.data)
    change(data)
    this.svm.setAccount({ ...found, data: new Uint8Array(data) })
  }

  dataOf (account: Address): Buffer {
    const found = this.svm.getAccount(account)
    if (!found.exists) throw new Error(`no account at ${account}`)
    return Buffer.from(found.data)
  }

  /** Makes an account, whatever its owner would have said. Returns how to take it away again. */
  put (account: Address, owner: Address, data: Uint8Array): () => void {
    const before = this.svm.getAccount(account)
    this.svm.setAccount({
      address: account, programAddress: owner, lamports: lamports(this.rentOf(data.length)), executable: false, space: BigInt(data.length),
      data: Uint8Array.from(data)
    })
    const undone = before.exists
      ? before
      : { address: account, programAddress: SYSTEM, lamports: lamports(0n), executable: false, space: 0n, data: new Uint8Array() }
    return () => { this.svm.setAccount(undone) }
  }

  /** An account at an address of its own, like this one but for its bytes. Returns the address. */
  putCopy (account: Address, data: Uint8Array, owner = this.ownerOf(account)): Address {
    const copy = address(getBase58Decoder().decode(Buffer.concat([Buffer.from([1]), randomBytes(31)])))
    this.put(copy, owner, data)
    return copy
  }

  ownerOf (account: Address): Address {
    const found = this.svm.getAccount(account)
    if (!found.exists) throw new Error(`no account at ${account}`)
    return found.programAddress
  }

  freeze (account: Address, isFrozen = true): void {
    this.patch(account, data => { data[108] = isFrozen ? 2 : 1 })
  }

  /** A channel that may be opened now. */
  async plan (
    opener: KeyPairSigner, peer: Pick<KeyPairSigner, 'address'>, more: { lane?: number, mint?: Address, tokenProgram?: Address } = {}
  ): Promise<TestChannel> {
    return await testChannel({
      program: this.program, genesis: GENESIS, opener: opener.address, peer: peer.address, mint: this.mint, instance: this.slot, ...more
    })
  }

  /** The transaction that opens it, by whoever is the opener. */
  opening (channel: TestChannel, opener: KeyPairSigner, challenge?: bigint): Call[] {
    return [
      sendLamports(this.mallory, channel.address, this.rent.channel), sendLamports(this.mallory, channel.vault, this.rent.vault),
      initialize(channel, opener, challenge)
    ]
  }

  signerOf (party: Address): KeyPairSigner {
    const signer = [this.alice, this.bob, this.mallory].find(({ address }) => address === party)
    if (signer === undefined) throw new Error(`nobody has the key of ${party}`)
    return signer
  }

  async claiming (channel: TestChannel, payer: KeyPairSigner, nonce: bigint, amount: bigint): Promise<[Call, Call]> {
    return [await signed(claimMessage(channel, nonce, amount), payer), claim(channel, sideOf(channel, payer.address), nonce, amount)]
  }

  /** Terms that both have signed. `paid` is by side. */
  async agreeing (channel: TestChannel, paid: readonly [bigint, bigint], until = this.now + 600n): Promise<[Call, Call]> {
    const parties = channel.parties.map(party => this.signerOf(party))
    return [await signed(termsMessage(channel, paid, until), ...parties), cooperativeClose(channel, paid, until)]
  }
}

export function sideOf ({ parties }: TestChannel, party: Address): 0 | 1 {
  return parties[0] === party ? 0 : 1
}

/** What the first party given has, and the other, as a pair by side. */
export function bySide<T> (channel: TestChannel, first: Address, ofFirst: T, ofOther: T): [T, T] {
  return sideOf(channel, first) === 0 ? [ofFirst, ofOther] : [ofOther, ofFirst]
}

/** The committed program, built for GENESIS. */
async function programForTests (): Promise<Buffer> {
  return await programOf(getBase58Encoder().encode(GENESIS) as Uint8Array)
}

