/**
 * What each operation comes to on the chain: what shows that it is done, what the chain must be like before it, and what it offers. What
 * the chain would refuse is not sent: a zkApp transaction that fails in its block costs its fee as well.
 */
import { URGENCY } from '../lib/channels/seat.js'
import type { Urgency } from '../lib/channels/seat.js'
import { ChainError } from '../lib/channels/types.js'
import type { Feed } from './chain/feed.js'
import { mostFor } from './chain/fees.js'
import type { FeePolicy } from './chain/fees.js'
import type { Call, ClaimRecord, Unsigned } from './chain/operations.js'
import type { Nodes } from './chain/nodes.js'
import type { Plan } from './chain/sender.js'
import { channelIn, isOver } from './channel-account.js'
import type { Channel, Expected } from './channel-account.js'
import type { ChannelKeys } from './channel-keys.js'
import { isAddress } from './entry-fields.js'
import type { MinaKey } from './keys.js'
import type { Proofs } from './proofs.js'
import type { Claim as ProvenClaim } from './prover/jobs.js'

export interface PlansDeps {
  nodes: () => Nodes
  key: MinaKey
  keys: ChannelKeys
  expected: Expected
  proofs: Proofs
  fees: FeePolicy
  slotMs: () => number
  /** Sees to it that an account is looked at, and looks. */
  lookAt: (address: string) => Promise<void>
}

/** Slots that a transaction with an end has to get into a block: two hours. */
export const SLOTS_TO_LIVE = 40
/** With fewer slots left it is not sent any more: it would miss its end, and cost its fee. */
const SLOTS_TO_SEND = 5
/** Of the time that is left in a challenge, the part that a proof may take where there is another one. */
const PATIENCE_PARTS = 4

export class Plans {
  constructor (private readonly deps: PlansDeps) {}

  /** As it is at the tip, or as the confirmed chain has it. Undefined: it has none. @throws ChainError, final, where the account is none */
  channel (address: string, isConfirmed: boolean, feed = this.#feed): Channel | undefined {
    const { expected } = this.deps
    if (!feed.isFollowed(address)) throw new ChainError(`the account has not been looked at yet. channelId=${address}`, false)
    const { latest, confirmed } = feed.sight(address)
    const account = isConfirmed ? confirmed : latest
    if (account?.state === undefined) return undefined
    const channel = channelIn(account, expected)
    if (typeof channel === 'string') throw new ChainError(`the account is not used as a channel: ${channel}. channelId=${address}`, true)
    return channel
  }

  /** Everything that was put into it, at the tip, by the node that shows most: nothing is put in again because one lags. nanomina */
  depositIn (address: string): bigint {
    const deposits = this.deps.nodes().well.map(feed => this.channel(address, false, feed)?.deposit ?? 0n)
    return deposits.reduce((most, deposit) => deposit > most ? deposit : most)
  }

  /** By what was looked at last. Never throws: what is wrong with a channel says what is asked of the plan. */
  of (call: Call): Plan {
    const { channelId } = call
    const { fees } = this.deps
    const isKnown = (): boolean => !this.#feed.sight(channelId).isUnknown
    const plan = (urgency: Urgency, more: Partial<Plan> & Pick<Plan, 'isMet' | 'prepare'>): Plan =>
      ({ urgency, fees, isUrgent: false, quartersOver: 0, keys: () => [], isKnown, ...more })
    switch (call.kind) {
    case 'open': return plan(URGENCY.create, {
      isMet: () => this.channel(channelId, true) !== undefined,
      prepare: () => this.#opening(call),
      keys: () => [this.deps.keys.keyFor(call.peer, call.index).text]
    })
    case 'deposit': return plan(URGENCY.fund, {
      isMet: () => (this.channel(channelId, true)?.deposit ?? 0n) >= BigInt(call.to),
      prepare: () => this.#depositing(call)
    })
    case 'redeem': return this.#redeeming(call, plan)
    case 'finish': return plan(URGENCY.end, {
      isMet: () => this.channel(channelId, true)?.isFinished === true,
      prepare: () => this.#finishing(call)
    })
    case 'startClose': return plan(URGENCY.end, {
      isMet: () => (this.channel(channelId, true)?.closesAt ?? 0) > 0,
      prepare: () => this.#closing(channelId)
    })
    case 'settle': return plan(URGENCY.end, {
      isMet: () => {
        const channel = this.channel(channelId, true)
        return channel !== undefined && this.#isOver(channel)
      },
      prepare: () => this.#settling(channelId)
    })
    }
  }

