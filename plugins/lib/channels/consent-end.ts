/**
 * Closes a channel by consent. The side that asks stops making and accepting claims on the channel, and signs what each has paid the other
 * by its last claims. The side that answers brings that to the chain, with its own best claim or, on some chains, its own signature. It
 * agrees only if these terms give it all that its best claim says, and the other no more than it has itself signed.
 *
 * Once a consent is out, it binds its signer until it has expired by the chain's clock. Until then neither side pays through the channel.
 */
import type { Ending, KnownChannel } from './channels.js'
import { amountOf, textOf } from './read-record.js'
import { promised } from './types.js'
import type { CloseConsent, Receipt } from './types.js'
import { max } from './units.js'
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
    const { channels, incoming, outgoing, codec } = this.deps
    const { channelId } = channel.state
    const [least, validUntil] = [amountOf(message.least, 'least'), Number(message.validUntil)]
    const signature = textOf(message.consent, 'consent')
    if (channel.ending?.by === 'them' && channel.ending.signature === signature) return // it asks again
    await rereadFor(channels, channelId)
    refuseTerms(channel, least, validUntil)
    if (message.claim !== undefined && channel.ending === undefined) await incoming.take(Buffer.from(textOf(message.claim, 'claim')))
    if (least > outgoing.spentOn(channel.state)) await outgoing.claims.learn()
    if (least > outgoing.spentOn(channel.state)) throw new Error('we have not paid that much')
    // Peers of former versions do not say what they pay, nor do they sign it.
    const pays = message.pays === undefined ? this.#paidBy(channel) : amountOf(message.pays, 'pays')
    const consent: CloseConsent = { channelId, least, pays, validUntil }
    if (!await promised(codec.verifyConsent?.(consent, channel.state, signature), 'verifyConsent')) throw new Error('wrong signature')
    refuseTerms(channel, least, validUntil) // as it is now, and from here on no claim is taken
    const claimed = this.#paidBy(channel)
    if (pays < claimed) throw new Error(`the end pays less than your claims say. pays=${pays} claimed=${claimed}`)
    countFavour()
    channel.ending = { by: 'them', consent, signature, until: Math.max(channel.ending?.until ?? 0, validUntil) }
    await Promise.all([incoming.quiet(), outgoing.claims.quiet()])
    await Promise.all([incoming.save({ sync: true }), channels.end(channel, channel.ending)])
  }

  /** What we have acknowledged of the peer's claims is on disk, and that we make and take no more, before our signature exists. */
  async #sign (channel: KnownChannel): Promise<Ending> {
    const { channels, incoming, outgoing, codec } = this.deps
    const { state, state: { channelId, readAtMs } } = channel
    refuseUnlessOpen(channels, channel)
    const validUntil = secondsOf(readAtMs) + VALID_SECS
    const consent: CloseConsent = { channelId, least: 0n, pays: 0n, validUntil }
    const ending: Ending = { by: 'us', consent, signature: '', until: validUntil }
    channel.ending = ending
    await Promise.all([incoming.quiet(), outgoing.claims.quiet()])
    consent.least = this.#paidBy(channel)
    consent.pays = max(outgoing.spentOn(state), state.ours.redeemed)
    await Promise.all([incoming.save({ sync: true }), channels.end(channel, ending)])
    ending.signature = await promised(codec.signConsent?.(consent, channel.state), 'signConsent')
    channels.operations.onSigned({ operation: `consent:${channelId}`, detail: `least=${consent.least} pays=${consent.pays} validUntil=${validUntil}`, outcome: 'ok' })
    await channels.save()
    return ending
  }

  /** Token units that the peer has paid us through the channel, in all. */
  #paidBy ({ state: { channelId, theirs } }: KnownChannel): bigint {
    return max(this.deps.incoming.best(channelId)?.total ?? 0n, theirs.redeemed)
  }
}

/** @throws Error where no such end is possible now */
function refuseTerms ({ state, isGone, ending }: KnownChannel, least: bigint, validUntil: number): void {
  if (isGone || (state.status !== 'open' && state.status !== 'closing')) throw new Error(`the channel is not open. status=${state.status}`)
  if (ending?.by === 'them') throw new Error('the end of the channel is on its way to the chain already')
  const nowSecs = secondsOf(state.readAtMs)
  if (!Number.isSafeInteger(validUntil) || validUntil <= nowSecs + SKEW_SECS || validUntil > nowSecs + VALID_SECS + SKEW_SECS) {
    throw new Error(`validUntil has to be within the next ten minutes, by the chain's clock. found=${validUntil} now=${nowSecs}`)
  }
  if (least > state.ours.deposit) throw new Error('least is more than our deposit')
}
