/**
 * The channels with one peer, as the chain last said. Packets are checked against what is known here; the chain is asked beside them, and
 * what it said is kept, so that a start without the chain goes on. Whether a channel may be used is decided in one place, `refusalOf`.
 */
import type { Logger } from '../../../src/contracts/logger.js'
import { withTimeout } from '../../../src/lib/timeout.js'
import { inTime } from './in-time.js'
import { channelOf, hasOurs, isDone, isFunded, isQuiet, overMsOf, recordOf, replaceable, unseenOf } from './known-channel.js'
import type { Ending, KnownChannel, Unseen } from './known-channel.js'
import { Operations } from './operations.js'
import type { ChannelSettings } from './options.js'
import { PerMinute } from './per-minute.js'
import { arrayOf, fieldsOf } from './read-record.js'
import type { Records } from './records.js'
import { ClaimError, paysOut } from './types.js'
import type { AsOf, ChannelProvider, ChannelState } from './types.js'

export type { Ending, KnownChannel } from './known-channel.js'

export interface Survey {
  /** `watched` for a look that nothing has caused: channels in which nothing is under way need not be asked about. */
  asOf?: AsOf
  hear?: (error: unknown) => void
  /** Told of each channel that needs us as soon as it was read, those first in which something is under way: others may take long. */
  each?: (channel: KnownChannel) => void
}

export interface ChannelsDeps {
  provider: ChannelProvider
  records: Records
  settings: Pick<ChannelSettings, 'peerAddress' | 'challengeSecs' | 'standing'>
  log: Logger
  /** Whether there are claims on it, of ours or of the peer, that were not counted as over yet. */
  hasClaims: (channelId: string) => boolean
}

const CHANNELS_RECORD = 'channels'
/** Of channels that are over, the latest ones are remembered; of open ones, a peer can make us look at this many. Ours come on top. */
const MAX_CHANNELS = 100
/**
 * A peer makes us ask the chain so often at most, whatever it answers: by naming channels that do not exist or cannot be read, and by
 * asking for the end of one.
 */
const QUESTIONS_PER_MINUTE = 20
/** So often about channels that are known, which is what an honest peer waits for whose deposit is not seen yet. */
const REFRESHES_PER_MINUTE = 60
const ASKED_TOO_OFTEN = 'the chain was asked about too many payment channels that are not known: try again in a minute'
/** A channel that was not looked at for this part of its challenge could have been closed meanwhile, and be settled soon. */
const UNSEEN_PART = 4
/** One channel that is not answered for keeps the others waiting so long: all of them would use up the challenge of one that is closing. */
const NEXT_MS = 5000
/** The challenge of a channel may be so many times as long as we would choose. */
export const CHALLENGE_FACTOR = 4
/** An opening that the chain has not shown by then never was. */
const AWAITED_MAX_MS = 24 * 60 * 60_000
export class Channels {
  readonly operations: Operations
  readonly #deps: ChannelsDeps
  readonly #known = new Map<string, KnownChannel>()
  /** Questions to the chain that are under way, and those on channels that were not known: few, as they are limited by the minute. */
  readonly #lookups = new Map<string, Promise<KnownChannel | undefined>>()
  readonly #finding = new Map<string, Promise<KnownChannel | undefined>>()
  readonly #mayLookUp = new PerMinute(QUESTIONS_PER_MINUTE)
  readonly #mayRefresh = new PerMinute(REFRESHES_PER_MINUTE)
  readonly #mayEnd = new PerMinute(QUESTIONS_PER_MINUTE)
  #hasMany = false
  /** How many channels we have opened: names the next opening. */
  opened = 0
  /** The one that was opened last, also by a process before, if the chain has not shown it since. Written with `save`. */
  unseen: Unseen | undefined
  /** Told of each channel whose deposit of ours has grown. */
  onDeposit: (channel: KnownChannel) => void = () => undefined

