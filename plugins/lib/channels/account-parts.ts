/**
 * What an account of the connector sees of its pairs of addresses (pairs.ts), as if there were one: through which of them packets and
 * settlements are paid, and whose a claim or a message of the peer is.
 */
import { CarryOver } from './carry-over.js'
import { HandingOver, type HandingOverDeps } from './handing-over.js'
import type { Terms } from './claim-ledger.js'
import type { Incoming } from './incoming.js'
import { openPairs, type Pairs, type PairsDeps } from './pairs.js'
import { canPay, type Parts } from './parts.js'
import { fieldsOf } from './read-record.js'

export type AccountPartsDeps = PairsDeps & HandingOverDeps

/** Rejects when what was kept cannot be read, or is of other channels that are not settled, and says what to do. */
export async function openAccountParts (deps: AccountPartsDeps): Promise<AccountParts> {
  const account = new AccountParts(await openPairs(deps), deps)
  await account.completeCarries()
  return account
}

/** A peer that rejects whatever is paid for like that keeps no channel of a former key open for longer. */
const USE_UP_MS = 10 * 60_000

export class AccountParts {
  readonly #pairs: Pairs
  readonly #handingOver: HandingOver
  readonly #carryOver: CarryOver
  #switchedMs = Date.now()
  /** Claims on channels that none of the pairs knows wait here for the chain, in their order. */
  readonly #finding = new Map<string, Promise<Parts>>()

  constructor (pairs: Pairs, deps: AccountPartsDeps) {
    this.#pairs = pairs
    this.#handingOver = new HandingOver(pairs, {
      ...deps,
      onSwitch: () => {
        this.#switchedMs = Date.now()
        deps.onSwitch()
      }
    })
    this.#carryOver = new CarryOver(pairs, deps)
    pairs.onLooked = () => { void this.#carryOver.carry() }
  }

  /** Those that we pay through. */
  get present (): Parts {
    return this.#pairs.present
  }

  /** With those of former addresses. */
  all (): Parts[] {
    return this.#pairs.all()
  }

  /** Those through which something may still be paid, by one of the two. */
  live (): Parts[] {
    return this.#pairs.live()
  }

  async start (): Promise<void> {
    await this.#pairs.start()
  }

  async stop (): Promise<void> {
    await this.#handingOver.quiet()
    await this.#pairs.stop()
  }

  /** What would be lost if nobody looked after it any more. */
  unsettled (): string[] {
    return this.all().flatMap(parts => parts.unsettled() ?? [])
  }

  /**
   * Those that pay for a packet of `amount` base units now: the ones of keys that were handed over, for a while, where what was paid ahead
   * with claims of those is enough, and as long as there is no channel with our money in it between the present ones.
   */
  paying (amount: bigint): Parts {
    this.#pairs.refuseClash()
    if (this.#pairs.size === 1) return this.present
    const handedOver = this.#pairs.handedOver()
    const ahead = Date.now() - this.#switchedMs < USE_UP_MS ? handedOver.find(({ outgoing }) => outgoing.covers(amount)) : undefined
    return ahead ?? (canPay(this.present) ? this.present : handedOver.find(({ outgoing }) => outgoing.affords(amount)) ?? this.present)
  }

  /** Has the peer count what was paid ahead with claims of handed-over keys for the present one. Never rejects. */
  async carry (): Promise<void> {
    await this.#carryOver.carry(true)
  }

  /** Ends what a crash has left half done of that. Rejects with what the store says. */
  async completeCarries (): Promise<void> {
    await this.#carryOver.complete()
  }

  /** Pays `amount` base units once for an id, with claims of the present addresses. Rejects as `Outgoing.settle` does. */
  async settle (id: string, amount: bigint): Promise<void> {
    for (;;) {
      const { present } = this
      const left = await this.#leftOf(id, amount)
      if (present !== this.present) continue // what it was asked for as the present one may be under way through it
      if (left > 0n) await this.present.outgoing.settle(left, id)
      return
    }
  }

  /**
   * What of a payment (base units) is to be paid through the present addresses: nothing, where others have paid under its id. Rejects while
   * that is not known: else it could be paid twice.
   */
  async #leftOf (id: string, amount: bigint): Promise<bigint> {
    this.#pairs.refuseClash()
    const { units } = this.present.settings
    const tokens = units.toToken(amount)
    const unpaid = this.#pairs.earlier.leftOf(id, tokens, pair => this.#pairs.find(pair) !== undefined)
    let left = unpaid < tokens ? units.toAccount(unpaid) : amount
    for (const { outgoing } of this.all().slice(1).filter(parts => parts.outgoing.knows(id))) {
      const rest = await outgoing.finish(id)
      if (rest < left) left = rest
    }
    return left
  }

  /** As `Incoming.take` does, for the channel that the claim names. Resolves to the side of us that has taken it. */
  async take (data: Buffer, terms: Terms = {}): Promise<Incoming> {
    const parts = this.#pairs.size === 1 ? this.present : await this.#whose(data)
    await parts.incoming.take(data, terms)
    if (parts.settings.standing === 'next') this.#handingOver.useNext().catch(() => undefined) // the peer knows that key: its next claim says so again
    return parts.incoming
  }

  /** Answers the peer. Rejects with what the peer is told. */
  async answer (data: Buffer): Promise<Record<string, unknown>> {
    const message = fieldsOf(JSON.parse(data.toString()), 'message')
    if (message.step === 'handover') {
      await this.completeCarries()
      return await this.#handingOver.accept(message)
    }
    if (message.step === 'carry') return await this.#carryOver.answer(message)
    return await this.#addressed(message).answers.to(message)
  }

  /** Tells the peer of our present key, where it may not know it. Rejects when it does not take it. */
  async offer (): Promise<void> {
    await this.#handingOver.offer()
  }

  /** Whose pair a claim is for. Those that wait for the chain keep their order. */
  async #whose (data: Buffer): Promise<Parts> {
    const channelId = this.#channelIn(data)
    if (channelId === undefined) return this.present
    const waiting = this.#finding.get(channelId)
    const known = this.all().find(({ channels }) => channels.get(channelId) !== undefined)
    if (waiting === undefined && known !== undefined) return known
    const finding = waiting ?? this.#lookUp(channelId).finally(() => { this.#finding.delete(channelId) })
    this.#finding.set(channelId, finding)
    return await finding
  }

  /** Undefined: it is not a claim, as the side that is asked to take it will say. */
  #channelIn (data: Buffer): string | undefined {
    const { chainOf, ours } = this.#pairs.ends()
    try {
      return chainOf(ours).codec.parse(data).channelId
    } catch {
      return undefined
    }
  }

  /** The chain is asked by each of our addresses. */
  async #lookUp (channelId: string): Promise<Parts> {
    for (const parts of this.live()) if (await parts.channels.lookup(channelId) !== undefined) return parts
    return this.present
  }

  /** Whom a message is for. Peers of former versions do not say it. @throws Error when it is for nobody here */
  #addressed (message: Record<string, unknown>): Parts {
    const { by, with: own, channelId } = message
    if (typeof by === 'string' && typeof own === 'string') {
      const parts = this.#pairs.find({ own, peer: by })
      if (parts === undefined) throw new Error(`we do not settle between these addresses. yours=${by} ours=${own}`)
      return parts
    }
    return this.all().find(({ channels }) => typeof channelId === 'string' && channels.get(channelId) !== undefined) ?? this.present
  }
}
