/**
 * The channels with one peer, as the chain last said, and what changes them: opening, filling up, closing, settling. Packets are checked
 * against what is known here; the chain is asked beside them, and what it said is kept, so that a start without the chain goes on.
 */
import { describeError } from '../../src/packet/errors.js'
import type { Logger } from '../../src/types/logger.js'
import { Operations } from './operations.js'
import type { PaychanSettings } from './options.js'
import { amountOf, arrayOf, fieldsOf, textOf } from './read.js'
import type { Records } from './records.js'
import { ChainError } from './types.js'
import type { ChannelProvider, ChannelState, Party } from './types.js'

export interface KnownChannel {
  state: ChannelState
  /** How much of our deposit the peer is known to see on the chain: it refuses claims on more. */
  shown: bigint
  /** ms since the epoch. */
  createdMs: number
  activityMs: number
  /** Until when no claim may pass in either direction, because its end is being agreed on; ms since the epoch, 0 for not. */
  frozenUntilMs: number
  /** A deposit that was begun: what it takes the deposit from and to. */
  filling?: { from: bigint, to: bigint } | undefined
}

export interface ChannelsDeps {
  provider: ChannelProvider
  records: Records
  settings: PaychanSettings
  log: Logger
  /** Asks the peer how much of our deposit it sees. Undefined: it does not know the question. Rejects when it cannot answer now. */
  askSeen: (channelId: string) => Promise<bigint | undefined>
  isPeerThere: () => boolean
}

const RECORD = 'channels'
/** Of channels that are over, the latest ones are remembered; of open ones, a peer can make us look at this many. */
const MAX_CHANNELS = 100
/** A peer that names channels that do not exist makes us ask the chain this often at most. */
const LOOKUPS_PER_MINUTE = 20
const MINUTE_MS = 60_000
const WANT_AGAIN_MS = 10_000
/** A peer that does not see our deposit yet is asked again, so often at a time. */
const SHOW_EVERY_MS = 500
const SHOW_TIMES = 20

export class Channels {
  readonly operations: Operations
  readonly #deps: ChannelsDeps
  readonly #known = new Map<string, KnownChannel>()
  /** Questions to the chain that are under way, and those on channels that were not known: few, as they are limited by the minute. */
  readonly #lookups = new Map<string, Promise<KnownChannel | undefined>>()
  readonly #finding = new Map<string, Promise<KnownChannel | undefined>>()
  #lookupsLeft = LOOKUPS_PER_MINUTE
  #lookupsSinceMs = 0
  #opened = 0
  #filling: Promise<unknown> = Promise.resolve()
  readonly #showing = new Map<string, Promise<void>>()
  #isWanting = false
  #wantAgainMs = 0

