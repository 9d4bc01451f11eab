/**
 * The channels with one peer, as the chain last said. Packets are checked against what is known here; the chain is asked beside them, and
 * what it said is kept, so that a start without the chain goes on. Whether a channel may be used is decided in one place, `refusalOf`.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { Operations } from './operations.js'
import type { ChannelSettings } from './options.js'
import { amountOf, arrayOf, fieldsOf, textOf } from './read-record.js'
import type { Records } from './records.js'
import { ClaimError, paysOut, waitingIn } from './types.js'
import type { AsOf, ChannelProvider, ChannelState, CloseConsent, Party } from './types.js'

/**
 * The channel is about to end without a challenge, and the one who brings that to the chain decides about it alone. Until the chain's clock
 * has passed `until`, or the channel is over, nothing may be paid or taken through it.
 */
export interface Ending {
  /** Who asks: we did, and the peer may bring the end to the chain; or the peer did, or nobody, and we bring it. */
  by: 'us' | 'them'
  /** What who asks has signed. Absent where the payee ends channels. */
  consent?: CloseConsent | undefined
  /** Of the consent. Empty: it was written down and not signed yet, or nothing is signed. */
  signature: string
  /** Seconds since the epoch, by the chain's clock: the last in which a consent that is out is good. Absent: the end comes to the chain. */
  until?: number | undefined
}

export interface KnownChannel {
  state: ChannelState
  /** How much of our deposit the peer is known to see on the chain: it refuses claims on more. */
  shown: bigint
  /** ms since the epoch. */
  createdMs: number
  activityMs: number
  /** When the chain was last asked about it with success, by our clock. */
  seenMs: number
  ending?: Ending | undefined
  /** We have asked the peer for its end, and the end has not come in time: it is to be closed by challenge. */
  isOverdue?: boolean | undefined
  /** The confirmed chain does not have it: it was taken back, or is of another chain. */
  isGone: boolean
  /** A deposit that was begun: what our deposit is to be. */
  filling?: bigint | undefined
}

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
}

const CHANNELS_RECORD = 'channels'
/** Of channels that are over, the latest ones are remembered; of open ones, a peer can make us look at this many. */
const MAX_CHANNELS = 100
/** A peer that names channels that do not exist makes us ask the chain this often at most. */
const LOOKUPS_PER_MINUTE = 20
const MINUTE_MS = 60_000
/** A channel that was not looked at for this part of its challenge could have been closed meanwhile, and be settled soon. */
const UNSEEN_PART = 4
/** The challenge of a channel may be so many times as long as we would choose. */
export const CHALLENGE_FACTOR = 4

export class Channels {
  readonly operations: Operations
  readonly #deps: ChannelsDeps
  readonly #known = new Map<string, KnownChannel>()
  /** Questions to the chain that are under way, and those on channels that were not known: few, as they are limited by the minute. */
  readonly #lookups = new Map<string, Promise<KnownChannel | undefined>>()
  readonly #finding = new Map<string, Promise<KnownChannel | undefined>>()
  #lookupsLeft = LOOKUPS_PER_MINUTE
  #lookupsSinceMs = 0
  /** How many channels we have opened: names the next opening. */
  opened = 0
  /** Told of each channel whose deposit of ours has grown. */
  onDeposit: (channel: KnownChannel) => void = () => undefined