  /** @throws ChainError, final, where it would be refused: the same checks as `prepare`, without a proof */
  check (call: Call): void {
    const { key: { address } } = this.deps
    switch (call.kind) {
    case 'open': break
    case 'deposit':
      this.#payingOut(call.channelId)
      if (!this.#isOpen(call.channelId)) throw new ChainError(`the channel is being closed, and nothing more is put in. channelId=${call.channelId}`, true)
      break
    case 'redeem': this.#grants(call.channelId, call.claim); break
    case 'finish': {
      const channel = this.#payingIn(call.channelId)
      if (channel.isFinished) throw new ChainError(`the channel is over. channelId=${call.channelId}`, true)
      if (call.claim !== undefined && BigInt(call.claim.amount) > channel.paid) this.#grants(call.channelId, call.claim)
      break
    }
    case 'startClose':
      if (this.#payingOut(call.channelId).closesAt > 0) throw new ChainError(`the channel is being closed already. channelId=${call.channelId}`, true)
      break
    case 'settle': {
      const { closesAt, balance } = this.#needed(call.channelId)
      const { tip: { slot } } = this.#feed
      if (closesAt === 0 || slot < closesAt) throw new ChainError(`the time of the channel is not over. channelId=${call.channelId} slot=${slot} ends=${closesAt}`, true)
      if (balance === 0n) throw new ChainError(`nothing is left in the channel. channelId=${call.channelId} by=${address}`, true)
    }
    }
  }

  #redeeming (call: Call & { kind: 'redeem' }, plan: (urgency: Urgency, more: Partial<Plan> & Pick<Plan, 'isMet' | 'prepare'>) => Plan): Plan {
    const { channelId, claim } = call
    const amount = BigInt(claim.amount)
    const latest = this.#glimpse(channelId)
    const isEnding = latest !== undefined && latest.closesAt > 0 && !latest.isFinished
    const stake = amount - (latest?.paid ?? 0n)
    const left = (latest?.closesAt ?? 0) - this.#feed.tip.slot
    return plan(isEnding ? URGENCY.redeemBeforeEnd : URGENCY.redeem, {
      isUrgent: isEnding,
      stake: isEnding ? stake : undefined,
      quartersOver: isEnding ? Math.floor(4 * (1 - left / latest.challengeSlots)) : 0,
      fees: isEnding ? { ...this.deps.fees, most: mostFor(this.deps.fees, { stake, left, whole: latest.challengeSlots }) } : this.deps.fees,
      isMet: () => { // by none of the nodes alone: nothing would be redeemed any more
        const seen = this.deps.nodes().well.map(feed => ({ feed, channel: this.channel(channelId, true, feed) }))
        const isLost = seen.every(({ feed, channel }) => channel !== undefined && channel.paid < amount && this.#isOver(channel, feed))
        if (isLost) throw new ChainError(`the channel ended with less than the claim. channelId=${channelId}`, true)
        return seen.every(({ channel }) => (channel?.paid ?? 0n) >= amount)
      },
      prepare: async () => {
        const { paid } = this.#grants(channelId, claim)
        const patienceMs = Math.max(0, left) * this.deps.slotMs() / PATIENCE_PARTS
        const ending = isEnding ? { patienceMs, isLate: left * 2 < latest.challengeSlots } : undefined
        return {
          kind: 'zkapp',
          json: await this.deps.proofs.redeem(this.#job(channelId), claim, paid, ending),
          keys: [],
          isFresh: () => this.channel(channelId, false)?.paid === paid
        }
      }
    })
  }

  async #opening ({ channelId, peer, index, challengeSlots, deposit }: Call & { kind: 'open' }): Promise<Unsigned> {
    const { key: { address }, keys, expected, proofs } = this.deps
    const { latest } = this.#feed.sight(channelId)
    if (latest?.state !== undefined) throw new ChainError(`there is another contract at the address of the channel. channelId=${channelId}`, true)
    const json = await proofs.prove({
      kind: 'open', address: channelId, payer: address, payee: peer, chainId: expected.chainId, challengeSlots, deposit: BigInt(deposit), exists: latest !== undefined
    })
    return { kind: 'zkapp', json, keys: [keys.keyFor(peer, index).text], isFresh: () => this.#feed.sight(channelId).latest?.balance === latest?.balance }
  }

  async #depositing (call: Call & { kind: 'deposit' }): Promise<Unsigned> {
    this.check(call)
    return await Promise.resolve({ kind: 'payment', to: call.channelId, amount: BigInt(call.amount), isFresh: () => this.#isOpen(call.channelId) })
  }

  async #finishing (call: Call & { kind: 'finish' }): Promise<Unsigned> {
    this.check(call)
    const { key: { address }, proofs } = this.deps
    const { channelId, claim } = call
    const { paid, balance, payer } = this.#payingIn(channelId)
    await this.#checkPayable(payer, channelId)
    const isMore = claim !== undefined && BigInt(claim.amount) > paid
    const total = isMore ? BigInt(claim.amount) : paid
    const until = this.#feed.tip.slot + SLOTS_TO_LIVE
    const json = await proofs.prove({
      kind: 'finish',
      sender: address,
      channel: this.#job(channelId),
      claim: isMore ? claimOf(claim) : { amount: paid, nonce: 0n, signature: NO_SIGNATURE },
      rest: balance - (total - paid),
      until
    })
    return { kind: 'zkapp', json, keys: [], until, isFresh: () => this.#hasTime(until) && this.channel(channelId, false)?.paid === paid }
  }

  async #closing (channelId: string): Promise<Unsigned> {
    this.check({ kind: 'startClose', channelId })
    const until = this.#feed.tip.slot + SLOTS_TO_LIVE
    const json = await this.deps.proofs.prove({ kind: 'startClose', sender: this.deps.key.address, channel: this.#job(channelId), until })
    return { kind: 'zkapp', json, keys: [], until, isFresh: () => this.#hasTime(until) && this.#isOpen(channelId) }
  }

  async #settling (channelId: string): Promise<Unsigned> {
    this.check({ kind: 'settle', channelId })
    const { balance: amount } = this.#needed(channelId)
    const json = await this.deps.proofs.prove({ kind: 'settle', sender: this.deps.key.address, channel: this.#job(channelId), amount })
    return { kind: 'zkapp', json, keys: [], isFresh: () => this.#needed(channelId).balance >= amount }
  }

  #grants (channelId: string, { amount }: ClaimRecord): Channel {
    const channel = this.#payingIn(channelId)
    const total = BigInt(amount)
    if (channel.isFinished) throw new ChainError(`the channel is over. channelId=${channelId}`, true)
    if (total <= channel.paid) throw new ChainError(`all that the claim grants is paid out already. channelId=${channelId} claim=${total}`, true)
    if (total > channel.deposit) throw new ChainError(`the claim is above the deposit. channelId=${channelId} claim=${total} deposit=${channel.deposit}`, true)
    return channel
  }

  get #feed (): Feed {
    return this.deps.nodes().leader
  }

  #isOver (channel: Channel, { tip: { slot } } = this.#feed): boolean {
    return isOver(channel, { slot, ours: this.deps.key.address })
  }

  #hasTime (until: number): boolean {
    return this.#feed.tip.slot + SLOTS_TO_SEND < until
  }

  /** An end pays the payer, too: where that fails, all of it does. @throws ChainError, final */
  async #checkPayable (payer: string, channelId: string): Promise<void> {
    const refuses = (why: string): never => { throw new ChainError(`the payer cannot be paid: its account ${why}. channelId=${channelId} payer=${payer}`, true) }
    if (!isAddress(payer)) refuses('has no address')
    await this.deps.lookAt(payer)
    const { latest } = this.#feed.sight(payer)
    if (latest === undefined) refuses('does not exist')
    const { receive = OPEN, access = OPEN }: Record<string, string> = latest?.permissions ?? {}
    if (receive !== OPEN || access !== OPEN) refuses(`takes no payments. receive=${receive} access=${access}`)
  }

  #glimpse (channelId: string): Channel | undefined {
    try {
      return this.channel(channelId, false)
    } catch {
      return undefined
    }
  }

  #isOpen (channelId: string): boolean {
    return this.channel(channelId, false)?.closesAt === 0
  }

  #payingIn (channelId: string): Channel {
    const channel = this.#needed(channelId)
    if (channel.payee !== this.deps.key.address) throw new ChainError(`this channel does not pay us. channelId=${channelId}`, true)
    return channel
  }

  #payingOut (channelId: string): Channel {
    const channel = this.#needed(channelId)
    if (channel.payer !== this.deps.key.address) throw new ChainError(`only the peer pays through this channel. channelId=${channelId}`, true)
    return channel
  }

  #needed (channelId: string): Channel {
    const channel = this.channel(channelId, false)
    if (channel === undefined) throw new ChainError(`the chain does not have the channel. channelId=${channelId}`, false)
    return channel
  }

  #job (channelId: string): { address: string, state: readonly string[] } {
    return { address: channelId, state: (this.#feed.sight(channelId).latest?.state ?? []).slice(0, STATE_FIELDS).map(String) }
  }
}

/** Chains of later versions have more fields, which stay zero. */
const STATE_FIELDS = 8
/** The permission that asks for nothing. */
const OPEN = 'none'
/** Where nothing is claimed, none is looked at. */
const NO_SIGNATURE = { r: '1', s: '1' }

function claimOf ({ amount, nonce, signature }: ClaimRecord): ProvenClaim {
  return { amount: BigInt(amount), nonce: BigInt(nonce), signature }
}
