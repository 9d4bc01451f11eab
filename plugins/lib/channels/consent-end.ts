/**
 * Closes a channel by consent. The side that asks stops accepting claims on the channel, and signs that it agrees to any closing in which
 * it gets what its best claim says. The side that answers signs nothing: it submits that consent and its own best claim to the chain.
 *
 * Once a consent is out, it binds its signer until it has expired by the chain's clock. It binds the signer to nothing except to accept no
 * claims until then.
 */
import type { Ending, KnownChannel } from './channels.js'
import { amountOf, textOf } from './read-record.js'
import { promised } from './types.js'
import type { CloseConsent, Receipt } from './types.js'
import { SKEW_SECS, VALID_SECS, refuseUnlessOpen, rereadFor, secondsOf } from './way-to-end.js'
import type { WayToEnd, WayToEndDeps } from './way-to-end.js'

export class ConsentEnd implements WayToEnd {
  constructor (private readonly deps: WayToEndDeps) {}

  async offered (): Promise<void> {
    const { provider } = this.deps
    if (!await promised(provider.canCloseTogether?.(), 'canCloseTogether')) throw new Error('the network of this channel knows no end with one signature')
  }

  async ask (channel: KnownChannel): Promise<Record<string, unknown>> {
    const { consent, signature } = channel.ending?.signature ? channel.ending : await this.#sign(channel)
    return { ...consent, consent: signature }
  }

  async bring (channel: KnownChannel): Promise<Receipt> {
    const { channels, incoming, provider } = this.deps
    const { ending, state: { channelId } } = channel
    if (ending?.by !== 'them' || ending.consent === undefined) throw new Error(`there is no end of the peer to bring to the chain. channelId=${channelId}`)
    const { consent, signature } = ending
    const claim = incoming.best(channelId)
    return await channels.operations.once(`closeTogether:${channelId}:${consent.validUntil}`,
      id => promised(provider.closeTogether?.(consent, signature, claim, id), 'closeTogether'))
  }

  async agree (channel: KnownChannel, message: Record<string, unknown>, countFavour: () => void): Promise<void> {
    const { channels, incoming, outgoing } = this.deps
    const { channelId } = channel.state
    const consent = { channelId, least: amountOf(message.least, 'least'), validUntil: Number(message.validUntil) }
    const signature = textOf(message.consent, 'consent')
    if (channel.ending?.by === 'them' && channel.ending.signature === signature) return // it asks again
    await rereadFor(channels, channelId)
    await this.#check(channel, consent, signature)
    if (message.claim !== undefined && channel.ending === undefined) await incoming.take(Buffer.from(textOf(message.claim, 'claim')))
    if (consent.least > outgoing.spentOn(channel.state)) await outgoing.claims.learn()
    if (consent.least > outgoing.spentOn(channel.state)) throw new Error('we have not paid that much')
    await this.#check(channel, consent, signature) // as it is now
    countFavour()
    channel.ending = { by: 'them', consent, signature, until: Math.max(channel.ending?.until ?? 0, consent.validUntil) }
    await Promise.all([incoming.quiet(), outgoing.claims.quiet()])
    await Promise.all([incoming.save({ sync: true }), channels.end(channel, channel.ending)])
  }

  /** What we have acknowledged of the peer's claims is on disk, and that we take no more, before our signature exists. */
  async #sign (channel: KnownChannel): Promise<Ending> {
    const { channels, incoming, outgoing, codec } = this.deps
    const { channelId, theirs, readAtMs } = channel.state
    refuseUnlessOpen(channels, channel)
    const validUntil = secondsOf(readAtMs) + VALID_SECS
    const consent: CloseConsent = { channelId, least: 0n, validUntil }
    const ending: Ending = { by: 'us', consent, signature: '', until: validUntil }
    channel.ending = ending
    await Promise.all([incoming.quiet(), outgoing.claims.quiet()])
    consent.least = incoming.best(channelId)?.total ?? theirs.redeemed
    if (consent.least < theirs.redeemed) consent.least = theirs.redeemed
    await Promise.all([incoming.save({ sync: true }), channels.end(channel, ending)])
    ending.signature = await promised(codec.signConsent?.(consent, channel.state), 'signConsent')
    await channels.save()
    return ending
  }

  async #check ({ state, isGone, ending }: KnownChannel, consent: CloseConsent, signature: string): Promise<void> {
    const { codec } = this.deps
    const nowSecs = secondsOf(state.readAtMs)
    if (isGone || (state.status !== 'open' && state.status !== 'closing')) throw new Error(`the channel is not open. status=${state.status}`)
    if (ending?.by === 'them') throw new Error('the end of the channel is on its way to the chain already')
    const { validUntil } = consent
    if (!Number.isSafeInteger(validUntil) || validUntil <= nowSecs + SKEW_SECS || validUntil > nowSecs + VALID_SECS + SKEW_SECS) {
      throw new Error(`validUntil has to be within the next ten minutes, by the chain's clock. found=${validUntil} now=${nowSecs}`)
    }
    if (consent.least > state.ours.deposit) throw new Error('least is more than our deposit')
    if (!await promised(codec.verifyConsent?.(consent, state, signature), 'verifyConsent')) throw new Error('wrong signature')
  }
}
