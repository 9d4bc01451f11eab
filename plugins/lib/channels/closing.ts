/**
 * Closes a channel together with the peer, in one transaction that pays out the net. The side that asks stops accepting claims on the
 * channel, and signs that it agrees to any closing in which it gets what its best claim says. The side that answers signs nothing: it
 * submits that consent and its own best claim to the chain.
 *
 *     us                                          peer
 *     write down, then sign: consent { least }
 *     end { claim, consent } ───────────────────▶ takes our last claim, writes down that it agrees
 *     look at the chain until it is over ◀─────── brings consent and claim to the chain
 *
 * Once a consent is out, it binds its signer until it has expired by the chain's clock, whatever is said, crashes or is lost. It binds the
 * signer to nothing except to accept no claims until then. Nothing that the peer says can prevent a close by challenge.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { Channels, Ending, KnownChannel } from './channels.js'
import type { Funding } from './funding.js'
import type { Incoming } from './incoming.js'
import type { Outgoing } from './outgoing.js'
import { amountOf, fieldsOf, textOf } from './read-record.js'
import { ChainError, UnreachableError } from './types.js'
import type { ChannelProvider, ClaimCodec, CloseConsent, Receipt } from './types.js'

export interface ClosingDeps {
  channels: Channels
  funding: Funding
  incoming: Incoming
  outgoing: Outgoing
  codec: ClaimCodec
  provider: ChannelProvider
  log: Logger
  /** Sends the peer a message and resolves to its answer. */
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
}

/** How long a consent holds, by the chain's clock. */
const VALID_SECS = 10 * 60
/** The newest block may be this much older or younger at the peer. */
const SKEW_SECS = 2 * 60
/** The side that answers pays the fee: we do a peer this favour so many times. */
const ENDS_PER_DAY = 10
const DAY_MS = 24 * 60 * 60_000
/** The side that answers reports the outcome, if it is known this quickly. */
const ANSWER_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 1000

export class Closing {
  /** When we have agreed to an end, of the last day. */
  #agreedMs: number[] = []
  #isStopped = false

  constructor (private readonly deps: ClosingDeps) {}

  /** Ends all waits for the chain. */
  stop (): void {
    this.#isStopped = true
  }

  start (): void {
    this.#isStopped = false
  }

  /**
   * Asks the peer to end the channel, and resolves when the chain has it. Rejects when the peer does not agree or does not do it, and where
   * the network cannot end channels that way.
   */
  async request (channel: KnownChannel): Promise<Partial<Receipt>> {
    const { channels, provider, outgoing, ask } = this.deps
    const { channelId } = channel.state
    if (!await provider.canCloseTogether()) throw new Error('the network of this channel knows no end with one signature')
    await channels.reread(channelId)
    if (channel.ending?.by === 'them') return await this.bring(channel)
    const ending = channel.ending?.signature ? channel.ending : await this.#sign(channel)
    const claim = await outgoing.latestOn(channel)
    const { txId } = await ask({ step: 'end', ...ending.consent, claim: claim?.text, consent: ending.signature })
    await this.#over(channel)
    return typeof txId === 'string' ? { txId } : {}
  }

  /** Brings an end that we have agreed to to the chain. Resolves when the chain has it. */
  async bring (channel: KnownChannel): Promise<Receipt> {
    const { channels, incoming, provider, log } = this.deps
    const { ending, state: { channelId } } = channel
    if (ending?.by !== 'them') throw new Error(`there is no end of the peer to bring to the chain. channelId=${channelId}`)
    const { consent, signature } = ending
    const claim = incoming.best(channelId)
    const receipt = await channels.operations.once(`closeTogether:${channelId}:${consent.validUntil}`,
      id => provider.closeTogether(consent, signature, claim, id))
    log.info('closed a payment channel together with the peer. channelId=%s txId=%s', channelId, receipt.txId)
    await channels.reread(channelId)
    return receipt
  }

  /** Answers the peer. Rejects with what the peer is told. */
  async answer (data: Buffer): Promise<Record<string, unknown>> {
    const message = fieldsOf(JSON.parse(data.toString()), 'message')
    const { incoming, outgoing, funding } = this.deps
    switch (message.step) {
    case 'claims': {
      const claims = incoming.all().map(({ text }) => text)
      return { unused: incoming.unused, claims, acknowledged: (await outgoing.acknowledged()).map(({ text }) => text) }
    }
    case 'look': return { seen: await this.#seen(textOf(message.channelId, 'channelId')) }
    case 'open': return { ...funding.opening }
    case 'end': return await this.#agree(message)
    default: throw new Error('unknown step. expected=claims, look, open or end')
    }
  }

  async #seen (channelId: string): Promise<bigint> {
    const channel = await this.deps.channels.refresh(channelId).catch(() => { throw new UnreachableError('the chain cannot be asked now') })
    return channel?.state.theirs.deposit ?? 0n
  }

