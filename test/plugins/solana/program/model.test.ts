/**
 * Any sequence of calls, valid or not, with earlier claims and terms brought again: the program does what a model of one page does, and
 * after each call no token was made, lost, or given to the wrong party. SOLANA_ROUNDS is the number of calls (10,000 or more for a long
 * run), SOLANA_SEED repeats a run.
 */
import type { KeyPairSigner } from '@solana/kit'
import { expect } from 'chai'
import {
  claim, claimMessage, close, cooperativeClose, deposit, forceCloseExpired, settle, signed, termsMessage, withdraw,
  type Call, type TestChannel
} from '../../../support/solana/channel-client.js'
import { BIRTH_SLOTS, START_TOKENS, SvmWorld } from '../../../support/solana/svm-world.js'
import { sendTokens } from '../../../support/solana/token-client.js'
import { INSTALL_TIMEOUT_MS } from '../../../support/solana/tools.js'

const ROUNDS = Number(process.env.SOLANA_ROUNDS ?? 400)
const SEED = process.env.SOLANA_SEED ?? String(Date.now())
const CHALLENGE = 3600n
const YEAR = 31_536_000n

type Pair = [bigint, bigint]
type Side = 0 | 1

/** What one life of a channel should be. */
interface Model {
  channel: TestChannel
  parties: readonly [KeyPairSigner, KeyPairSigner]
  deposit: Pair
  transferred: Pair
  withdrawn: Pair
  surplus: bigint
  state: 'opened' | 'closed' | 'settled' | 'ended'
  closedBy?: Side | 'expiry' | 'both'
  openedAt: bigint
  closedAt: bigint
  closedSlot: bigint
}

/** One call, whether it should go through, and what it then changes. */
interface Step { kind: string, calls: Call[], isValid: boolean, after: () => void }

const isUnsettled = ({ state }: Model): boolean => state === 'opened' || state === 'closed'
const other = (side: Side): Side => side === 0 ? 1 : 0

class Story {
  #random: bigint
  #frozen = new Set<KeyPairSigner>()
  #earlier: Array<{ calls: Call[], channel: TestChannel }> = []
  /** What each party should have in its associated token account. */
  readonly wallet = new Map<KeyPairSigner, bigint>()
  readonly seen = new Set<string>()
  /** The kinds of calls that have gone through. */
  readonly done = new Set<string>()
  #model: Model | undefined

  constructor (private readonly world: SvmWorld, seed: string) {
    this.#random = BigInt(seed)
    for (const party of [world.alice, world.bob]) this.wallet.set(party, START_TOKENS)
  }