  constructor (deps: ChannelsDeps) {
    this.#deps = deps
    this.operations = new Operations(deps.log)
    deps.records.define(CHANNELS_RECORD, () => ({ opened: this.opened, channels: [...this.#known.values()] }))
  }

  async load (): Promise<void> {
    const record = await this.#deps.records.load(CHANNELS_RECORD)
    if (record === undefined) return
    const { opened, channels } = fieldsOf(record, CHANNELS_RECORD)
    this.opened = Number(opened)
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
    await this.save()
    return channel
  }

  /** Reads a channel anew, after something was done to it. */
  async reread (channelId: string): Promise<KnownChannel | undefined> {
    const channel = await this.#read(channelId)
    await this.save()
    return channel
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
    await look(async () => { found = await provider.findChannels(settings.peerAddress, asOf) })
    const [quiet, busy] = [this.#unsettled().filter(isQuiet), this.#unsettled().filter(channel => !isQuiet(channel))]
    const ids = new Set([...busy, ...quiet].map(({ state }) => state.channelId).concat(found.map(({ channelId }) => channelId)))
    for (const channelId of ids) {
      await look(async () => {
        const channel = await this.#read(channelId, isQuiet(this.#known.get(channelId)) ? asOf : 'now')
        if (channel !== undefined && !isDone(channel.state)) each(channel)
      })
    }
    await this.save()
    if (troubles.length > 0 && troubles.length >= ids.size + 1) throw troubles[0]
    for (const trouble of troubles) hear(trouble)
    return this.#unsettled()
  }

  async save (options?: { sync?: boolean }): Promise<void> {
    await this.#deps.records.save(CHANNELS_RECORD, options)
  }

  /** Not an error yet: every packet looks at all channels, also at those that are over, and making errors takes long. */
  #faultOf ({ state: { status, challengeSecs }, ending, isGone }: KnownChannel): ConstructorParameters<typeof ClaimError> | undefined {
    if (isGone) return ['Unknown channel: the chain does not have it']
    if (status !== 'open') return [`Payment channel is not open. status=${status}`]
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
    if (Date.now() - this.#lookupsSinceMs > MINUTE_MS) {
      this.#lookupsSinceMs = Date.now()
      this.#lookupsLeft = LOOKUPS_PER_MINUTE
    }
    if (this.#lookupsLeft-- <= 0) return Promise.resolve(this.#known.get(channelId))
    const lookup = this.#read(channelId).catch((error: unknown) => {
      this.#lookupsLeft++ // the chain was not bothered
      throw error
    }).finally(() => { this.#lookups.delete(channelId) })
    this.#lookups.set(channelId, lookup)
    return lookup
  }

  /**
   * What counts is what is confirmed, except that a close counts as soon as it is seen: from then on nothing new is paid or taken. A close
   * that the chain takes back is forgotten.
   */
  async #read (channelId: string, asOf: AsOf = 'now'): Promise<KnownChannel | undefined> {
    const { provider, settings, log } = this.#deps
    const confirmed = await provider.getChannelState(channelId, 'confirmed', asOf)
    const known = this.#known.get(channelId)
    if (confirmed === undefined || confirmed.theirs.address !== settings.peerAddress) {
      if (known !== undefined && !known.isGone) log.error('a payment channel is missing, the chain had it before. channelId=%s', channelId)
      if (known !== undefined) known.isGone = true
      return known
    }
    const latest = confirmed.status === 'open' ? await provider.getChannelState(channelId, 'latest', asOf) : confirmed
    const isClosing = latest !== undefined && latest.status !== 'open' && confirmed.status === 'open'
    const { status, settleableAt, closedByThem } = isClosing ? { ...latest, status: 'closing' as const } : confirmed
    const state = { ...confirmed, status, settleableAt, closedByThem }
    return known === undefined ? this.#add(state) : this.#update(known, state, confirmed)
  }

  #add (state: ChannelState): KnownChannel {
    const now = Date.now()
    const channel = { state, shown: state.ours.deposit, createdMs: now, activityMs: now, seenMs: now, isGone: false }
    this.#known.set(state.channelId, channel)
    this.#dropOldest()
    return channel
  }

  #update (known: KnownChannel, state: ChannelState, confirmed: ChannelState): KnownChannel {
    known.state = state
    known.seenMs = Date.now()
    known.isGone = false
    const { ending } = known
    const isVoid = ending?.until !== undefined && isPast(ending.until, confirmed.readAtMs)
    if (isVoid && confirmed.status === 'open' && ending.by === 'us') known.isOverdue = true
    if (confirmed.status === 'settled' || (isVoid && confirmed.status !== 'opening')) known.ending = undefined
    if (state.ours.deposit > known.shown) this.onDeposit(known)
    return known
  }

  #dropOldest (): void {
    if (this.#known.size <= MAX_CHANNELS) return
    const oldest = this.all().find(({ state }) => isDone(state))
    if (oldest !== undefined) this.#known.delete(oldest.state.channelId)
    else this.#deps.log.warn('the peer has too many payment channels with us. channels=%d', this.#known.size)
  }
}

/**
 * Whether what is good until that second is void. Chains compare whole seconds: it is good until the last of them is over. It has to be so
 * by our clock, too: a node that is ahead, or lies, would have us take claims that a consent takes back.
 */
function isPast (untilSecs: number, chainMs: number): boolean {
  return Math.min(chainMs, Date.now()) >= (untilSecs + 1) * 1000
}

/** Nothing is under way in it. */
function isQuiet (channel: KnownChannel | undefined): boolean {
  return channel?.state.status === 'open' && channel.ending === undefined && channel.filling === undefined && !channel.isGone
}

/** Nothing can happen to it any more, and nothing of ours is left in it. */
function isDone (state: ChannelState): boolean {
  return state.status === 'settled' && waitingIn(state) === 0n
}

function channelOf (record: unknown): KnownChannel {
  const { state, shown, createdMs, activityMs, seenMs = 0, ending, isOverdue, isGone, filling } = fieldsOf(record, 'channel') // former versions keep no `seenMs`
  const { channelId, status, ours, theirs, challengeSecs, settleableAt, closedByThem, expiresAt, readAtMs, payer, payout } = fieldsOf(state, 'state')
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
      closedByThem: closedByThem === true,
      expiresAt: expiresAt === undefined ? undefined : Number(expiresAt),
      readAtMs: Number(readAtMs),
      payer: payer === 'us' || payer === 'them' ? payer : undefined,
      payout: payout === undefined ? undefined : payoutOf(payout)
    },
    shown: amountOf(shown, 'shown'),
    createdMs: Number(createdMs),
    activityMs: Number(activityMs),
    seenMs: Number(seenMs),
    ending: ending === undefined ? undefined : endingOf(ending),
    isOverdue: isOverdue === true,
    isGone: isGone === true,
    filling: filling === undefined ? undefined : amountOf(filling, 'filling')
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

function payoutOf (record: unknown): ChannelState['payout'] {
  const { granted, taken } = fieldsOf(record, 'payout')
  return { granted: amountOf(granted, 'granted'), taken: amountOf(taken, 'taken') }
}

function endingOf (record: unknown): Ending {
  const { by, consent, signature, until } = fieldsOf(record, 'ending')
  return {
    by: by === 'us' ? 'us' : 'them',
    consent: consent === undefined ? undefined : consentOf(consent),
    signature: textOf(signature, 'signature'),
    until: until === undefined ? undefined : Number(until)
  }
}

function consentOf (record: unknown): CloseConsent {
  const { channelId, least, pays = '0', validUntil } = fieldsOf(record, 'consent') // the EVM's of former versions say nothing of `pays`
  return { channelId: textOf(channelId, 'channelId'), least: amountOf(least, 'least'), pays: amountOf(pays, 'pays'), validUntil: Number(validUntil) }
}
