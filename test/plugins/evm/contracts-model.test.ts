/**
 * Sequences of whatever two participants and a stranger can do with a channel, against a model of what each owns. EVM_RUNS raises their
 * number. No sequence pays out more than was deposited, or the share of one to another.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { alice, bob, DAY, FUNDS, setUp, stranger } from '../../support/evm/parties.js'

const RUNS = Number(process.env.EVM_RUNS ?? 15)
const people = [alice, bob, stranger]

const person = fc.integer({ min: 0, max: 2 })
const side = fc.integer({ min: 0, max: 1 }) as fc.Arbitrary<0 | 1>
/** Small, and often relative to what was there before, so that limits are met often and steps succeed often. */
const difference = fc.integer({ min: -3, max: 25 })
/** Ends are rare: else most sequences end before anything happened. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('deposit' as const), by: person, side, more: difference }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('claim' as const), by: side, newer: fc.integer({ min: 0, max: 3 }), more: difference }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('claimOfOther' as const), by: person, signer: person, total: difference }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), by: person }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('closeTogether' as const), more: fc.tuple(difference, difference), isLate: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('consent' as const),
      by: side,
      least: difference,
      claim: fc.option(fc.record({ newer: fc.integer({ min: 0, max: 3 }), more: difference })),
      isLate: fc.boolean()
    })
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('settle' as const), by: person, waits: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('refuse' as const), side, refuses: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('withdraw' as const), by: person, to: person }) }
)
/** Every channel ends, so that what was booked wrong on the way comes out. */
const ending = fc.constantFrom<Step[]>(
  [
    { do: 'refuse', side: 0, refuses: false }, { do: 'withdraw', by: 0, to: 0 }, { do: 'withdraw', by: 0, to: 2 },
    { do: 'close', by: 0 }, { do: 'settle', by: 1, waits: true }, { do: 'withdraw', by: 1, to: 2 }, { do: 'settle', by: 1, waits: true }
  ],
  [{ do: 'closeTogether', more: [0, 0], isLate: false }, { do: 'closeTogether', more: [0, 0], isLate: false }],
  ...([0, 1] as const).map((by): Step[] => [
    { do: 'consent', by, least: 5, claim: { newer: 2, more: 3 }, isLate: false },
    { do: 'consent', by, least: 0, claim: null, isLate: false },
    { do: 'consent', by, least: 0, claim: null, isLate: false }
  ])
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never
type Pair = [number, number]

/** The books that the contract should keep. Each method says whether the step may succeed, and books it then. */
class Model {
  state: 'open' | 'closed' | 'settled' = 'open'
  isOver = false
  deposits: Pair = [0, 0]
  /** What each has redeemed from the other. */
  claimed: Pair = [0, 0]
  nonces: Pair = [0, 0]
  waiting = [0, 0, 0]
  refused = [false, false, false]
  /** Tokens in hand, since the start. */
  gains = [0, 0, 0]

  /** What a step's differences come to. */
  totalOf (step: Step): number {
    if (step.do === 'deposit') return Math.max(0, this.deposits[step.side] + step.more)
    if (step.do === 'claim') return Math.max(0, this.claimed[step.by] + step.more)
    return step.do === 'claimOfOther' ? Math.max(0, step.total) : 0
  }

  nonceOf (step: Step & { do: 'claim' }): number {
    return Math.max(0, this.nonces[other(step.by)] + step.newer - 1)
  }

  paidBy (step: Step & { do: 'closeTogether' }): Pair {
    return [Math.max(0, this.claimed[1] + step.more[0]), Math.max(0, this.claimed[0] + step.more[1])]
  }

  /** What a consent grants, and the proof that is brought with it. */
  consentOf ({ by, least, claim }: Step & { do: 'consent' }): { least: number, claim: { nonce: number, amount: number } | undefined } {
    const nonce = Math.max(0, this.nonces[other(by)] + (claim?.newer ?? 0) - 1)
    const amount = Math.max(0, this.claimed[by] + (claim?.more ?? 0))
    return { least: Math.max(0, this.claimed[other(by)] + least), claim: claim === null ? undefined : { nonce, amount } }
  }

  apply (step: Step): boolean {
    switch (step.do) {
    case 'deposit': {
      const more = this.totalOf(step) - this.deposits[step.side]
      if (this.state !== 'open' || more < 0) return false
      this.deposits[step.side] += more
      this.gains[step.by]! -= more
      return true
    }
    case 'claim': return this.claim(step.by, this.nonceOf(step), this.totalOf(step))
    case 'claimOfOther': {
      const { by, signer } = step
      return (by === 0 || by === 1) && signer === other(by) && this.claim(by, 99, this.totalOf(step))
    }
    case 'close':
      if (this.state !== 'open' || step.by === 2) return false
      this.state = 'closed'
      return true
    case 'closeTogether': return !step.isLate && this.settle(this.paidBy(step))
    case 'consent': return !step.isLate && this.consent(step.by, this.consentOf(step))
    case 'settle':
      this.isOver ||= this.state === 'closed' && step.waits
      return this.state === 'closed' && this.isOver && this.settle([this.claimed[1], this.claimed[0]])
    case 'refuse':
      this.refused[step.side] = step.refuses
      return true
    case 'withdraw': {
      const waits = this.waiting[step.by]!
      if (waits === 0 || this.refused[step.to]!) return false
      this.waiting[step.by] = 0
      this.gains[step.to]! += waits
      return true
    }
    }
  }

  private claim (payee: 0 | 1, nonce: number, total: number): boolean {
    const payer = other(payee)
    if (this.state === 'settled') return false
    if (nonce <= this.nonces[payer] || total <= this.claimed[payee] || total > this.deposits[payer]) return false
    const more = total - this.claimed[payee]
    this.nonces[payer] = nonce
    this.claimed[payee] = total
    this.pay(payee, more)
    return true
  }

  /** Nobody gets less than it had, or more than the other's deposit. */
  private consent (by: 0 | 1, { least, claim }: ReturnType<Model['consentOf']>): boolean {
    const from = other(by)
    const isNew = claim !== undefined && claim.nonce > this.nonces[from] && claim.amount > this.claimed[by]
    const paid: Pair = [0, 0]
    paid[by] = Math.max(least, this.claimed[from])
    paid[from] = isNew ? claim.amount : this.claimed[by]
    if (paid[0] > this.deposits[0] || paid[1] > this.deposits[1] || !this.settle(paid)) return false
    this.claimed = [paid[1], paid[0]]
    return true
  }

  /** `paid`: what each has paid the other. */
  private settle (paid: Pair): boolean {
    if (this.state === 'settled') return false
    const payouts = ([0, 1] as const).map(who => this.deposits[who] - paid[who] + paid[1 - who]! - this.claimed[who])
    if (payouts.some(payout => payout < 0)) return false
    this.state = 'settled'
    payouts.forEach((payout, who) => { this.pay(who, payout) })
    return true
  }

  private pay (who: number, payout: number): void {
    if (this.refused[who]!) this.waiting[who]! += payout
    else this.gains[who]! += payout
  }

  inNetwork (): number {
    return -this.gains.reduce((sum, gain) => sum + gain, 0)
  }
}

function other (side: 0 | 1): 0 | 1 {
  return side === 0 ? 1 : 0
}

describe('contracts', () => {
  const parties = setUp()
  let id: string

  async function succeeds (step: Step, model: Model): Promise<boolean> {
    const { network, token } = parties
    const by = 'by' in step ? people[step.by]! : stranger
    const total = model.totalOf(step)
    switch (step.do) {
    case 'deposit': return ok(network.send(by.address, 'setTotalDeposit', id, people[step.side]!.address, total))
    case 'claim': return ok(parties.claim(by, people[other(step.by)]!, id, model.nonceOf(step), total))
    case 'claimOfOther': return ok(parties.claim(by, people[step.signer]!, id, 99, total))
    case 'close': return ok(network.send(by.address, 'closeChannel', id))
    case 'closeTogether': return ok(parties.closeTogether(id, ...model.paidBy(step), step.isLate ? 1 : undefined))
    case 'consent':
      return ok(parties.closeWithConsent(
        by, people[other(step.by)]!, id, { ...model.consentOf(step), validUntil: step.isLate ? 1 : undefined }))
    case 'settle':
      if (step.waits) await parties.chain.pass(DAY)
      return ok(network.send(by.address, 'settleChannel', id))
    case 'withdraw': return ok(network.send(by.address, 'withdraw', people[step.to]!.address))
    case 'refuse': return ok(token.send(by.address, 'setRefuses', people[step.side]!.address, step.refuses))
    }
  }

  async function ok (outcome: Promise<{ error?: string | undefined }>): Promise<boolean> {
    return (await outcome).error === undefined
  }

  async function gainsOnChain (): Promise<number[]> {
    return Promise.all(people.map(async ({ address }) => Number(await parties.token.read('balanceOf', address) - FUNDS)))
  }

  it('pay everybody the own share, and money is conserved, in whatever order they are called', async function () {
    this.timeout(RUNS * 60_000)
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 14, size: 'max' }), ending, async (steps, last) => {
      const snapshot = await parties.chain.rpc('evm_snapshot')
      const model = new Model()
      id = await parties.openWith(20, 20)
      model.apply({ do: 'deposit', by: 0, side: 0, more: 20 })
      model.apply({ do: 'deposit', by: 1, side: 1, more: 20 })
      for (const step of [...steps, ...last]) {
        expect(await succeeds(step, model), JSON.stringify(step)).to.equal(model.apply(step))
      }
      for (const who of [0, 1] as const) expect(Number(await parties.network.read('claimedAmounts', id, people[who]!.address))).to.equal(model.claimed[who])
      expect(await gainsOnChain()).to.deep.equal(model.gains)
      expect(Number(await parties.token.read('balanceOf', parties.network.address))).to.equal(model.inNetwork())
      for (const [who, { address }] of people.entries()) {
        expect(Number(await parties.network.read('withdrawable', address))).to.equal(model.waiting[who])
      }
      await parties.chain.rpc('evm_revert', snapshot)
    }), { numRuns: RUNS })
  })
})
