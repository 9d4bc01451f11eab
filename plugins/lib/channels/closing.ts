/**
 * Closes a channel together with the peer, in one transaction that pays out both. Which side submits it, and what it needs from the
 * other, depends on the chain (`ChannelFeatures.ends`): see consent-end.ts and payee-end.ts.
 *
 *     us                                     peer
 *     write down that we ask
 *     end { ... our last claim } ──────────▶ takes the claim, writes down that it agrees
 *     look at the chain until it is over ◀── brings the end to the chain
 *
 * Whatever is said, crashes or is lost meanwhile: while its end is written down, a channel pays nothing and accepts nothing. Nothing that
 * the peer says can prevent a close by challenge.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { KnownChannel } from './channels.js'
import { ConsentEnd } from './consent-end.js'
import { PayeeEnd } from './payee-end.js'
import { textOf } from './read-record.js'
import { ChainError } from './types.js'
import type { Receipt } from './types.js'
import { SKEW_SECS, VALID_SECS } from './way-to-end.js'
import type { WayToEnd, WayToEndDeps } from './way-to-end.js'

export interface ClosingDeps extends WayToEndDeps {
  log: Logger
  /** Sends the peer a message and resolves to its answer. */
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
}

/** The side that answers pays the fee, so a peer gets this from us only so often. */
const ENDS_PER_DAY = 10
const DAY_MS = 24 * 60 * 60_000
/** The side that answers reports the outcome, if it is known this quickly. */
const ANSWER_WITHIN_MS = 20_000
const LOOK_EVERY_MS = 1000

export class Closing {
  readonly #way: WayToEnd
  /** When we have agreed to an end, of the last day. */
  #agreedMs: number[] = []
  #isStopped = false

  constructor (private readonly deps: ClosingDeps) {
    this.#way = wayOf(deps)
  }

  /** Ends all waits for the chain. */
  stop (): void {
    this.#isStopped = true
  }

  start (): void {
    this.#isStopped = false
  }

  /**
   * Ends the channel, with the peer's help where that is needed, and resolves when the chain has it. Rejects when the peer does not agree
   * or does not do it, and where channels do not end that way.
   */
  async request (channel: KnownChannel): Promise<Partial<Receipt>> {
    const { channels, outgoing, ask } = this.deps
    await this.#way.offered()
    await channels.reread(channel.state.channelId)
    if (channel.ending?.by === 'them') return await this.bring(channel)
    const message = await this.#way.ask(channel)
    if (message === undefined) return await this.bring(channel)
    const claim = await outgoing.claims.latestOn(channel)
    const { txId } = await ask({ step: 'end', ...message, claim: claim?.text })
    await this.#over(channel)
    return typeof txId === 'string' ? { txId } : {}
  }

  /** Brings an end to the chain that is ours to bring. Resolves when the chain has it. */
  async bring (channel: KnownChannel): Promise<Receipt> {
    const { channels, log } = this.deps
    const { channelId } = channel.state
    const receipt = await this.#way.bring(channel)
    log.info('closed a payment channel together with the peer. channelId=%s txId=%s', channelId, receipt.txId)
    await channels.reread(channelId)
    return receipt
  }

  /** Answers the peer, who asks for the end of a channel. Rejects with what the peer is told. */
  async answer (message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { channels, log } = this.deps
    const channelId = textOf(message.channelId, 'channelId')
    const channel = channels.get(channelId)
    if (channel === undefined) throw new Error('there is no such channel')
    await this.#way.agree(channel, message, () => { this.#countFavour() })
    const bringing = this.bring(channel).catch((error: unknown) => {
      if (error instanceof ChainError && error.isFinal) throw error
      log.warn('cannot close a payment channel on the chain now, trying again. channelId=%s error=%s', channelId, describeError(error))
      return undefined
    })
    bringing.catch(() => undefined) // also when nobody waits for it any more
    const receipt = await Promise.race([bringing, pause(ANSWER_WITHIN_MS)])
    return { agreed: true, ...(receipt !== undefined && { txId: receipt.txId }) }
  }

  /** Waits until the channel is over on the chain. Rejects when what we asked for is void and it is not. */
  async #over (channel: KnownChannel): Promise<void> {
    const { channels, provider: { endWithinSecs = VALID_SECS } } = this.deps
    const { channelId } = channel.state
    const deadlineMs = Date.now() + (endWithinSecs + SKEW_SECS) * 1000 // a chain may stand still
    while (channel.ending !== undefined && Date.now() < deadlineMs && !this.#isStopped) {
      await channels.reread(channelId).catch(() => undefined) // asked again
      if (channel.state.status === 'settled') return
      if (channel.state.status === 'closing' && channel.state.settleableAt !== undefined) throw new Error('the channel is being closed by challenge')
      await pause(LOOK_EVERY_MS)
    }
    if (channel.state.status === 'settled') return
    throw new Error('the peer agreed to the end of the channel, and did not bring it to the chain in time')
  }

  #countFavour (): void {
    const now = Date.now()
    this.#agreedMs = this.#agreedMs.filter(agreedMs => agreedMs > now - DAY_MS)
    if (this.#agreedMs.length >= ENDS_PER_DAY) throw new Error('too many channels were ended together today: close it by challenge')
    this.#agreedMs.push(now)
  }
}

function wayOf (deps: ClosingDeps): WayToEnd {
  switch (deps.provider.features.ends) {
  case 'consent': return new ConsentEnd(deps)
  case 'payee': return new PayeeEnd(deps)
  case 'challenge': return BY_CHALLENGE_ONLY
  }
}

const notOffered = (): Promise<never> => Promise.reject(new Error('channels of this chain are closed by challenge only'))
const BY_CHALLENGE_ONLY: WayToEnd = { offered: notOffered, ask: notOffered, agree: notOffered, bring: notOffered }
