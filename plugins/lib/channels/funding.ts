/**
 * Ensures that there is a channel with enough of our money in it. Each request (by a settlement, a packet, an operator) waits for those
 * before it, so that two requests at the same moment end in one channel with one deposit. If two peers open at the same moment, one lets
 * the other go first; if both have opened anyway, both use the older channel.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { CHALLENGE_FACTOR } from './channels.js'
import type { Channels, KnownChannel } from './channels.js'
import type { ChannelSettings } from './options.js'
import { ChainError } from './types.js'
import type { ChannelProvider, ChannelState } from './types.js'

/** How far the peer is with opening a channel with us: it thinks about it, or has begun; and the challenge that it would choose. */
export interface PeersOpening {
  stage: 'none' | 'asking' | 'opening'
  challengeSecs: number
}

export interface FundingDeps {
  channels: Channels
  provider: ChannelProvider
  settings: Pick<ChannelSettings, 'peerAddress' | 'challengeSecs' | 'depositFor' | 'standing'>
  log: Logger
  /** Token units that our claims on a channel say. */
  spent: (state: ChannelState) => bigint
  /** Asks the peer how much of our deposit it sees. Undefined: it does not know the question. Rejects when it cannot answer now. */
  askSeen: (channelId: string) => Promise<bigint | undefined>
  /** Undefined: it is not there, or does not know the question. */
  askOpening: () => Promise<PeersOpening | undefined>
  isPeerThere: () => boolean
}

const WANT_AGAIN_MS = 10_000
/** While so many channels with our money in them come to their end, no other is opened: a peer that closes each locks no more. */
const MAX_ENDING = 2
/** So long, no other channel is opened while the chain does not show the last one: a node that lags would have us open many. */
const UNSEEN_MAX_MS = 2 * 60 * 60_000
/** A peer that does not see our deposit yet is asked again, so often at a time. */
const SHOW_EVERY_MS = 500
const SHOW_TIMES = 20
/** The peer that opens first gets this long, then we open, too. */
const YIELD_EVERY_MS = 1000
const YIELD_TIMES = 60

export class Funding {
  readonly #deps: FundingDeps
  #last: Promise<unknown> = Promise.resolve()
  #stage: PeersOpening['stage'] = 'none'
  readonly #showing = new Map<string, Promise<void>>()
  #isWanting = false
  #wantAgainMs = 0