  #below (limit: number): number {
    this.#random = (this.#random * 6364136223846793005n + 1442695040888963407n) % (1n << 64n)
    return Number((this.#random >> 33n) % BigInt(limit))
  }

  async round (): Promise<void> {
    this.#model ??= await this.#open()
    const model = this.#model
    const step = await this.#step(model)
    if (step === undefined) return
    const before = structuredClone({ ...model, parties: undefined })
    const { error, logs } = await this.world.send(...step.calls)
    if (error === undefined) this.done.add(step.kind)
    expect(error === undefined, `${step.kind}: ${error ?? 'went through'}\n${logs.join('\n')}`).to.equal(step.isValid)
    if (step.isValid) step.after()
    this.#check(model, before)
    if (model.state === 'ended') this.#model = undefined
  }

  async #open (): Promise<Model> {
    const { alice, bob } = this.world
    const [opener, peer] = this.#below(2) === 0 ? [alice, bob] : [bob, alice]
    const channel = await this.world.plan(opener, peer, { lane: this.#below(2) })
    const life = `${channel.address} ${channel.instance}`
    const { error } = await this.world.send(...this.world.opening(channel, opener, CHALLENGE))
    // I7: an address never has the same instance twice.
    expect(error === undefined).to.equal(!this.seen.has(life))
    this.seen.add(life)
    const parties = channel.parties.map(party => this.world.signerOf(party)) as [KeyPairSigner, KeyPairSigner]
    return {
      channel, parties, deposit: [0n, 0n], transferred: [0n, 0n], withdrawn: [0n, 0n], surplus: 0n, state: 'opened',
      openedAt: this.world.now, closedAt: 0n, closedSlot: 0n
    }
  }

  async #step (model: Model): Promise<Step | undefined> {
    const side = this.#below(2) as Side
    const amount = BigInt(this.#below(3) > 0 ? this.#below(3000) : this.#below(400_000))
    switch (this.#below(14)) {
    case 0: case 1: return this.#deposit(model, side, amount)
    case 2: case 3: case 4: return await this.#claim(model, side, amount)
    case 5: return this.#close(model, side)
    case 6: case 7: return this.#settle(model)
    case 8: return this.#expire(model)
    case 9: return await this.#terms(model, amount)
    case 10: return this.#withdraw(model, side)
    case 11: return this.#again(model)
    case 12: return this.#surplus(model)
    default:
      this.#elapse(model)
      return undefined
    }
  }

  #deposit (model: Model, side: Side, amount: bigint): Step {
    const { channel, parties } = model
    const party = parties[side]
    const total = model.deposit[side] + amount
    const isValid = model.state === 'opened' && amount > 0n && amount <= this.#walletOf(party) && !this.#frozen.has(party)
    return {
      kind: 'deposit', calls: [deposit(channel, party, channel.atas[side], total)], isValid,
      after: () => {
        model.deposit[side] = total
        this.wallet.set(party, this.#walletOf(party) - amount)
      }
    }
  }

  async #claim (model: Model, payer: Side, amount: bigint): Promise<Step> {
    const { channel, parties } = model
    const nonce = BigInt(this.#below(1000))
    const calls = [await signed(claimMessage(channel, nonce, amount), parties[payer]), claim(channel, payer, nonce, amount)]
    this.#remember(calls, channel)
    const isValid = isUnsettled(model) && amount > model.transferred[payer] && amount <= model.deposit[payer]
    return {
      kind: 'claim', calls, isValid,
      after: () => {
        model.transferred[payer] = amount
        this.#pay(model, other(payer))
      }
    }
  }

  #close (model: Model, side: Side): Step {
    const calls = [close(model.channel, model.parties[side])]
    return { kind: 'close', calls, isValid: model.state === 'opened', after: () => { this.#closed(model, side) } }
  }

  #expire (model: Model): Step {
    const isValid = model.state === 'opened' && this.world.now >= model.openedAt + YEAR
    return { kind: 'expire', calls: [forceCloseExpired(model.channel)], isValid, after: () => { this.#closed(model, 'expiry') } }
  }

  #closed (model: Model, closedBy: Side | 'expiry'): void {
    Object.assign(model, { state: 'closed', closedBy, closedAt: this.world.now, closedSlot: this.world.slot })
  }

  #settle (model: Model): Step {
    const { closedBy } = model
    const hasNothingLeft = typeof closedBy === 'number' && model.deposit[closedBy] === model.transferred[closedBy]
    const isOver = this.world.now >= model.closedAt + CHALLENGE && this.world.slot >= model.closedSlot + CHALLENGE
    const isValid = model.state === 'settled' || (model.state === 'closed' && this.#isOld(model) && (hasNothingLeft || isOver))
    return { kind: 'settle', calls: [settle(model.channel)], isValid, after: () => { this.#payAndEnd(model) } }
  }

  async #terms (model: Model, amount: bigint): Promise<Step> {
    const { channel, parties } = model
    const paid = model.transferred.map(value => value + (this.#below(4) > 0 ? BigInt(this.#below(2000)) : amount)) as Pair
    if (this.#below(8) === 0 && paid[0] > 0n) paid[0] -= 1n
    const until = this.world.now + (this.#below(8) > 0 ? 600n : -1n)
    const calls = [await signed(termsMessage(channel, paid, until), ...parties), cooperativeClose(channel, paid, until)]
    this.#remember(calls, channel)
    const isEnough = ([0, 1] as const).every(side => model.deposit[side] + paid[other(side)] - paid[side] >= model.withdrawn[side])
    const isValid = isUnsettled(model) && this.#isOld(model) && until >= this.world.now &&
      paid[0] >= model.transferred[0] && paid[1] >= model.transferred[1] && isEnough
    return {
      kind: 'terms', calls, isValid,
      after: () => {
        model.transferred = paid
        model.closedBy = 'both'
        this.#payAndEnd(model)
      }
    }
  }

  #withdraw (model: Model, side: Side): Step {
    const { channel, parties } = model
    const owed = this.#owed(model, side)
    return {
      kind: 'withdraw', calls: [withdraw(channel, parties[side], this.world.malloryAta)], isValid: owed > 0n,
      after: () => { model.withdrawn[side] += owed }
    }
  }

  /** A claim or terms of before, of this life or another. */
  #again (model: Model): Step | undefined {
    const found = this.#earlier[this.#below(this.#earlier.length + 1)]
    if (found === undefined || found.channel.instance === model.channel.instance) return undefined
    return { kind: 'again', calls: found.calls, isValid: false, after: () => undefined }
  }

  #surplus (model: Model): Step {
    return {
      kind: 'surplus', calls: [sendTokens(this.world.mallory, this.world.malloryAta, model.channel.vault, 3n)], isValid: true,
      after: () => { model.surplus += 3n }
    }
  }

  #elapse (model: Model): void {
    const choice = this.#below(12)
    if (choice < 5) this.world.pass(BigInt(this.#below(300)), BigInt(this.#below(200)))
    else if (choice < 8) this.world.pass(CHALLENGE, CHALLENGE)
    else if (choice === 8) this.world.pass(0n, YEAR)
    else this.#freeze(model.parties[this.#below(2) as Side], choice > 9)
  }

  #freeze (party: KeyPairSigner, isFrozen: boolean): void {
    const at = this.#model?.parties.indexOf(party) ?? -1
    this.world.freeze(this.#model!.channel.atas[at]!, isFrozen)
    if (isFrozen) this.#frozen.add(party)
    else this.#frozen.delete(party)
  }

  #remember (calls: Call[], channel: TestChannel): void {
    this.#earlier.push({ calls, channel })
    if (this.#earlier.length > 500) this.#earlier.shift()
  }

  #walletOf (party: KeyPairSigner): bigint {
    return this.wallet.get(party) ?? 0n
  }

  #isOld ({ channel }: Model): boolean {
    return this.world.slot > channel.instance + BIRTH_SLOTS
  }

  #owed (model: Model, side: Side): bigint {
    const own = model.state === 'settled' ? model.deposit[side] - model.transferred[side] : 0n
    return model.transferred[other(side)] + own - model.withdrawn[side]
  }

  #pay (model: Model, side: Side): void {
    const party = model.parties[side]
    if (this.#frozen.has(party)) return
    const owed = this.#owed(model, side)
    model.withdrawn[side] += owed
    this.wallet.set(party, this.#walletOf(party) + owed)
  }

  #payAndEnd (model: Model): void {
    model.state = 'settled'
    for (const side of [0, 1] as const) this.#pay(model, side)
    if (this.#owed(model, 0) > 0n || this.#owed(model, 1) > 0n) return
    const opener = model.parties[model.channel.parties[0] === model.channel.opener ? 0 : 1]
    if (model.surplus > 0n && this.#frozen.has(opener)) return
    this.wallet.set(opener, this.#walletOf(opener) + model.surplus)
    model.state = 'ended'
  }

  #check (model: Model, before: Pick<Model, 'deposit' | 'transferred' | 'withdrawn' | 'state'>): void {
    const { world } = this
    const { channel } = model
    model.parties.forEach((party, side) => { expect(world.tokens(channel.atas[side]!)).to.equal(this.#walletOf(party)) })
    const sum = ([x, y]: Pair): bigint => x + y
    if (model.state === 'ended') {
      expect(sum(model.withdrawn)).to.equal(sum(model.deposit)) // I6: payouts of a life sum to the deposits
      expect(world.exists(channel.address) || world.exists(channel.vault)).to.equal(false)
      return
    }
    const found = world.channelState(channel)
    const { deposit, transferred, withdrawn } = model
    const booked = { deposit: found.deposit, transferred: found.transferred, withdrawn: found.withdrawn }
    expect(booked).to.deep.equal({ deposit, transferred, withdrawn })
    const STATES = ['opened', 'closed', 'settled', 'ended']
    expect(STATES[found.state]).to.equal(model.state)
    expect(world.tokens(channel.vault)).to.equal(sum(deposit) - sum(withdrawn) + model.surplus) // I1
    expect(STATES.indexOf(model.state)).to.be.at.least(STATES.indexOf(before.state)) // I8
    for (const side of [0, 1] as const) {
      if (model.state !== 'settled') expect(transferred[side] <= deposit[side]).to.equal(true) // I2
      for (const field of ['deposit', 'transferred', 'withdrawn'] as const) {
        expect(found[field][side] >= before[field][side]).to.equal(true) // I3
      }
    }
  }
}

describe('the Solana program and its model', function () {
  this.timeout(INSTALL_TIMEOUT_MS + ROUNDS * 500)

  it(`agree after each of ${ROUNDS} calls, with seed ${SEED}`, async () => {
    const story = new Story(await SvmWorld.create(), SEED)
    for (let round = 0; round < ROUNDS; round++) await story.round()
    if (ROUNDS < 4000) return // in fewer, one kind may not have come
    for (const kind of ['deposit', 'claim', 'close', 'settle', 'terms']) expect(story.done.has(kind), kind).to.equal(true)
  })
})