  /** What we have acknowledged of the peer's claims is on disk, and that we take no more, before our signature exists. */
  async #sign (channel: KnownChannel): Promise<Ending> {
    const { channels, incoming, outgoing, codec } = this.deps
    const { channelId, theirs, readAtMs } = channel.state
    const refusal = channels.refusalOf(channel)
    if (channel.state.status !== 'open' || channel.isGone) throw refusal ?? new Error('the channel is not open')
    const validUntil = secondsOf(readAtMs) + VALID_SECS
    const consent: CloseConsent = { channelId, least: 0n, validUntil }
    const ending: Ending = { by: 'us', consent, signature: '', until: validUntil }
    channel.ending = ending
    await Promise.all([incoming.quiet(), outgoing.quiet()])
    consent.least = incoming.best(channelId)?.total ?? theirs.redeemed
    if (consent.least < theirs.redeemed) consent.least = theirs.redeemed
    await Promise.all([incoming.save({ sync: true }), channels.end(channel, ending)])
    ending.signature = await codec.signConsent(consent, channel.state)
    await channels.save()
    return ending
  }

  /** Waits until the channel is over on the chain. Rejects when our consent is void and it is not. */
  async #over (channel: KnownChannel): Promise<void> {
    const { channels } = this.deps
    const { channelId } = channel.state
    const deadlineMs = Date.now() + (VALID_SECS + SKEW_SECS) * 1000 // a chain may stand still
    while (channel.ending !== undefined && Date.now() < deadlineMs && !this.#isStopped) {
      await channels.reread(channelId).catch(() => undefined) // asked again
      if (channel.state.status === 'settled') return
      if (channel.state.status === 'closing') throw new Error('the channel is being closed by challenge')
      await sleep(LOOK_EVERY_MS, undefined, { ref: false })
    }
    throw new Error('the peer agreed to the end of the channel, and did not bring it to the chain in time')
  }

  async #agree (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { channels, incoming, outgoing, log } = this.deps
    const consent = { channelId: textOf(message.channelId, 'channelId'), least: amountOf(message.least, 'least'), validUntil: Number(message.validUntil) }
    const signature = textOf(message.consent, 'consent')
    const channel = channels.get(consent.channelId)
    if (channel === undefined) throw new Error('there is no such channel')
    const isRepeated = channel.ending?.by === 'them' && channel.ending.signature === signature
    if (!isRepeated) {
      await channels.reread(consent.channelId).catch(() => { throw new UnreachableError('the chain cannot be asked now') })
      await this.#check(channel, consent, signature)
      if (message.claim !== undefined && channel.ending === undefined) await incoming.take(Buffer.from(textOf(message.claim, 'claim')))
      if (consent.least > outgoing.spentOn(channel.state)) await outgoing.learn()
      if (consent.least > outgoing.spentOn(channel.state)) throw new Error('we have not paid that much')
      await this.#check(channel, consent, signature) // as it is now
      this.#countFavour()
      channel.ending = { by: 'them', consent, signature, until: Math.max(channel.ending?.until ?? 0, consent.validUntil) }
      await Promise.all([incoming.quiet(), outgoing.quiet()])
      await Promise.all([incoming.save({ sync: true }), channels.end(channel, channel.ending)])
    }
    const bringing = this.bring(channel).catch((error: unknown) => {
      if (error instanceof ChainError && error.isFinal) throw error
      log.warn('cannot close a payment channel on the chain now, trying again. channelId=%s error=%s', consent.channelId, describeError(error))
      return undefined
    })
    bringing.catch(() => undefined) // also when nobody waits for it any more
    const receipt = await Promise.race([bringing, sleep(ANSWER_WITHIN_MS, undefined, { ref: false })])
    return { agreed: true, ...(receipt !== undefined && { txId: receipt.txId }) }
  }

  async #check ({ state, isGone, ending }: KnownChannel, consent: CloseConsent, signature: string): Promise<void> {
    const nowSecs = secondsOf(state.readAtMs)
    if (isGone || (state.status !== 'open' && state.status !== 'closing')) throw new Error(`the channel is not open. status=${state.status}`)
    if (ending?.by === 'them') throw new Error('the end of the channel is on its way to the chain already')
    const { validUntil } = consent
    if (!Number.isSafeInteger(validUntil) || validUntil <= nowSecs + SKEW_SECS || validUntil > nowSecs + VALID_SECS + SKEW_SECS) {
      throw new Error(`validUntil has to be within the next ten minutes, by the chain's clock. found=${validUntil} now=${nowSecs}`)
    }
    if (consent.least > state.ours.deposit) throw new Error('least is more than our deposit')
    if (!await this.deps.codec.verifyConsent(consent, state, signature)) throw new Error('wrong signature')
  }

  #countFavour (): void {
    const now = Date.now()
    this.#agreedMs = this.#agreedMs.filter(agreedMs => agreedMs > now - DAY_MS)
    if (this.#agreedMs.length >= ENDS_PER_DAY) throw new Error('too many channels were ended together today: close it by challenge')
    this.#agreedMs.push(now)
  }
}

/** The chain's clock; on a chain that makes no blocks while nothing happens, ours. */
function secondsOf (readAtMs: number): number {
  return Math.floor(Math.max(readAtMs, Date.now()) / 1000)
}
