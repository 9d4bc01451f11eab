/**
 * What the peer pays us with claims. A claim is checked in full, then it is on disk, then the connector is told of the money, then the
 * packet goes on that came with it. Claims that come while a write is under way wait for the next one together:
 *
 *   parse ─▶ channel ─▶ nonce, amount, deposit ─▶ signature ─▶ disk ─▶ moneyHandler ─▶ taken
 *
 * The connector is told of money as a running total (base units since the beginning): whatever was told before, here or in its books, is
 * not credited again. What was told to other books than it has now is never told again; it may be in those. The connector's books are in
 * the same store, and synced before the money handler resolves: so is, then, everything that was written before. (Where they are
 * elsewhere, the store syncs each write by itself.)
 */
import { randomBytes } from 'node:crypto'
import type { Logger } from '../../../src/contracts/logger.js'
import type { MoneyHandler } from '../../../src/contracts/plugin.js'
import { Carry } from './carry.js'
import type { ClaimHistory } from './claim-history.js'
import type { Channels, KnownChannel } from './channels.js'
import { amountOf, fieldsOf, textOf } from './read-record.js'
import type { Records } from './records.js'
import { ClaimLedger } from './claim-ledger.js'
import type { Terms } from './claim-ledger.js'
import { ChainError, ClaimError } from './types.js'
import type { ChannelState, Claim, ClaimCodec } from './types.js'
import { Units } from './units.js'

export interface IncomingDeps {
  channels: Channels
  codec: ClaimCodec
  records: Records
  units: Units
  /** Whether claims have them. */
  nonces: boolean
  counts: ClaimHistory
  log: Logger
  moneyHandler: () => MoneyHandler | undefined
  /** Which books the connector has. */
  booksId: () => string
  /** Resolves when the connector knows that there is something to look after. */
  beforeMoney: () => Promise<void>
}

interface Arrival {
  claim: Claim
  channel: KnownChannel
  terms: Terms
  /** What it pays more than what was counted before, once it is taken. Token units. */
  step: bigint
  resolve: (step: bigint) => void
  reject: (reason: unknown) => void
}

/** The answer to whether a signature is genuine; an error when there is none. */
type Genuine = boolean | { error: unknown }

interface Outcome {
  ledger: ClaimLedger
  taken: Arrival[]
  refused: Array<[Arrival, unknown]>
  /** Of each channel, the claim that is kept. */
  kept: Claim[]
}

export const RECEIVED_RECORD = 'received'
/** What is looked at at once: more would keep other packets waiting. */
const BATCH = 512

export class Incoming {
  readonly #deps: IncomingDeps
  #ledger: ClaimLedger
  /** Base units that the books have for sure, and those that they were told of and may have. */
  #told = 0n
  #offered = 0n
  /** To which books. */
  #books = ''
  #name = nameOfTotal()
  /** What a version before 0.2 told the books last, under an id of its own. */
  #before: { id: string, to: bigint } | undefined
  /** What is not used, and pays for packets with claims of other pairs of keys. */
  readonly carry = new Carry()
  #arrivals: Arrival[] = []
  #running: Promise<void> | undefined

  constructor (deps: IncomingDeps) {
    this.#deps = deps
    this.#ledger = new ClaimLedger(deps.units, deps.nonces)
    deps.records.define(RECEIVED_RECORD, () => ({
      unit: deps.units.name,
      name: this.#name,
      told: this.#told,
      offered: this.#offered,
      books: this.#books,
      before: this.#before,
      tally: this.#ledger,
      carry: this.carry
    }))
  }

