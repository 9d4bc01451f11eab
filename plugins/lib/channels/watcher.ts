/**
 * Looks after the channels, at events of the chain and every now and then: answers a close with the peer's best claim, pays out what is
 * over, redeems what has become worth it, fills up what runs low, closes what is idle. What fails is tried again at the next look.
 *
 * A close is answered first. Nothing else that is under way with the channel, or with another one, holds the answer up: a payout that the
 * chain does not make now, an end that the peer has asked for and that the chain does not take, another redemption.
 */
import { backoffMs } from '../../../src/lib/backoff.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { ClaimCounts } from '../../../src/contracts/channels.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { buryIfOver } from './burial.js'
import type { Channels, KnownChannel } from './channels.js'
import type { Closing } from './closing.js'
import { inTime } from './in-time.js'
import type { Incoming } from './incoming.js'
import type { ChannelSettings } from './options.js'
import type { Outgoing } from './outgoing.js'
import { ChainError, paysOut, promised, waitingIn } from './types.js'
import type { ChainStatus, ChannelProvider, Receipt } from './types.js'
import { timeOf } from './way-to-end.js'

export interface WatcherDeps {
  channels: Channels
  incoming: Incoming
  outgoing: Outgoing
  closing: Closing
  provider: ChannelProvider
  settings: ChannelSettings
  counts: ClaimCounts
  log: Logger
  /** Told after each look at the channels. */
  looked: () => Promise<void>
}

/** Longer than packets live. */
const QUIET_MS = 2 * 60_000
const WITHDRAW_AGAIN_MS = 10 * 60_000
/** What the chain has refused for good is brought again after a while, and then less and less often. */
const REFUSED_WAIT_MS = 60_000
const REFUSED_WAIT_MAX_MS = 60 * 60_000
/** While a challenge runs, it does not wait longer than this part of what is left of it. */
const CHALLENGE_PART = 8
/** A channel that will not live longer is replaced: an end that nobody chose would cost a challenge. */
const REPLACE_BEFORE_MS = 35 * 24 * 60 * 60_000

/** What can be under way with a channel, each at most once, and beside the others. */
type Work = 'look' | 'defend' | 'end' | 'withdraw'

/** Of a claim that the chain has refused, while the channel had this status. */
interface Refusal {
  status: ChainStatus
  times: number
  againMs: number
}

export class Watcher {
  readonly #deps: WatcherDeps
  #interval: NodeJS.Timeout | undefined
  #unsubscribe: (() => void) | undefined
  #looking: Promise<void> | undefined
  /** By work and channel. */
  readonly #working = new Map<string, Promise<void>>()
  /** By channel: few, as few are open. */
  readonly #withdrawAgainMs = new Map<string, number>()
  readonly #refused = new Map<string, Refusal>()
  #again = false
  #isConnected = false
  #isStopped = false
  #trouble: string | undefined
  #hasLooked: () => void = () => undefined
  /** Resolves when the channels were looked at once since the start, with or without success. */
  looked: Promise<void> = Promise.resolve()

  constructor (deps: WatcherDeps) {
    this.#deps = deps
  }