  constructor (deps: ChannelsDeps) {
    this.#deps = deps
    this.operations = new Operations(deps.log)
    deps.records.define(RECORD, () => ({ opened: this.#opened, channels: [...this.#known.values()] }))
  }

  async load (): Promise<void> {
    const record = await this.#deps.records.load(RECORD)
    if (record === undefined) return
    const { opened, channels } = fieldsOf(record, RECORD)
    this.#opened = Number(opened)
    for (const channel of arrayOf(channels, 'channels').map(channelOf)) this.#known.set(channel.state.channelId, channel)
  }

  /** The oldest first. */
  all (): KnownChannel[] {
    return [...this.#known.values()]
  }

  get (channelId: string): KnownChannel | undefined {
    return this.#known.get(channelId)
  }

  /** Those that claims may be made and taken on. */
  usable (): KnownChannel[] {
    return this.all().filter(isUsable)
  }

  /** The channel that our claims are made on: the one in which we have most, else the oldest. */
  paying (): KnownChannel | undefined {
    let best: KnownChannel | undefined
    for (const channel of this.#known.values()) {
      if (isUsable(channel) && (best === undefined || channel.state.ours.deposit > best.state.ours.deposit)) best = channel
    }
    return best
  }

  /**
   * A channel that a claim names: what is known, else what the chain says. Undefined when there is none with this peer. Claims are judged
   * in the order in which they come: while one waits for the chain, so do those that come after it.
   */
  lookup (channelId: string): KnownChannel | Promise<KnownChannel | undefined> {
    const found = this.#finding.get(channelId) ?? this.#known.get(channelId)
    if (found !== undefined) return found
    const finding = this.#askOnce(channelId).finally(() => { this.#finding.delete(channelId) })
    this.#finding.set(channelId, finding)
    return finding
  }

  /** Reads a channel anew, if the chain may be asked again already. Resolves to what is known then, and kept: the peer counts on it. */
  async refresh (channelId: string): Promise<KnownChannel | undefined> {
    const channel = await this.#askOnce(channelId)
    await this.#deps.records.save(RECORD)
    return channel
  }

  /** Reads a channel anew, after something was done to it. */
  async reread (channelId: string): Promise<KnownChannel | undefined> {
    const channel = await this.#read(channelId)
    await this.#deps.records.save(RECORD)
    return channel
  }

  touch (channelId: string): void {
    const channel = this.#known.get(channelId)
    if (channel !== undefined) channel.activityMs = Date.now()
  }

  /** Nothing passes any more until then; 0 lets it pass again. Resolves when that is kept. */
  async freeze (channel: KnownChannel, untilMs: number): Promise<void> {
    channel.frozenUntilMs = untilMs
    await this.#deps.records.save(RECORD)
  }

  /** Sees to room for `room` more token units beside what goes on, unless somebody does, or it has just failed. */
  want (room: bigint, used: (state: ChannelState) => bigint): void {
    if (this.#isWanting || Date.now() < this.#wantAgainMs) return
    this.#isWanting = true
    this.ensure(room, used).catch((error: unknown) => {
      this.#wantAgainMs = Date.now() + WANT_AGAIN_MS
      this.#deps.log.error('cannot fill up the payment channel. error=%s retryInMs=%d', describeError(error), WANT_AGAIN_MS)
    }).finally(() => { this.#isWanting = false })
  }

  /**
   * A channel with room for `room` more token units than our claims (`used`) say, opened and filled as need be. Resolves when the chain
   * has it for sure, and the peer was asked whether it sees it. Calls wait for each other, and for `fill`.
   */
  async ensure (room: bigint, used: (state: ChannelState) => bigint): Promise<KnownChannel> {
    const channel = await this.#inTurn(async () => {
      const channel = this.paying() ?? await this.#find() ?? await this.open()
      const left = (): bigint => channel.state.ours.deposit - used(channel.state)
      if (left() < room) await this.#endFilling(channel)
      if (left() < room) await this.#fill(channel, this.#deps.settings.depositFor(room) - left())
      return channel
    })
    if (channel.shown - used(channel.state) < room) await this.#show(channel)
    return channel
  }

  /** Opens a channel, without a deposit. */
  async open (challengeSecs = this.#deps.settings.challengeSecs): Promise<KnownChannel> {
    const { provider, settings, records, log } = this.#deps
    const { peerAddress } = settings
    const { channelId, txId } = await this.operations.once(`open:${this.#opened}`, id => provider.openChannel(peerAddress, challengeSecs, id))
    log.info('opened a payment channel. channelId=%s peerAddress=%s txId=%s', channelId, peerAddress, txId)
    this.#opened++
    const channel = await this.#read(channelId)
    if (channel === undefined) throw new ChainError(`the chain does not show the channel that was opened. channelId=${channelId}`, false)
    await records.save(RECORD)
    return channel
  }

  /**
   * Puts `amount` more in than is there when all earlier calls are done. What was begun and not brought to an end, by a crash or because
   * the chain could not be reached, is ended first, and counts.
   */
  async fill (channel: KnownChannel, amount: bigint): Promise<void> {
    await this.#inTurn(async () => {
      const wanted = channel.state.ours.deposit + amount
      await this.#endFilling(channel)
      const { deposit } = channel.state.ours
      if (deposit < wanted) await this.#fill(channel, wanted - deposit)
    })
    await this.#show(channel)
  }

  /** Asks the peer what it sees of deposits of which that is not known. */
  showAll (): void {
    for (const channel of this.usable()) if (channel.state.ours.deposit > channel.shown) void this.#show(channel)
  }

  /** Asks the chain about all channels with the peer. Resolves to those that are not over, as they are known then. */
  async survey (): Promise<KnownChannel[]> {
    const { provider, settings, records } = this.#deps
    for (const { channelId } of await provider.findChannels(settings.peerAddress)) await this.#read(channelId)
    for (const { state } of this.all()) if (state.status !== 'settled') await this.#read(state.channelId)
    await records.save(RECORD)
    return this.all().filter(({ state }) => state.status !== 'settled')
  }

  async #inTurn<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#filling.then(work)
    this.#filling = result.catch(() => undefined)
    return await result
  }

  async #fill (channel: KnownChannel, amount: bigint): Promise<void> {
    const { deposit } = channel.state.ours
    channel.filling = { from: deposit, to: deposit + amount }
    await this.#endFilling(channel)
  }

  async #endFilling (channel: KnownChannel): Promise<void> {
    const { provider, records, log } = this.#deps
    const { filling, state: { channelId, ours } } = channel
    if (filling === undefined) return
    const { from, to } = filling
    if (from === ours.deposit) {
      await records.save(RECORD)
      const { txId } = await this.operations.once(`deposit:${channelId}:${from}-${to}`, id => provider.deposit(channelId, to - from, id))
        .catch((error: unknown) => {
          if (error instanceof ChainError && error.isFinal) channel.filling = undefined
          throw error
        })
      log.info('filled up a payment channel. channelId=%s deposit=%s txId=%s', channelId, String(to), txId)
      await this.#read(channelId)
    }
    channel.filling = undefined
    await records.save(RECORD)
  }