  constructor (deps: FundingDeps) {
    this.#deps = deps
    deps.channels.onDeposit = channel => { void this.#show(channel) }
  }

  /** For a peer that asks before it opens a channel. */
  get opening (): PeersOpening {
    return { stage: this.#stage, challengeSecs: this.#deps.settings.challengeSecs }
  }

  /** The usable channel that has room for `room` more token units, and most of our money; else the one that has most, or the oldest. */
  best (room: bigint, depositOf = ({ state }: KnownChannel): bigint => state.ours.deposit): KnownChannel | undefined {
    const usable = this.#deps.channels.payable()
    const left = (channel: KnownChannel): bigint => depositOf(channel) - this.#deps.spent(channel.state)
    const roomy = usable.filter(channel => left(channel) >= room)
    return (roomy.length > 0 ? roomy : usable).reduce<KnownChannel | undefined>((best, channel) =>
      best === undefined || depositOf(channel) > depositOf(best) ? channel : best, undefined)
  }

  /**
   * Starts to make room for `room` more token units, unless that is under way already, or has just failed.
   * @param mayOpen whether a channel is worth opening for it
   */
  want (room: bigint, mayOpen = true): void {
    if (this.#isWanting || Date.now() < this.#wantAgainMs) return
    this.#isWanting = true
    const work = mayOpen ? this.ensure(room) : this.#fillUp(room)
    work.catch((error: unknown) => {
      this.#wantAgainMs = Date.now() + WANT_AGAIN_MS
      this.#deps.log.error('cannot fill up the payment channel. error=%s retryInMs=%d', describeError(error), WANT_AGAIN_MS)
    }).finally(() => { this.#isWanting = false })
  }

  /**
   * A channel with room for `room` more token units than our claims say, opened and filled as need be; with less where a channel takes no
   * more, but with something. Resolves when the chain has it for sure, and the peer was asked whether it sees it. Of a key that was handed
   * over, also meanwhile: the best as it is.
   */
  async ensure (room: bigint): Promise<KnownChannel> {
    const { spent, settings } = this.#deps
    const channel = await this.#inTurn(async () => {
      const ready = this.best(room)
      if (ready !== undefined && ready.state.ours.deposit - spent(ready.state) >= room) return ready // also while the chain is away
      if (settings.standing !== 'present') {
        if (ready !== undefined) return ready
        throw new ChainError(`no payment channel is opened with a key that was handed over. peerAddress=${settings.peerAddress}`, false)
      }
      const limit = await this.#limit()
      const channel = this.#fillable(room, limit) ?? await this.#find(room, limit) ??
        await this.#openOne(this.#firstDeposit(settings.depositFor(room), limit))
      await this.#makeRoom(channel, room, limit)
      return channel
    })
    if (channel.shown - spent(channel.state) < room) await this.#show(channel)
    return channel
  }

  /**
   * Opens a channel for an operator, with at least `deposit` of ours in it: something where the chain has no empty channels. Where one has
   * come to be since it was asked for, that is it.
   */
  async open (deposit: bigint, challengeSecs?: number): Promise<KnownChannel> {
    const channel = await this.#inTurn(async () => {
      const limit = await this.#limit()
      const channel = this.best(0n) ?? await this.#openOne(this.#firstDeposit(deposit, limit), challengeSecs)
      await this.#endFilling(channel)
      if (channel.state.ours.deposit < deposit) await this.#fill(channel, deposit, limit)
      return channel
    })
    await this.#show(channel)
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
      const limit = await this.#limit()
      if (limit !== undefined && wanted > limit) {
        throw new ChainError(`the channel takes no more than ${limit} token units of one side in its life. asked=${wanted}`, true)
      }
      if (channel.state.ours.deposit < wanted) await this.#fill(channel, wanted, limit)
    })
    await this.#show(channel)
  }

  /** Asks the peer what it sees of deposits of which that is not known. */
  showAll (): void {
    for (const channel of this.#deps.channels.payable()) if (channel.state.ours.deposit > channel.shown) void this.#show(channel)
  }

  async #inTurn<T> (work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => undefined)
    return await result
  }

  /** The channel that is in use, if there is one. */
  async #fillUp (room: bigint): Promise<void> {
    const channel = await this.#inTurn(async () => {
      const limit = await this.#limit()
      const channel = this.#fillable(room, limit)
      if (channel !== undefined) await this.#makeRoom(channel, room, limit)
      return channel
    })
    if (channel !== undefined) await this.#show(channel)
  }

  async #makeRoom (channel: KnownChannel, room: bigint, limit: bigint | undefined): Promise<void> {
    const { spent, settings } = this.#deps
    const left = (): bigint => channel.state.ours.deposit - spent(channel.state)
    if (left() < room) await this.#endFilling(channel)
    if (left() < room) await this.#fill(channel, spent(channel.state) + settings.depositFor(room), limit)
  }

  async #limit (): Promise<bigint | undefined> {
    const { channels: { operations }, provider } = this.#deps
    return await operations.ask(() => provider.depositLimit())
  }

  /** The best channel, if there is room in it or it takes something more. */
  #fillable (room: bigint, limit: bigint | undefined): KnownChannel | undefined {
    const { spent } = this.#deps
    const best = this.best(room)
    if (best === undefined || limit === undefined || best.state.ours.deposit - spent(best.state) >= room) return best
    return this.#deps.channels.payable().find(({ state }) => limit > spent(state))
  }

  async #find (room: bigint, limit: bigint | undefined): Promise<KnownChannel | undefined> {
    await this.#deps.channels.survey()
    return this.#fillable(room, limit)
  }

  /** What a channel is opened with. */
  #firstDeposit (wanted: bigint, limit: bigint | undefined): bigint | undefined {
    if (this.#deps.provider.features.opening === 'empty') return undefined
    return limit !== undefined && wanted > limit ? limit : wanted
  }

  async #openOne (deposit: bigint | undefined, challengeSecs?: number): Promise<KnownChannel> {
    const { channels } = this.#deps
    const ending = channels.all().find(({ ending, state }) => ending !== undefined && state.status === 'open' && state.ours.deposit > 0n)
    if (ending !== undefined) {
      throw new ChainError('the payment channel is being closed, and no other one is funded before that is over. ' +
        `channelId=${ending.state.channelId} until=${until(ending)}`, false)
    }
    const locked = channels.all().filter(channel => channels.refusalOf(channel) !== undefined && hasOurs(channel))
    if (locked.length >= MAX_ENDING) {
      throw new ChainError(`${locked.length} payment channels with our money in them are not over yet, and no other one is funded before that. ` +
        `channelIds=${locked.map(({ state }) => state.channelId).join()}`, false)
    }
    this.#stage = 'asking'
    try {
      const peers = await this.#deps.askOpening()
      const theirs = this.#yieldsTo(peers) ? await this.#peersChannel() : undefined
      if (theirs !== undefined) return theirs
      this.#stage = 'opening'
      return await this.#openNow(deposit, challengeSecs ?? this.#challengeWith(peers))
    } finally {
      this.#stage = 'none'
    }
  }

  async #openNow (deposit: bigint | undefined, challengeSecs: number): Promise<KnownChannel> {
    const { channels } = this.#deps
    const { channelId: opened, openedMs = 0 } = channels.unseen ?? {}
    const channelId = opened !== undefined && Date.now() - openedMs < UNSEEN_MAX_MS ? opened : await this.#open(deposit, challengeSecs)
    const channel = await channels.reread(channelId)
    if (channel !== undefined) channels.unseen = undefined
    await channels.save()
    if (channel === undefined) throw new ChainError(`the chain does not show the channel that was opened. channelId=${channelId}`, false)
    return await this.#older() ?? channel
  }

  /** Resolves to the id of the channel. */
  async #open (deposit: bigint | undefined, challengeSecs: number): Promise<string> {
    const { channels, provider, settings: { peerAddress }, log } = this.#deps
    const openedMs = Date.now()
    if (provider.features.opening === 'funded') {
      channels.unseen = { openedMs }
      await channels.save({ sync: true })
    }
    const { channelId, txId } = await channels.operations.once(`open:${channels.opened}`, id => provider.openChannel(peerAddress, challengeSecs, id, deposit))
      .catch((error: unknown) => {
        if (error instanceof ChainError && error.isFinal) channels.unseen = undefined
        throw error
      })
    log.info('opened a payment channel. channelId=%s peerAddress=%s txId=%s', channelId, peerAddress, txId)
    channels.opened++
    channels.unseen = { channelId, openedMs }
    return channelId
  }

  /** The oldest channel to pay through: the one that both sides use, if both have opened one. */
  async #older (): Promise<KnownChannel | undefined> {
    const { channels, provider, settings: { peerAddress } } = this.#deps
    try {
      await channels.survey()
      const oldestFirst = await provider.findChannels(peerAddress)
      return oldestFirst.flatMap(({ channelId }) => channels.get(channelId) ?? []).find(channel => channels.payable().includes(channel))
    } catch {
      return undefined // of others nothing is known then
    }
  }

  /** The side that has begun goes first; if neither has, the one with the lower address. Where channels go one way, both open. */
  #yieldsTo (peers: PeersOpening | undefined): boolean {
    const { provider: { address, features }, settings: { peerAddress } } = this.#deps
    if (features.directions === 'one') return false
    return peers?.stage === 'opening' || (peers?.stage === 'asking' && peerAddress < address)
  }

  /** Waits for the channel that the peer opens. */
  async #peersChannel (): Promise<KnownChannel | undefined> {
    for (let time = 0; time < YIELD_TIMES && this.#deps.isPeerThere(); time++) {
      const found = await this.#older()
      if (found !== undefined) return found
      await pause(YIELD_EVERY_MS)
    }
    return undefined
  }

  /** As long as the longer of both wants, if we may. */
  #challengeWith (peers: PeersOpening | undefined): number {
    const { challengeSecs } = this.#deps.settings
    const theirs = peers?.challengeSecs ?? 0
    return theirs > challengeSecs && theirs <= CHALLENGE_FACTOR * challengeSecs ? theirs : challengeSecs
  }

  async #fill (channel: KnownChannel, total: bigint, limit: bigint | undefined): Promise<void> {
    channel.filling = limit !== undefined && total > limit ? limit : total
    await this.#endFilling(channel)
  }

  async #endFilling (channel: KnownChannel): Promise<void> {
    const { channels, provider, log } = this.#deps
    const { filling, state: { channelId, ours } } = channel
    if (filling === undefined) return
    if (ours.deposit < filling) {
      await channels.save()
      const { txId } = await channels.operations.once(`deposit:${channelId}:${filling}`, id => provider.deposit(channelId, filling, id))
        .catch((error: unknown) => {
          if (error instanceof ChainError && error.isFinal) channel.filling = undefined
          throw error
        })
      log.info('filled up a payment channel. channelId=%s deposit=%s txId=%s', channelId, String(filling), txId)
      await channels.reread(channelId)
    }
    channel.filling = undefined
    await channels.save()
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
    const { isPeerThere, askSeen, channels } = this.#deps
    const before = channel.shown
    for (let time = 0; time < SHOW_TIMES && channel.shown < channel.state.ours.deposit && isPeerThere(); time++) {
      if (time > 0) await pause(SHOW_EVERY_MS)
      const seen = await askSeen(channel.state.channelId).catch(() => 0n)
      const { deposit } = channel.state.ours
      if (seen === undefined || seen > deposit) channel.shown = deposit
      else if (seen > channel.shown) channel.shown = seen
    }
    if (channel.shown > before) await channels.save().catch(() => undefined) // then the peer is asked again after a restart
  }
}

/** Whether anything of ours is in it still. */
function hasOurs ({ state: { status, ours }, isGone }: KnownChannel): boolean {
  return !isGone && status !== 'settled' && ours.deposit > ours.redeemed
}

function until ({ ending }: KnownChannel): string {
  return ending?.until === undefined ? 'its end' : new Date(ending.until * 1000).toISOString()
}