  start (): void {
    this.#isStopped = false
    const { provider, settings, closing } = this.#deps
    closing.start()
    this.looked = new Promise(resolve => { this.#hasLooked = resolve })
    this.#unsubscribe = provider.subscribe(settings.peerAddress, () => { void this.look() })
    this.#interval = setInterval(() => { void this.look() }, settings.pollingIntervalMs)
    this.#interval.unref()
    void this.look()
  }

  /** Resolves when nothing is being looked at any more. */
  async stop (): Promise<void> {
    this.#isStopped = true
    this.#unsubscribe?.()
    clearInterval(this.#interval)
    this.#deps.closing.stop()
    await this.#looking
    while (this.#working.size > 0) await Promise.all(this.#working.values())
    this.#isConnected = false
  }

  /** Looks at all channels now; while that is going on, once more afterwards. Never rejects. */
  async look (): Promise<void> {
    this.#again = this.#looking !== undefined
    await (this.#looking ??= this.#lookAll())
  }

  /** Takes out what the peer's best claim grants. Rejects when that is nothing. */
  async redeem (channel: KnownChannel): Promise<Receipt> {
    const receipt = await this.#redeem(channel)
    await this.#withdraw(channel)
    return receipt
  }

  /** Starts the challenge, with our best claim redeemed before. One that the chain refuses does not keep our deposit in the channel. */
  async close (channel: KnownChannel): Promise<Receipt> {
    const { channels, closing, provider, log } = this.#deps
    const { channelId } = channel.state
    if (this.#endsAlone(channel)) return await closing.bring(channel)
    if (this.#unredeemed(channel) > 0n) await this.#redeem(channel).catch(passRefused)
    const receipt = await channels.operations.once(`close:${channelId}`, id => provider.close(channelId, id))
    log.info('closing a payment channel by challenge. channelId=%s txId=%s', channelId, receipt.txId)
    await channels.reread(channelId)
    return receipt
  }

  /** Also over a claim that the chain refuses: an operator may give that up. */
  async settle (channel: KnownChannel): Promise<Receipt> {
    const { channels, provider, log } = this.#deps
    const { channelId } = channel.state
    const receipt = await channels.operations.once(`settle:${channelId}`, id => provider.settle(channelId, id))
    log.info('a payment channel is settled. channelId=%s txId=%s', channelId, receipt.txId)
    await channels.reread(channelId)
    await this.#withdraw(channel)
    await this.#bury()
    return receipt
  }

  async closeTogether (channel: KnownChannel): Promise<Partial<Receipt>> {
    const receipt = await this.#deps.closing.request(channel)
    await this.#withdraw(channel)
    await this.#bury()
    return receipt
  }

  async #lookAll (): Promise<void> {
    for (let isFirst = true; isFirst || this.#again; isFirst = false) {
      this.#again = false
      try {
        await this.#connect()
        const { channels, incoming, outgoing, settings, looked } = this.#deps
        await incoming.resume().catch((error: unknown) => { this.#hear(error) }) // what cannot be booked now is looked after all the same
        const early = new Set<KnownChannel>()
        const attend = (channel: KnownChannel): void => {
          early.add(channel)
          this.#attendTo(channel)
        }
        const survey = { asOf: 'watched', hear: (error: unknown) => { this.#hear(error) }, each: attend } as const
        for (const channel of await channels.operations.ask(() => channels.survey(survey))) if (!early.has(channel)) this.#attendTo(channel)
        await this.#bury()
        if (settings.standing === 'present') outgoing.topUp()
        await looked()
      } catch (error) {
        if (this.#isStopped) break
        this.#hear(error)
      }
    }
    this.#looking = undefined
    this.#hasLooked()
  }

  /** Says once what keeps us from looking at all channels. */
  #hear (error: unknown): void {
    const trouble = describeError(error)
    if (trouble === this.#trouble || this.#isStopped) return
    this.#trouble = trouble
    this.#deps.log.warn('cannot look after all payment channels now, trying again. error=%s', trouble)
  }

  async #connect (): Promise<void> {
    const { provider, channels: { operations } } = this.#deps
    if (!this.#isConnected) await operations.ask(() => inTime(provider.connect()))
    this.#isConnected = true
  }

  /** Runs in parallel with all others, and with the next looks: one channel that waits for the chain does not hide events of another. */
  #attendTo (channel: KnownChannel): void {
    if (channel.isGone) return
    void this.#beside('withdraw', channel, () => this.#withdraw(channel))
    if (channel.state.status === 'closing') void this.#beside('defend', channel, () => this.#defend(channel))
    else void this.#beside('look', channel, () => this.#attend(channel))
  }

  /** Does that beside everything else, or joins in where it is being done. Never rejects. */
  #beside (work: Work, channel: KnownChannel, doIt: () => Promise<void>): Promise<void> {
    const name = `${work} ${channel.state.channelId}`
    const running = this.#working.get(name)
    if (running !== undefined) return running
    if (this.#isStopped) return Promise.resolve()
    const working = this.#guarded(channel, async () => {
      await doIt()
      await this.#bury()
    }).finally(() => { this.#working.delete(name) })
    this.#working.set(name, working)
    return working
  }

  async #attend (channel: KnownChannel): Promise<void> {
    const { settings, provider } = this.#deps
    if (channel.ending?.by === 'them') await this.#bringEnd(channel)
    if (!isOpen(channel)) return
    const isLeft = settings.standing === 'former' || this.#isDoneWith(channel)
    const unredeemed = this.#unredeemed(channel)
    const isDue = isLeft ? unredeemed > 0n : unredeemed >= settings.redeemThreshold || provider.isDueEarly?.(unredeemed) === true
    if (isDue && await this.#isWorth(channel)) await this.#redeemUnlessRefused(channel)
    if (!isOpen(channel) || this.#refused.has(channel.state.channelId)) return
    if (channel.isOverdue === true && channel.ending === undefined) await this.#closeOverdue(channel)
    else await this.#closeSpent(channel)
  }

  /** After one side has closed a channel, the other has until the end of the challenge period to submit its best claim. */
  async #defend (channel: KnownChannel): Promise<void> {
    const { provider, log } = this.#deps
    if (channel.state.settleableAt === undefined) return // paid out already, only not confirmed yet
    if (this.#endsAlone(channel) && provider.redeemsWhileClosing !== true) {
      await this.#deps.closing.bring(channel).catch(passRefused)
      if (isSettled(channel)) return
    }
    if (this.#unredeemed(channel) > 0n) {
      if (this.#mayRedeem(channel)) log.warn('the channel is being closed, redeeming our best claim. channelId=%s', channel.state.channelId)
      await this.#redeemUnlessRefused(channel)
    }
    if (channel.ending?.by === 'them') void this.#bringEnd(channel)
    else await this.#settleOnceOver(channel)
  }

  #bringEnd (channel: KnownChannel): Promise<void> {
    return this.#beside('end', channel, async () => { await this.#deps.closing.bring(channel) })
  }

  /**
   * Takes what is left of our deposit. Not over a claim that the chain refuses now: that would be lost for good. And not where we are
   * only paid: then what is left is the payer's, who can take it.
   */
  async #settleOnceOver (channel: KnownChannel): Promise<void> {
    const { settleableAt, readAtMs, ours, theirs } = channel.state
    if (isSettled(channel) || settleableAt === undefined || this.#unredeemed(channel) > 0n || !paysOut(channel.state)) return
    const isOver = settleableAt <= Math.max(readAtMs, Date.now()) // the chain has the last word
    const left = ours.deposit - ours.redeemed + theirs.deposit - theirs.redeemed
    if (isOver && left > 0n) await this.settle(channel)
  }

  async #redeem (channel: KnownChannel): Promise<Receipt> {
    const { channels, incoming, provider, counts, log } = this.#deps
    const { channelId } = channel.state
    const claim = incoming.best(channelId)
    if (claim === undefined || this.#unredeemed(channel) <= 0n) throw new Error(`there is nothing to redeem. channelId=${channelId}`)
    const receipt = await channels.operations.once(`redeem:${channelId}:${claim.nonce}`, async id => {
      const done = channel.redeemedBy = await provider.redeem(claim, id)
      counts.redeemed++
      return done
    })
    this.#refused.delete(channelId)
    log.info('redeemed a claim. channelId=%s amount=%s txId=%s', channelId, String(claim.total), receipt.txId)
    await channels.reread(channelId)
    return receipt
  }

  /** What the chain refuses for good is brought again after a while: the reason may pass, as an asset that is frozen. */
  async #redeemUnlessRefused (channel: KnownChannel): Promise<void> {
    if (!this.#mayRedeem(channel)) return
    try {
      await this.#redeem(channel)
    } catch (error) {
      passRefused(error)
      await this.#deps.channels.reread(channel.state.channelId) // it may be redeemed already, or over
      if (this.#unredeemed(channel) > 0n && !isSettled(channel)) this.#hearRefusal(channel, error)
      return
    }
    void this.#beside('withdraw', channel, () => this.#withdraw(channel))
  }

  #mayRedeem ({ state: { channelId, status } }: KnownChannel): boolean {
    const refusal = this.#refused.get(channelId)
    return refusal?.status !== status || Date.now() >= refusal.againMs
  }

  #hearRefusal (channel: KnownChannel, error: unknown): void {
    const { channelId, status, settleableAt = Infinity } = channel.state
    const before = this.#refused.get(channelId)
    const times = before?.status === status ? before.times : 0
    const left = settleableAt - Date.now()
    const waitMs = Math.min(backoffMs(times, REFUSED_WAIT_MS, REFUSED_WAIT_MAX_MS), left > 0 ? left / CHALLENGE_PART : Infinity)
    this.#refused.set(channelId, { status, times: times + 1, againMs: Date.now() + waitMs })
    this.#deps.log.error('the chain refuses our best claim, trying again: the channel is not settled over it, unless by hand. channelId=%s amount=%s ' +
      'error=%s retryInMs=%d', channelId, String(this.#unredeemed(channel)), describeError(error), Math.round(waitMs))
  }

  /** Also if the process that asked for the end is not this one any more. */
  async #closeOverdue (channel: KnownChannel): Promise<void> {
    this.#deps.log.warn('the peer has not closed the channel with us in time, closing it by challenge. channelId=%s', channel.state.channelId)
    await this.close(channel)
  }

  /**
   * One that is not used, or near the end of its life. A former peer's is closed as soon as there is nothing to wait for: nobody pays
   * through it any more. One of a key that was handed over is closed together with the peer, who has that key still.
   */
  async #closeSpent (channel: KnownChannel): Promise<void> {
    const { settings: { idleCloseMs, standing }, log } = this.#deps
    const isFormer = standing === 'former'
    const { activityMs, ending, state: { channelId, ours, expiresAt, readAtMs } } = channel
    const isIdle = idleCloseMs !== 0 && Date.now() - activityMs >= idleCloseMs
    const isOld = expiresAt !== undefined && expiresAt - timeOf(readAtMs) < REPLACE_BEFORE_MS
    if (!(isIdle || isFormer || isOld || this.#isDoneWith(channel)) || ours.deposit <= ours.redeemed || ending !== undefined) return
    if (isOld) log.info('replacing a payment channel near the end of its life. channelId=%s', channelId)
    else log.info('closing an unused payment channel. channelId=%s', channelId)
    try {
      if (isFormer) throw new Error('its peer has another address now')
      await this.closeTogether(channel)
    } catch (error) {
      log.warn('the peer does not close the channel with us, closing it by challenge. channelId=%s error=%s', channelId, describeError(error))
      await this.close(channel)
    }
  }

  /** Whether its key was handed over, and nobody pays through it any more: packets that were under way have come to their end. */
  #isDoneWith ({ activityMs }: KnownChannel): boolean {
    return this.#deps.settings.standing === 'handed over' && Date.now() - activityMs >= QUIET_MS
  }

  /** A payee that can end the channel alone needs no challenge. */
  #endsAlone ({ state }: KnownChannel): boolean {
    return this.#deps.provider.features.ends === 'payee' && !paysOut(state)
  }

  /**
   * Takes what the chain has granted us, where it does not pay that out by itself. What it does not pay now is tried again after a while:
   * the money is ours and waits there.
   */
  async #withdraw (channel: KnownChannel): Promise<void> {
    const { channels, provider, log } = this.#deps
    const { channelId, payout } = channel.state
    if (payout === undefined || waitingIn(channel.state) <= 0n || Date.now() < (this.#withdrawAgainMs.get(channelId) ?? 0)) return
    try {
      const { txId } = await channels.operations.once(`withdraw:${channelId}:${payout.taken}-${payout.granted}`,
        id => promised(provider.withdraw?.(channelId, id), 'withdraw'))
      log.info('took out what the chain had granted. channelId=%s amount=%s txId=%s', channelId, String(payout.granted - payout.taken), txId)
      this.#withdrawAgainMs.delete(channelId)
      await channels.reread(channelId)
    } catch (error) {
      this.#withdrawAgainMs.set(channelId, Date.now() + WITHDRAW_AGAIN_MS)
      if (this.#isStopped) return
      log.warn('cannot take out what the chain has granted, trying again. channelId=%s error=%s retryInMs=%d',
        channelId, describeError(error), WITHDRAW_AGAIN_MS)
    }
  }

  async #bury (): Promise<void> {
    const { channels, incoming, outgoing, settings: { pollingIntervalMs } } = this.#deps
    for (const channel of channels.all().filter(isSettled)) {
      this.#refused.delete(channel.state.channelId)
      await buryIfOver(channel, { channels, incoming, outgoing, pollingIntervalMs })
    }
  }

  #unredeemed ({ state: { channelId, theirs } }: KnownChannel): bigint {
    return (this.#deps.incoming.best(channelId)?.total ?? 0n) - theirs.redeemed
  }

  async #isWorth (channel: KnownChannel): Promise<boolean> {
    const { settings: { nativePrice, redeemGasFactor }, provider } = this.#deps
    if (nativePrice === undefined) return true
    const fee = await provider.redeemCost() * nativePrice / 10n ** BigInt(provider.nativeDecimals)
    return this.#unredeemed(channel) >= fee * redeemGasFactor
  }

  async #guarded (channel: KnownChannel, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#isStopped) return
      this.#deps.log.warn('could not look after a payment channel. channelId=%s error=%s', channel.state.channelId, describeError(error))
    }
  }
}

function isOpen ({ state }: KnownChannel): boolean {
  return state.status === 'open'
}

function isSettled ({ state }: KnownChannel): boolean {
  return state.status === 'settled'
}

/** What the chain has refused for good stands in the way of nothing else. Throws all other errors. */
function passRefused (error: unknown): void {
  if (!(error instanceof ChainError && error.isFinal)) throw error
}
