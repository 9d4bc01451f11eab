/**
 * How the payee ends a channel of one direction, alone: its transaction takes what the payer's best claim grants, and gives the
 * payer the rest at once. Nothing is signed, so nothing can be held back or brought late. The payer asks for it with its last claim; the
 * payee needs to ask nobody.
 *
 * The payee accepts no claim on the channel once that transaction may exist: it would be worth nothing.
 */
import type { KnownChannel } from './channels.js'
import { textOf } from './read-record.js'
import { ChainError, paysOut, promised } from './types.js'
import type { Receipt } from './types.js'
import { VALID_SECS, refuseUnlessOpen, rereadFor, secondsOf } from './way-to-end.js'
import type { WayToEnd, WayToEndDeps } from './way-to-end.js'

export class PayeeEnd implements WayToEnd {
  constructor (private readonly deps: WayToEndDeps) {}

  async offered (): Promise<void> {
    await Promise.resolve()
  }

  /** A payer makes no more claims meanwhile; where the peer does not end the channel in time, it goes on. */
  async ask (channel: KnownChannel): Promise<Record<string, unknown> | undefined> {
    const { channels, outgoing, provider: { endWithinSecs = VALID_SECS } } = this.deps
    refuseUnlessOpen(channels, channel)
    if (!paysOut(channel.state)) return undefined
    channel.ending ??= { by: 'us', signature: '', until: secondsOf(channel.state.readAtMs) + endWithinSecs }
    await outgoing.claims.quiet()
    await channels.save()
    return { channelId: channel.state.channelId }
  }

  async agree (channel: KnownChannel, message: Record<string, unknown>, countFavour: () => void): Promise<void> {
    const { channels, incoming } = this.deps
    const { state: { channelId } } = channel
    if (paysOut(channel.state)) throw new Error('only whom the channel pays can end it at once')
    if (channel.ending !== undefined) return // it is on its way
    await rereadFor(channels, channelId)
    const { status } = channel.state
    if (channel.isGone || (status !== 'open' && status !== 'closing')) throw new Error(`the channel is not open. status=${status}`)
    if (message.claim !== undefined && status === 'open') await incoming.take(Buffer.from(textOf(message.claim, 'claim')))
    countFavour()
    await this.#begin(channel)
  }

  async bring (channel: KnownChannel): Promise<Receipt> {
    const { channels, incoming, provider } = this.deps
    const { channelId } = channel.state
    if (paysOut(channel.state)) throw new Error(`only the peer can end this channel at once. channelId=${channelId}`)
    if (channel.ending === undefined) await this.#begin(channel)
    const claim = incoming.best(channelId)
    try {
      return await channels.operations.once(`end:${channelId}`, id => promised(provider.closeAsPayee?.(channelId, claim, id), 'closeAsPayee'))
    } catch (error) {
      if (error instanceof ChainError && error.isFinal) await this.#giveUp(channel) // nothing is on its way any more
      throw error
    }
  }

  /** On disk before the transaction exists: all claims that are taken, and that there will be no more. */
  async #begin (channel: KnownChannel): Promise<void> {
    const { channels, incoming } = this.deps
    channel.ending = { by: 'them', signature: '' }
    await incoming.quiet()
    await Promise.all([incoming.save({ sync: true }), channels.end(channel, channel.ending)])
  }

  async #giveUp (channel: KnownChannel): Promise<void> {
    channel.ending = undefined
    await this.deps.channels.save()
  }
}
