/**
 * What the peer pays us with claims. A claim is checked in full, then it is on disk, then the connector is told of the money, then the
 * packet goes on that came with it. Claims that come while a write is under way wait for the next one together:
 *
 *   parse ─▶ channel ─▶ nonce, amount, deposit ─▶ signature ─▶ disk ─▶ moneyHandler ─▶ taken
 *
 * The connector is told of money in steps `from`-`to` (base units, counted from the beginning), each with an id of its own that is written
 * before it is told. After a crash the last step is told again under the same id; the connector counts it once. The connector's books are
 * in the same store, and synced before the money handler resolves: so is, then, everything that was written before. (Where they are
 * elsewhere, the store syncs each write by itself.)
 */
import { randomBytes } from 'node:crypto'
import type { ClaimCounts } from '../../src/types/channels.js'
import type { MoneyHandler } from '../../src/types/plugin.js'
import type { Channels, KnownChannel } from './channels.js'
import { amountOf, fieldsOf, textOf } from './read.js'
import type { Records } from './records.js'
import { Tally } from './tally.js'
import type { Terms } from './tally.js'
import { ClaimError } from './types.js'
import type { Claim, ClaimCodec } from './types.js'
import type { Units } from './units.js'

export interface IncomingDeps {
  channels: Channels
  codec: ClaimCodec
  records: Records
  units: Units
  counts: ClaimCounts
  moneyHandler: () => MoneyHandler | undefined
}

interface Arrival {
  claim: Claim
  channel: KnownChannel
  terms: Terms
  resolve: () => void
  reject: (reason: unknown) => void
}

/** The answer to whether a signature is genuine; an error when there is none. */
type Genuine = boolean | { error: unknown }

interface Outcome {
  tally: Tally
  taken: Arrival[]
  refused: Array<[Arrival, unknown]>
  /** Of each channel, the claim that is kept. */
  kept: Claim[]
}

const RECORD = 'received'
/** What is looked at at once: more would keep other packets waiting. */
const BATCH = 512

export class Incoming {
  readonly #deps: IncomingDeps
  #tally: Tally
  #step = { from: 0n, to: 0n }
  #isToldAll = true
  #name = randomBytes(6).toString('hex')
  #arrivals: Arrival[] = []
  #running: Promise<void> | undefined

