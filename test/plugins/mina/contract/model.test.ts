/**
 * The contract of Mina channels does what the model in plain TypeScript says, in random lives, and eight invariants hold on the way. A
 * short form: `MINA_LIVES` says how many lives.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { UInt32, UInt64, type Mina } from 'o1js'
import { FINISHED_REDEEMED } from '../../../../plugins/mina/contract/terms.js'
import { CHALLENGE_SLOTS, ContractWorld, FEE, MINA, claimOn, type Account, type TestChannel } from '../../../support/mina/contract-world.js'
import { ChannelModel, type Act, type Who } from '../../../support/mina/model.js'

const LIVES = Number(process.env.MINA_LIVES ?? 2)
const ACTS = 14

const who = fc.oneof({ weight: 6, arbitrary: fc.constant('payee' as const) }, fc.constantFrom<Who[]>('payer', 'payee', 'stranger'))
const signer = fc.oneof({ weight: 6, arbitrary: fc.constant('payer' as const) }, fc.constantFrom<Who[]>('payee', 'stranger'))
const anybody = fc.constantFrom<Who[]>('payer', 'payee', 'stranger')
const amount = fc.bigInt(0n, 14n).map(halves => halves * MINA / 2n)
const ahead = fc.integer({ min: -1, max: 30 })
/** Slots and the amounts of an end depend on the state, which is not known yet. */
const plan = fc.oneof(
  fc.record({ kind: fc.constant('put' as const), by: anybody, amount }),
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('redeem' as const), by: who, signedBy: signer, amount }) },
  fc.record({ kind: fc.constant('finish' as const), by: who, signedBy: signer, amount, ahead, leaves: fc.constantFrom(0n, 0n, MINA) }),
  fc.record({ kind: fc.constant('startClose' as const), by: fc.constantFrom<Who[]>('payer', 'payer', 'payee', 'stranger'), ahead }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), by: anybody, leaves: fc.constantFrom(0n, 0n, MINA, MINA + 1n) }) },
  fc.record({ kind: fc.constant('wait' as const), slots: fc.constantFrom(1, 20, CHALLENGE_SLOTS) }),
  fc.record({ kind: fc.constant('prove' as const), amount }),
  fc.record({ kind: fc.constant('sendProven' as const) })
)
type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never

describe('the contract of Mina channels, in random lives', function () {
  this.timeout(600_000)
  let world: ContractWorld

  before(async () => { world = await ContractWorld.start() })

  it('does what the model says, and keeps its invariants', async () => {
    const life = fc.array(plan, { minLength: 6, maxLength: ACTS })
    const lives = fc.asyncProperty(life, async plans => { await new Life(world, await world.open(5n * MINA)).run(plans) })
    await fc.assert(lives, { numRuns: LIVES })
  })
})

class Life {
  private readonly model = new ChannelModel(CHALLENGE_SLOTS)
  private proven: { command: Awaited<ReturnType<typeof Mina.transaction>>, amount: bigint, redeemed: bigint } | undefined
  private readonly relay: Account

  constructor (private readonly world: ContractWorld, private readonly channel: TestChannel) {
    this.relay = world.chain.testAccounts[5]
    this.model.slot = world.slot
    this.model.try({ kind: 'put', by: 'payer', amount: 5n * MINA })
  }

  async run (plans: readonly Plan[]): Promise<void> {
    for (const each of plans) {
      if (each.kind === 'prove') await this.prove(each.amount)
      else if (each.kind === 'sendProven') await this.sendProven()
      else await this.act(this.actOf(each))
    }
    await this.leaveNothing()
  }

  private actOf (each: Exclude<Plan, { kind: 'prove' | 'sendProven' }>): Act {
    const { slot, balance, redeemed } = this.model
    switch (each.kind) {
    case 'put': return { ...each, amount: each.amount + 1n }
    case 'redeem': return each
    case 'finish': {
      const left = balance - (each.amount > redeemed ? each.amount - redeemed : 0n)
      const rest = left > each.leaves ? left - each.leaves : 0n
      return { kind: 'finish', by: each.by, signedBy: each.signedBy, amount: each.amount, rest, until: Math.max(0, slot + each.ahead) }
    }
    case 'startClose': return { kind: 'startClose', by: each.by, until: Math.max(0, slot + each.ahead) }
    case 'settle': return { kind: 'settle', by: each.by, amount: balance > each.leaves ? balance - each.leaves : 0n }
    case 'wait': return { kind: 'wait', slot: slot + each.slots }
    }
  }

  private async act (act: Act): Promise<void> {
    const before = this.seen()
    const isAllowed = this.model.try(act)
    const done = await this.do(act).then(() => true, (error: unknown) => String(error))
    expect(done === true, `${JSON.stringify(act, bigintAsText)}: ${String(done)}`).to.equal(isAllowed)
    this.compare(before, act)
  }