  async #find (): Promise<KnownChannel | undefined> {
    await this.survey()
    return this.paying()
  }

  #askOnce (channelId: string): Promise<KnownChannel | undefined> {
    const running = this.#lookups.get(channelId)
    if (running !== undefined) return running
    if (Date.now() - this.#lookupsSinceMs > MINUTE_MS) {
      this.#lookupsSinceMs = Date.now()
      this.#lookupsLeft = LOOKUPS_PER_MINUTE
    }
    if (this.#lookupsLeft-- <= 0) return Promise.resolve(this.#known.get(channelId))
    const lookup = this.#read(channelId).finally(() => { this.#lookups.delete(channelId) })
    this.#lookups.set(channelId, lookup)
    return lookup
  }

  /**
   * What counts is what is confirmed, except that a close counts as soon as it is seen: from then on nothing new is paid or taken. A close
   * that the chain takes back is forgotten.
   */
  async #read (channelId: string): Promise<KnownChannel | undefined> {
    const { provider, settings } = this.#deps
    const confirmed = await provider.getChannelState(channelId)
    if (confirmed === undefined || confirmed.theirs.address !== settings.peerAddress) return this.#known.get(channelId)
    const latest = confirmed.status === 'open' ? await provider.getChannelState(channelId, 'latest') : confirmed
    const isClosing = latest !== undefined && latest.status !== 'open' && confirmed.status === 'open'
    const { status, settleableAt, closedByThem } = isClosing ? { ...latest, status: 'closing' as const } : confirmed
    const state = { ...confirmed, status, settleableAt, closedByThem }
    const known = this.#known.get(channelId)
    if (known !== undefined) {
      known.state = state
      if (state.ours.deposit > known.shown) void this.#show(known)
      return known
    }
    const now = Date.now()
    const channel = { state, shown: state.ours.deposit, createdMs: now, activityMs: now, frozenUntilMs: 0 }
    this.#known.set(channelId, channel)
    this.#dropOldest()
    return channel
  }

  /** Waits until the peer sees our deposit, for a while, and not for a peer that is away or does not know the question. Never rejects. */
  async #show (channel: KnownChannel): Promise<void> {
    const { channelId } = channel.state
    const isRunning = this.#showing.get(channelId)
    if (isRunning !== undefined) { await isRunning; return }
    const showing = this.#showUntilSeen(channel).finally(() => { this.#showing.delete(channelId) })
    this.#showing.set(channelId, showing)
    await showing
  }

  /** What it does not see by then is not claimed on: it is asked again when it connects, at the next look, and when a claim needs it. */
  async #showUntilSeen (channel: KnownChannel): Promise<void> {
    const { isPeerThere, askSeen, records } = this.#deps
    const before = channel.shown
    for (let time = 0; time < SHOW_TIMES && channel.shown < channel.state.ours.deposit && isPeerThere(); time++) {
      if (time > 0) await new Promise(resolve => { setTimeout(resolve, SHOW_EVERY_MS).unref() })
      const seen = await askSeen(channel.state.channelId).catch(() => 0n)
      const { deposit } = channel.state.ours
      if (seen === undefined || seen > deposit) channel.shown = deposit
      else if (seen > channel.shown) channel.shown = seen
    }
    if (channel.shown > before) await records.save(RECORD).catch(() => undefined) // then the peer is asked again after a restart
  }

  #dropOldest (): void {
    if (this.#known.size <= MAX_CHANNELS) return
    const oldest = this.all().find(({ state }) => state.status === 'settled')
    if (oldest !== undefined) this.#known.delete(oldest.state.channelId)
    else this.#deps.log.warn('the peer has a great many payment channels open with us. channels=%d', this.#known.size)
  }
}