  constructor (deps: ChannelsDeps) {
    this.#deps = deps
    this.operations = new Operations(deps.log)
    deps.records.define(CHANNELS_RECORD, () => ({
      opened: this.opened, unseen: this.unseen, channels: this.all().map(recordOf)
    }))
  }

  async load (): Promise<void> {
    const record = await this.#deps.records.load(CHANNELS_RECORD)
    if (record === undefined) return
    const { opened, unseen, channels } = fieldsOf(record, CHANNELS_RECORD)
    this.opened = Number(opened)
    this.unseen = unseen === undefined ? undefined : unseenOf(unseen)
    for (const channel of arrayOf(channels, 'channels').map(channelOf)) this.#known.set(channel.state.channelId, channel)
  }

  /**
   * Whether a channel with our money in it may still come to be: the chain's part goes on with an opening after a crash, and the chain may
   * show it an hour later. Until then somebody has to look for it, whatever has become of the peer's address meanwhile.
   */
  get isAwaited (): boolean {
    return this.unseen !== undefined && Date.now() - this.unseen.openedMs < AWAITED_MAX_MS
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
    return this.all().filter(channel => this.#faultOf(channel) === undefined)
  }

  /** Those that we can pay through. */
  payable (): KnownChannel[] {
    return this.usable().filter(({ state }) => paysOut(state))
  }

  /**
   * Why no claim may be made or taken on the channel; undefined when it may. T00 for what passes by itself. The peer does not choose our
   * risk: a challenge that is shorter than ours could be over before we answer, and one that is much longer would lock our deposit.
   */
  refusalOf (channel: KnownChannel): ClaimError | undefined {
    const fault = this.#faultOf(channel)
    return fault === undefined ? undefined : new ClaimError(...fault)
  }

  /** Why no claim may be taken on the channel now; undefined when one may. */
  intakeRefusalOf (channel: KnownChannel): ClaimError | undefined {
    const refusal = this.refusalOf(channel)
    if (refusal !== undefined || !this.isUnseen(channel)) return refusal
    return new ClaimError('the chain has not shown this payment channel for too long: no claims are taken on it before it does', 'T00')
  }

  /** Whether the peer may have closed it without our seeing it, so that what it pays would come too late. */
  isUnseen ({ seenMs, state: { challengeSecs } }: KnownChannel): boolean {
    return Date.now() - seenMs > challengeSecs * 1000 / UNSEEN_PART
  }

  /** Why no channel with that challenge is used; undefined when it is. */
  challengeRefusal (challengeSecs: number): string | undefined {
    const { challengeSecs: least } = this.#deps.settings
    if (challengeSecs >= least && challengeSecs <= CHALLENGE_FACTOR * least) return undefined
    return 'Payment channels with that challenge period are refused here. ' +
      `found=${challengeSecs} s expected=${least} to ${CHALLENGE_FACTOR * least} s (settlementTimeoutSecs, and ${CHALLENGE_FACTOR} times that)`
  }

  /**
   * A channel that a claim names: what is known, else what the chain says. Undefined when there is none with this peer. Claims are judged
   * in the order in which they come: while one waits for the chain, so do those that come after it. Rejects with what the chain
   * says, and with ClaimError (T00) where the peer has named too many.
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
    await this.save()
    return channel
  }

  /** Reads a channel anew, after something was done to it. */
  async reread (channelId: string): Promise<KnownChannel | undefined> {
    const channel = await this.#read(channelId, 'now', true)
    await this.save()
    return channel
  }

  /** So, because the peer asks for its end: rejects where it has asked too often. */
  async rereadForEnd (channelId: string): Promise<void> {
    if (!this.#mayEnd.take()) throw new Error('the peer has asked for the end of channels too often')
    await this.reread(channelId)
  }

  /** Something has moved in it. */
  touch (channelId: string): void {
    const channel = this.#known.get(channelId)
    if (channel !== undefined) channel.activityMs = Date.now()
  }

  /** A signature under the end is about to leave. Resolves when that is on disk; what stands in other records goes there with it. */
  async end (channel: KnownChannel, ending: Ending): Promise<void> {
    channel.ending = ending
    await this.save({ sync: true })
  }

  /**
   * Asks the chain about all channels with the peer. Resolves to those that need us, as they are known then. What cannot be asked
   * about one of them, or about new ones, goes to `hear`, and keeps nobody from looking at the others. Rejects when nothing could be asked.
   */
  async survey ({ asOf = 'now', hear = () => undefined, each = () => undefined }: Survey = {}): Promise<KnownChannel[]> {
    const { provider, settings } = this.#deps
    const troubles: unknown[] = []
    const look = async (work: () => Promise<unknown>): Promise<void> => {
      await work().catch((error: unknown) => { troubles.push(error) })
    }
    let found: ChannelState[] = []
    await look(async () => { found = await inTime(provider.findChannels(settings.peerAddress, asOf)) })
    const [quiet, busy] = [this.#unsettled().filter(isQuiet), this.#unsettled().filter(channel => !isQuiet(channel))]
    const others = found.filter(state => this.#known.has(state.channelId) || this.#hasPlaceFor(state))
    const doubted = this.all().filter(({ state }) => isDone(state) && this.#deps.hasClaims(state.channelId)) // it may not have been so
    const known = [...busy, ...quiet, ...doubted].map(({ state }) => state)
    const ids = new Set([...known, ...others].map(({ channelId }) => channelId))
    if (this.unseen?.channelId !== undefined) ids.add(this.unseen.channelId)
    const reads: Array<Promise<void>> = []
    for (const channelId of ids) {
      const reading = look(async () => {
        const channel = await this.#read(channelId, isQuiet(this.#known.get(channelId)) ? asOf : 'now')
        if (channel !== undefined) this.#hasShown(channel)
        if (channel !== undefined && !isDone(channel.state)) each(channel)
      })
      reads.push(reading)
      await withTimeout(reading, NEXT_MS)
    }
    await Promise.all(reads)
    await this.save()
    if (troubles.length > 0 && troubles.length >= ids.size + 1) throw troubles[0]
    for (const trouble of troubles) hear(trouble)
    return this.#unsettled()
  }

  /** Where it is not known which it is to be, any in which we have money now. */
  #hasShown ({ createdMs, state: { channelId, ours } }: KnownChannel): void {
    if (this.unseen === undefined) return
    const { channelId: opened, openedMs } = this.unseen
    const isIt = opened === undefined ? createdMs >= openedMs && ours.deposit > 0n : channelId === opened
    if (isIt) this.unseen = undefined
  }

  async save (options?: { sync?: boolean }): Promise<void> {
    await this.#deps.records.save(CHANNELS_RECORD, options)
  }

  /** Not an error yet: every packet looks at all channels, also at those that are over, and making errors takes long. */
  #faultOf (channel: KnownChannel): ConstructorParameters<typeof ClaimError> | undefined {
    const { state: { status, challengeSecs }, ending, isGone, isBuried } = channel
    if (isGone) return ['Unknown channel: the chain does not have it']
    if (status !== 'open' || isBuried === true) return [`Payment channel is not open. status=${status}`]
    if (ending !== undefined) return ['Payment channel is being closed', 'T00']
    if (this.#deps.settings.standing === 'former') return ['Payment channel is with an address that is not the peer\'s any more']
    const challenge = this.challengeRefusal(challengeSecs)
    return challenge === undefined ? undefined : [challenge]
  }

  #unsettled (): KnownChannel[] {
    return this.all().filter(({ state }) => !isDone(state))
  }

  #askOnce (channelId: string): Promise<KnownChannel | undefined> {
    const running = this.#lookups.get(channelId)
    if (running !== undefined) return running
    const known = this.#known.get(channelId)
    if (known !== undefined && !this.#mayRefresh.take()) return Promise.resolve(known)
    if (known === undefined && !this.#mayLookUp.take()) return Promise.reject(new ClaimError(ASKED_TOO_OFTEN, 'T00'))
    const lookup = this.#read(channelId).finally(() => { this.#lookups.delete(channelId) })
    this.#lookups.set(channelId, lookup)
    return lookup
  }

  /**
   * What counts is what is confirmed, except that a close counts as soon as it is seen: from then on nothing new is paid or taken. A close
   * that the chain takes back is forgotten.
   */
  async #read (channelId: string, asOf: AsOf = 'now', isWanted = false): Promise<KnownChannel | undefined> {
    const { provider, settings, log } = this.#deps
    const confirmed = await inTime(provider.getChannelState(channelId, 'confirmed', asOf))
    const known = this.#known.get(channelId)
    if (confirmed === undefined || confirmed.theirs.address !== settings.peerAddress) {
      if (known !== undefined && !known.isGone) log.error('a payment channel is missing, the chain had it before. channelId=%s', channelId)
      if (known !== undefined) known.isGone = true
      return known
    }
    const latest = confirmed.status === 'open' ? await inTime(provider.getChannelState(channelId, 'latest', asOf)) : confirmed
    const isClosing = latest !== undefined && latest.status !== 'open' && confirmed.status === 'open'
    const { status, settleableAt, closedByThem } = isClosing ? { ...latest, status: 'closing' as const } : confirmed
    const state = { ...confirmed, status, settleableAt, closedByThem }
    const now = this.#known.get(channelId) // somebody else may have asked meanwhile
    return now === undefined ? this.#add(state, isWanted) : this.#update(now, state, confirmed)
  }

  /** Undefined where there is no place for it. */
  #add (state: ChannelState, isWanted: boolean): KnownChannel | undefined {
    const isOurs = isWanted || hasOurs(state)
    if (!this.#hasPlaceFor(state, isOurs)) return undefined
    const now = Date.now()
    const overMs = overMsOf(state)
    const channel = { state, shown: state.ours.deposit, createdMs: now, activityMs: now, seenMs: now, isGone: false, overMs }
    const oldest = this.#hasFreePlace() ? undefined : replaceable(this.all(), this.#deps.hasClaims, isOurs)
    if (oldest !== undefined) this.#known.delete(oldest.state.channelId)
    this.#known.set(state.channelId, channel)
    return channel
  }

  /** A peer gets so many places, and none of them is for what is empty or over. */
  #hasPlaceFor (state: ChannelState, isOurs = hasOurs(state)): boolean {
    if (isOurs || this.#hasFreePlace()) return true
    if (isFunded(state) && replaceable(this.all(), this.#deps.hasClaims, false) !== undefined) return true
    if (!this.#hasMany) this.#deps.log.warn('the peer has too many payment channels with us, others are not looked at. channels=%d', this.#known.size)
    this.#hasMany = true
    return false
  }

  /** Channels with our money in them take none. */
  #hasFreePlace (): boolean {
    return this.#known.size < MAX_CHANNELS || this.all().filter(({ state }) => !hasOurs(state)).length < MAX_CHANNELS
  }

  #update (known: KnownChannel, state: ChannelState, confirmed: ChannelState): KnownChannel {
    known.state = state
    known.seenMs = Date.now()
    known.isGone = false
    known.overMs = overMsOf(state, known.overMs)
    const { ending } = known
    const isVoid = ending?.until !== undefined && isPast(ending.until, confirmed.readAtMs)
    if (isVoid && confirmed.status === 'open' && ending.by === 'us') known.isOverdue = true
    if (confirmed.status === 'settled' || (isVoid && confirmed.status !== 'opening')) known.ending = undefined
    if (state.ours.deposit > known.shown) this.onDeposit(known)
    return known
  }
}

/**
 * Whether what is good until that second is void. Chains compare whole seconds: it is good until the last of them is over. It has to be so
 * by our clock, too: a node that is ahead, or lies, would have us take claims that a consent takes back.
 */
function isPast (untilSecs: number, chainMs: number): boolean {
  return Math.min(chainMs, Date.now()) >= (untilSecs + 1) * 1000
}