  async load (): Promise<void> {
    const record = await this.#deps.records.load(RECEIVED_RECORD)
    if (record === undefined) return
    const { unit, name, told, offered, books, before, tally, carry } = fieldsOf(record, RECEIVED_RECORD)
    this.carry.load(carry)
    const units = Units.named(textOf(unit, 'unit'))
    this.#name = textOf(name, 'name')
    this.#told = amountOf(told, 'told')
    this.#offered = amountOf(offered, 'offered')
    this.#books = textOf(books, 'books')
    if (before !== undefined) this.#before = beforeOf(before)
    this.#ledger = ClaimLedger.from(tally, units, this.#deps.nonces)
    if (units.name !== this.#deps.units.name) this.#recount(units)
  }

  /** The best claim of the peer on a channel. */
  best (channelId: string): Claim | undefined {
    return this.#ledger.best.get(channelId)
  }

  /** The best claim of each channel that is not over. */
  all (): Claim[] {
    return [...this.#ledger.best.values()]
  }

  /** Token units that the peer's claims have paid in all. */
  get total (): bigint {
    return this.#ledger.total()
  }

  /** Base units that the peer's claims have paid and that were used for nothing. */
  get unused (): bigint {
    return this.#ledger.unused()
  }

  /** Tells the connector of what it may not know because of a crash. Rejects when it does not take it. */
  async resume (): Promise<void> {
    const isTold = this.#before === undefined && this.#deps.units.toAccount(this.#ledger.total()) <= this.#told
    if (isTold || this.#running !== undefined) return
    await (this.#running = this.#tell().finally(() => { this.#goOn() }))
  }

  /** Takes up claims of the peer that we have acknowledged, as it shows, and have forgotten since. Resolves when they are kept. */
  async takeUp (shown: readonly Buffer[]): Promise<void> {
    const { codec, channels, log } = this.#deps
    for (const data of shown) {
      const claim = codec.parse(data)
      const channel = channels.get(claim.channelId)
      if (channel === undefined || channel.state.status === 'settled' || !await codec.verify(claim)) continue
      if (claim.total > channel.state.theirs.deposit) await channels.refresh(claim.channelId)
      if (!this.#ledger.takeUp(claim, channel)) continue
      log.warn('took up an acknowledged claim again, our records were restored from before it; it is not credited again. channelId=%s amount=%s',
        claim.channelId, String(claim.total))
      await this.save()
      await this.#deps.beforeMoney()
    }
  }

  /**
   * Takes a claim that came with a packet or by itself. Resolves when it is kept and counts as money. Rejects with ClaimError, and with
   * what the store or the connector says. A packet whose claim was taken is ended with `release` when it is rejected.
   */
  async take (data: Buffer, terms: Terms = {}): Promise<void> {
    const { codec, channels, counts } = this.#deps
    let isLower = false
    try {
      const claim = codec.parse(data)
      isLower = claim.total < (this.#ledger.best.get(claim.channelId)?.total ?? 0n)
      const lookup = channels.lookup(claim.channelId)
      const channel = lookup instanceof Promise ? await lookup : lookup
      if (channel === undefined) throw new ClaimError('Unknown channel: it does not exist, or is not between us')
      if (claim.total > channel.state.theirs.deposit || channels.isUnseen(channel)) {
        const refreshed = channels.refresh(claim.channelId) // the peer may have put more in just now, or closed it
        if (terms.packet === undefined) await refreshed
        else refreshed.catch(() => undefined) // a packet does not wait for the chain
      }
      const step = await new Promise<bigint>((resolve, reject) => {
        this.#arrivals.push({ claim, channel, terms, step: 0n, resolve, reject })
        this.#running ??= this.#run()
      })
      counts.received++
      counts.add('inbound', step)
    } catch (error) {
      if (error instanceof ClaimError && error.ilpErrorCode === 'F06') {
        counts.failed++
        if (isLower) counts.lower++
      }
      throw error
    }
  }

  /** A packet that was taken has been rejected: what pays for it pays for another one. */
  release (packet: bigint): void {
    this.#ledger.used -= packet
  }

  /** Lets what is not used pay for packets with claims of another pair of keys. Returns all token units that it got so far. */
  leaveTo (pair: string): bigint {
    const { units } = this.#deps
    const tokens = -units.toToken(-this.unused)
    if (this.carry.give(pair, tokens)) this.#ledger.used += units.toAccount(tokens)
    return this.carry.given(pair)
  }

  /** Another pair has left so much in all, and that is written down there. */
  takeOver (pair: string, sum: bigint): void {
    this.#ledger.used -= this.#deps.units.toAccount(this.carry.take(pair, sum))
  }

  /** The channel is over. Resolves when that is kept. */
  async forget ({ channelId, theirs }: ChannelState): Promise<void> {
    const best = this.best(channelId)
    if (best === undefined) return
    if (best.total > theirs.redeemed) {
      this.#deps.log.error('the channel is over, and the chain has not paid out all that the peer had claimed. channelId=%s lost=%s',
        channelId, String(best.total - theirs.redeemed))
    }
    this.#ledger.forget(channelId)
    await this.save()
  }

  /** Resolves when all is on disk as it is now. */
  async save (options?: { sync?: boolean }): Promise<void> {
    await this.#deps.records.save(RECEIVED_RECORD, options)
  }

  /** Resolves when every claim that has come so far is taken or refused. */
  async quiet (): Promise<void> {
    while (this.#running !== undefined) await this.#running.catch(() => undefined)
  }

  async #run (): Promise<void> {
    while (this.#arrivals.length > 0) {
      const { taken, refused } = await this.#judge(this.#arrivals.splice(0, BATCH))
      for (const [{ reject }, error] of refused) reject(error)
      if (taken.length > 0) await this.#keep(taken)
    }
    this.#running = undefined
  }

  #goOn (): void {
    this.#running = this.#arrivals.length > 0 ? this.#run() : undefined
  }

  /**
   * Decides on a batch, in order. A claim stands for all earlier ones of its channel, and only the last of them is kept: where that one is
   * genuine, nothing depends on the signatures of the others any more. Where it is not, each signature is looked at.
   */
  async #judge (batch: readonly Arrival[]): Promise<Outcome> {
    const genuine = new Map<Claim, Genuine>()
    const check = async (claims: readonly Claim[]): Promise<void> => {
      await Promise.all(claims.map(async claim => {
        if (!genuine.has(claim)) genuine.set(claim, await this.#deps.codec.verify(claim).catch((error: unknown) => ({ error })))
      }))
    }
    await check(this.#walk(batch, () => true).kept)
    const outcome = this.#walk(batch, claim => genuine.get(claim) ?? true)
    if (outcome.kept.every(claim => genuine.get(claim) === true)) return this.#commit(outcome)
    await check(batch.map(({ claim }) => claim))
    return this.#commit(this.#walk(batch, claim => genuine.get(claim) ?? false))
  }

  /** In the same turn as the walk: packets that are rejected meanwhile change the ledger, too. */
  #commit (outcome: Outcome): Outcome {
    this.#ledger = outcome.ledger
    return outcome
  }

  /** What the batch comes to if signatures are as `genuine` says. Changes nothing. */
  #walk (batch: readonly Arrival[], genuine: (claim: Claim) => Genuine): Outcome {
    const ledger = this.#ledger.copy()
    const outcome: Outcome = { ledger, taken: [], refused: [], kept: [] }
    for (const arrival of batch) {
      const { claim, channel, terms } = arrival
      try {
        const refusal = this.#deps.channels.intakeRefusalOf(channel)
        if (refusal !== undefined) throw refusal
        ledger.check(claim, channel, terms)
        const answer = genuine(claim)
        if (typeof answer !== 'boolean') throw new ClaimError(whyNot(answer.error), 'T00')
        if (!answer) throw new ClaimError('Signature verification failed')
        arrival.step = ledger.take(claim, channel, terms)
        outcome.taken.push(arrival)
      } catch (error) {
        outcome.refused.push([arrival, error])
      }
    }
    const changed = new Set(outcome.taken.map(({ claim: { channelId } }) => channelId))
    outcome.kept = [...ledger.best.values()].filter(({ channelId }) => changed.has(channelId))
    return outcome
  }

  async #keep (taken: readonly Arrival[]): Promise<void> {
    for (const { claim } of taken) this.#deps.channels.touch(claim.channelId)
    try {
      await this.#deps.beforeMoney()
      await this.#tell({ withPackets: taken.every(({ terms: { packet } }) => packet !== undefined) })
      for (const { resolve, step } of taken) resolve(step)
    } catch (error) {
      for (const { terms: { packet = 0n }, reject } of taken) {
        this.release(packet)
        reject(error)
      }
    }
  }

  /** Keeps the claims, and tells the connector of all money that it does not know of. */
  async #tell (how: { withPackets?: boolean } = {}): Promise<void> {
    const { units, booksId, moneyHandler } = this.#deps
    if (this.#before !== undefined) await this.#tellBefore(this.#before)
    if (this.#offered > this.#told && this.#books !== booksId()) this.#leaveToOtherBooks()
    const [from, to] = [this.#told, units.toAccount(this.#ledger.total())]
    this.#offered = to
    this.#books = booksId()
    await this.save()
    if (to <= from) return
    const handler = moneyHandler()
    if (handler === undefined) throw new ClaimError('nobody takes the money yet', 'T00')
    await handler(String(to - from), { id: `${this.#name}:${from}-${to}`, total: { id: this.#name, from, to }, ...how })
    this.#told = to
  }

  async #tellBefore ({ id, to }: { id: string, to: bigint }): Promise<void> {
    const handler = this.#deps.moneyHandler()
    if (handler === undefined) throw new ClaimError('nobody takes the money yet', 'T00')
    await handler(String(to - this.#told), { id })
    this.#told = to
    this.#before = undefined
    await this.save()
  }

  /** They may have it: told again, it could be credited twice. */
  #leaveToOtherBooks (): void {
    this.#deps.log.error('money was reported to other books, and is not reported again. If those books do not have it, ' +
      'lower the balance by it. amount=%s books=%s', String(this.#offered - this.#told), this.#books)
    this.#told = this.#offered
  }

  /** The account is counted in other units now. Its books are even, or they would not let it be. */
  #recount (before: Units): void {
    const told = this.#offered
    this.#deps.log.warn('the account is counted in other units than before: claims go on from what is in the books. before=%s now=%s told=%s',
      before.name, this.#deps.units.name, String(told))
    this.#ledger = this.#ledger.recounted(told, this.#deps.units)
    this.#told = this.#offered = 0n
    this.#name = nameOfTotal()
  }
}

/** Why a signature is not looked at; a chain that says so for good says what is wrong. */
function whyNot (error: unknown): string {
  return error instanceof ChainError && error.isFinal ? error.message : 'signature cannot be checked now'
}

function beforeOf (record: unknown): { id: string, to: bigint } {
  const { id, to } = fieldsOf(record, 'before')
  return { id: textOf(id, 'id'), to: amountOf(to, 'to') }
}

function nameOfTotal (): string {
  return randomBytes(6).toString('hex')
}