function isUsable ({ state, frozenUntilMs }: KnownChannel): boolean {
  return state.status === 'open' && !isFrozen(frozenUntilMs)
}

export function isFrozen (untilMs: number): boolean {
  return untilMs !== 0 && untilMs >= Date.now()
}

function channelOf (record: unknown): KnownChannel {
  const { state, shown, createdMs, activityMs, frozenUntilMs, filling } = fieldsOf(record, 'channel')
  const { channelId, status, ours, theirs, challengeSecs, settleableAt, closedByThem } = fieldsOf(state, 'state')
  if (status !== 'opening' && status !== 'open' && status !== 'closing' && status !== 'settled') {
    throw new Error(`the record of a payment channel has an unknown status. found=${describeError(status)}`)
  }
  return {
    state: {
      channelId: textOf(channelId, 'channelId'),
      status,
      ours: partyOf(ours),
      theirs: partyOf(theirs),
      challengeSecs: Number(challengeSecs),
      settleableAt: settleableAt === undefined ? undefined : Number(settleableAt),
      closedByThem: closedByThem === true
    },
    shown: amountOf(shown, 'shown'),
    createdMs: Number(createdMs),
    activityMs: Number(activityMs),
    frozenUntilMs: Number(frozenUntilMs),
    filling: filling === undefined ? undefined : fillingOf(filling)
  }
}

function partyOf (record: unknown): Party {
  const { address, deposit, redeemed, nonce } = fieldsOf(record, 'party')
  return {
    address: textOf(address, 'address'),
    deposit: amountOf(deposit, 'deposit'),
    redeemed: amountOf(redeemed, 'redeemed'),
    nonce: amountOf(nonce, 'nonce')
  }
}

function fillingOf (record: unknown): { from: bigint, to: bigint } {
  const { from, to } = fieldsOf(record, 'filling')
  return { from: amountOf(from, 'from'), to: amountOf(to, 'to') }
}