  constructor (deps: IncomingDeps) {
    this.#deps = deps
    this.#tally = new Tally(deps.units)
    deps.records.define(RECORD, () => ({ name: this.#name, step: this.#step, tally: this.#tally }))
  }

  async load (): Promise<void> {
    const record = await this.#deps.records.load(RECORD)
    if (record === undefined) return
    const { name, step, tally } = fieldsOf(record, RECORD)
    const { from, to } = fieldsOf(step, 'step')
    this.#name = textOf(name, 'name')
    this.#step = { from: amountOf(from, 'from'), to: amountOf(to, 'to') }
    this.#isToldAll = false
    this.#tally = Tally.from(tally, this.#deps.units)
  }

  /** The best claim of the peer on a channel. */
  best (channelId: string): Claim | undefined {
    return this.#tally.best.get(channelId)
  }

  /** The best claim of each channel that is not over. */
  all (): Claim[] {
    return [...this.#tally.best.values()]
  }

  /** Base units that the peer's claims have paid and that were used for nothing. */
  get unused (): bigint {
    return this.#tally.unused()
  }

  /** Tells the connector of what it may not know because of a crash. Rejects when it does not take it. */
  async resume (): Promise<void> {
    if (!this.#isToldAll && this.#running === undefined) await (this.#running = this.#tell().finally(() => { this.#goOn() }))
  }

  /**
   * Takes a claim that came with a packet or by itself. Resolves when it is kept and counts as money. Rejects with ClaimError, and with
   * what the store or the connector says. A packet whose claim was taken is ended with `release` when it is rejected.
   */
  async take (data: Buffer, terms: Terms = {}): Promise<void> {
    const { codec, channels, counts } = this.#deps
    try {
      const claim = codec.parse(data)
      const lookup = channels.lookup(claim.channelId)
      const channel = lookup instanceof Promise ? await lookup : lookup
      if (channel === undefined) throw new ClaimError('Unknown channel: it does not exist, or is not between us')
      if (claim.amount > channel.state.theirs.deposit) {
        const refreshed = channels.refresh(claim.channelId) // the peer may have put more in just now
        if (terms.packet === undefined) await refreshed
        else refreshed.catch(() => undefined) // a packet does not wait for the chain
      }
      await new Promise<void>((resolve, reject) => {
        this.#arrivals.push({ claim, channel, terms, resolve, reject })
        this.#running ??= this.#run()
      })
      counts.received++
    } catch (error) {
      if (error instanceof ClaimError && error.ilpErrorCode === 'F06') counts.failed++
      throw error
    }
  }

  /** A packet that was taken has been rejected: what pays for it pays for another one. */
  release (packet: bigint): void {
    this.#tally.used -= packet
  }

  /** The channel is over. Resolves when that is kept. */
  async forget (channelId: string): Promise<void> {
    if (this.#tally.forget(channelId)) await this.#deps.records.save(RECORD)
  }

  /** Resolves when every claim that has come so far is taken or refused. */
  async quiet (): Promise<void> {
    await this.#running?.catch(() => undefined)
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

  /** In the same turn as the walk: packets that are rejected meanwhile change the tally, too. */
  #commit (outcome: Outcome): Outcome {
    this.#tally = outcome.tally
    return outcome
  }

  /** What the batch comes to if signatures are as `genuine` says. Changes nothing. */
  #walk (batch: readonly Arrival[], genuine: (claim: Claim) => Genuine): Outcome {
    const tally = this.#tally.copy()
    const outcome: Outcome = { tally, taken: [], refused: [], kept: [] }
    for (const arrival of batch) {
      const { claim, channel, terms } = arrival
      try {
        tally.check(claim, channel, terms)
        const answer = genuine(claim)
        if (typeof answer !== 'boolean') throw new ClaimError('signature cannot be checked now', 'T00')
        if (!answer) throw new ClaimError('Signature verification failed')
        tally.take(claim, channel, terms)
        outcome.taken.push(arrival)
      } catch (error) {
        outcome.refused.push([arrival, error])
      }
    }
    const changed = new Set(outcome.taken.map(({ claim: { channelId } }) => channelId))
    outcome.kept = [...tally.best.values()].filter(({ channelId }) => changed.has(channelId))
    return outcome
  }

  async #keep (taken: readonly Arrival[]): Promise<void> {
    for (const { claim } of taken) this.#deps.channels.touch(claim.channelId)
    try {
      await this.#tell()
      for (const { resolve } of taken) resolve()
    } catch (error) {
      for (const { terms: { packet = 0n }, reject } of taken) {
        this.release(packet)
        reject(error)
      }
    }
  }

  /** Keeps the claims, and tells the connector of all money that it does not know of. One step at a time. */
  async #tell (): Promise<void> {
    const { records, units } = this.#deps
    if (!this.#isToldAll) {
      await records.save(RECORD)
      await this.#tellStep()
    }
    const total = units.toAccount(this.#tally.total())
    if (total > this.#step.to) {
      this.#step = { from: this.#step.to, to: total }
      this.#isToldAll = false
    }
    await records.save(RECORD)
    await this.#tellStep()
  }

  async #tellStep (): Promise<void> {
    const { from, to } = this.#step
    if (!this.#isToldAll && to > from) {
      const handler = this.#deps.moneyHandler()
      if (handler === undefined) throw new ClaimError('nobody takes the money yet', 'T00')
      await handler(String(to - from), { id: `${this.#name}:${from}-${to}` })
    }
    this.#isToldAll = true
  }
}
