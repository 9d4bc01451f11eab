/** A channel on Mina in plain TypeScript: which acts its contract allows, and what they do. Tests compare the contract with it. */
import { FINISHED_REDEEMED, SLACK_NANOMINA } from '../../../plugins/mina/contract/terms.js'

export type Who = 'payer' | 'payee' | 'stranger'

/** Amounts are nanomina, slots are counted since genesis. `by` has signed the transaction, `signedBy` the claim. */
export type Act =
  | { kind: 'put', by: Who, amount: bigint }
  | { kind: 'redeem', by: Who, signedBy: Who, amount: bigint }
  | { kind: 'finish', by: Who, signedBy: Who, amount: bigint, rest: bigint, until: number }
  | { kind: 'startClose', by: Who, until: number }
  | { kind: 'settle', by: Who, amount: bigint }
  | { kind: 'wait', slot: number }

export class ChannelModel {
  balance = 0n
  redeemed = 0n
  closesAt = 0
  final = 0n
  slot = 0
  putIn = 0n
  readonly received = { payer: 0n, payee: 0n }

  constructor (private readonly challengeSlots: number) {}

  /** Does the act if the contract allows it. @returns whether it does */
  try (act: Act): boolean {
    const isAllowed = this.allows(act)
    if (isAllowed) this.act(act)
    return isAllowed
  }

  private allows (act: Act): boolean {
    switch (act.kind) {
    case 'put': case 'wait': return true
    case 'redeem':
      return act.by === 'payee' && act.signedBy === 'payer' && act.amount > this.redeemed && act.amount - this.redeemed <= this.balance
    case 'finish':
      return act.by === 'payee' && this.redeemed < FINISHED_REDEEMED && act.amount >= this.redeemed && this.slot <= act.until &&
        (act.signedBy === 'payer' || act.amount === this.redeemed) && act.amount - this.redeemed + act.rest <= this.balance
    case 'startClose': return act.by === 'payer' && this.closesAt === 0 && this.slot <= act.until
    case 'settle':
      return this.closesAt > 0 && this.slot >= this.closesAt && act.amount <= this.balance && this.balance <= act.amount + SLACK_NANOMINA
    }
  }

  private act (act: Act): void {
    switch (act.kind) {
    case 'put': {
      this.balance += act.amount
      this.putIn += act.amount
      return
    }
    case 'redeem': {
      this.pay('payee', act.amount - this.redeemed)
      this.redeemed = act.amount
      return
    }
    case 'finish': {
      this.pay('payee', act.amount - this.redeemed)
      this.pay('payer', act.rest)
      this.redeemed = FINISHED_REDEEMED
      this.closesAt = 1
      this.final = act.amount
      return
    }
    case 'startClose': {
      this.closesAt = act.until + this.challengeSlots
      return
    }
    case 'settle': {
      this.pay('payer', act.amount)
      return
    }
    case 'wait': this.slot = act.slot
    }
  }

  private pay (to: 'payer' | 'payee', amount: bigint): void {
    this.balance -= amount
    this.received[to] += amount
  }
}