  private async do (act: Act): Promise<void> {
    const { app } = this.channel
    if (act.kind === 'wait') {
      this.world.chain.setGlobalSlot(act.slot)
      return
    }
    const by = this.world[act.by]
    const [payer, payee] = [this.world.payer, this.world.payee].map(one => this.world.balance(one))
    await (act.kind === 'put' ? this.world.put(by, this.channel, act.amount) : this.world.send(by, () => {
      switch (act.kind) {
      case 'redeem': return app.redeem(...this.claim(act.amount, act.signedBy))
      case 'finish': return app.finish(...this.claim(act.amount, act.signedBy), UInt64.from(act.rest), UInt32.from(act.until))
      case 'startClose': return app.startClose(UInt32.from(act.until))
      case 'settle': return app.settle(UInt64.from(act.amount))
      }
    }))
    this.count('payer', act, payer ?? 0n)
    this.count('payee', act, payee ?? 0n)
  }

  /** What the parties have got of the channel, read from their balances on the chain. */
  private readonly got = { payer: 0n, payee: 0n }

  private count (whose: 'payer' | 'payee', act: Act, before: bigint): void {
    const paid = 'by' in act && act.by === whose ? FEE + (act.kind === 'put' ? act.amount : 0n) : 0n
    this.got[whose] += this.world.balance(this.world[whose]) - before + paid
  }

  private claim (amount: bigint, signedBy: Who): ReturnType<typeof claimOn> {
    return claimOn(this.channel, amount, { key: this.world[signedBy].key })
  }

  /** I8: what was proven stays good until the payee redeems, or the challenge is over and the money gone. */
  private async prove (amount: bigint): Promise<void> {
    if (this.proven !== undefined || amount <= this.model.redeemed) return
    const { redeemed } = this.model
    const command = await this.world.build(this.relay, () => this.channel.app.redeem(...this.claim(amount, 'payer')))
    this.proven = { command, amount, redeemed }
  }

  private async sendProven (): Promise<void> {
    if (this.proven === undefined) return
    const { command, amount, redeemed } = this.proven
    this.proven = undefined
    const before = this.seen()
    const act: Act = { kind: 'redeem', by: 'payee', signedBy: 'payer', amount }
    const isAllowed = this.model.redeemed === redeemed && this.model.try(act)
    const held = this.world.balance(this.world.payee)
    const done = await command.sign([this.relay.key, this.world.payee.key]).send().then(() => true, () => false)
    expect(done, 'proven in advance').to.equal(isAllowed)
    this.got.payee += this.world.balance(this.world.payee) - held
    this.compare(before, act)
  }

  private seen (): { redeemed: bigint, closesAt: bigint, final: bigint, payer: bigint, payee: bigint } {
    const { redeemed, closesAt, final } = this.channel.app
    return { redeemed: redeemed.get().toBigInt(), closesAt: closesAt.get().toBigint(), final: final.get().toBigInt(), ...this.got }
  }

  private compare (before: ReturnType<Life['seen']>, act: Act): void {
    const after = this.seen()
    const { redeemed, closesAt, final, balance, received, putIn } = this.model
    expect(after).to.deep.equal({ redeemed, closesAt: BigInt(closesAt), final, ...received })
    expect(this.world.balance(this.channel.account)).to.equal(balance)
    const isFinished = after.redeemed === FINISHED_REDEEMED
    expect(after.payee, 'I1: the payee has what the best claim says that it brought').to.equal(isFinished ? after.final : after.redeemed)
    expect(after.payee + after.payer + balance, 'I1: nobody has more than was put in').to.equal(putIn)
    expect(after.redeemed >= before.redeemed, 'I2: redeemed never falls').to.equal(true)
    if (after.redeemed !== before.redeemed) expect('by' in act && act.by, 'I2: the payee alone changes it').to.equal('payee')
    if (after.payer > before.payer && act.kind !== 'finish') {
      expect(act.kind, 'I3: the payer gets money by finish or after the challenge').to.equal('settle')
      expect(this.model.slot >= Number(before.closesAt) && before.closesAt > 0n, 'I3').to.equal(true)
    }
    if (after.closesAt !== before.closesAt) {
      expect(before.closesAt === 0n || act.kind === 'finish', 'I4: closesAt changes once, or by finish').to.equal(true)
      expect(act.kind === 'startClose' ? after.closesAt === BigInt(act.until + CHALLENGE_SLOTS) : after.closesAt === 1n, 'I4').to.equal(true)
    }
    if (before.redeemed === FINISHED_REDEEMED) expect(after.payee, 'I5: after finish all is the payer’s').to.equal(before.payee)
  }

  /** I6: all that was put in can be taken out, by the payer alone. */
  private async leaveNothing (): Promise<void> {
    if (this.model.closesAt === 0) await this.act({ kind: 'startClose', by: 'payer', until: this.model.slot })
    await this.act({ kind: 'wait', slot: Math.max(this.model.closesAt, this.model.slot) })
    await this.act({ kind: 'settle', by: 'payer', amount: this.model.balance })
    expect(this.model.balance, 'I6').to.equal(0n)
  }
}

function bigintAsText (_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value
}
