/** What each operation comes to, by what the chain says: whether it is done, can be done, or can never be. */
import { URGENCY, type Urgency } from '../../lib/channels/seat.js'
import { ChainError, type Claim, type CloseConsent } from '../../lib/channels/types.js'
import { isSigned } from '../claims.js'
import { APT, MAX_U64 } from '../formats.js'
import { claimMessage, consentMessage, type Place } from '../messages.js'
import { sidesOf, type ChannelData, type Reading } from './channel-state.js'
import type { Call } from './operations.js'
import { closeTogether, deposit, join, open, plain, redeem, type Payload } from './payloads.js'

/** What an operation comes to on the chain as it is now. */
export type Plan =
  /** This is to be sent, and is worth at most `cap` octas. */
  | { step: 'send', payload: Payload, urgency: Urgency, cap: bigint }
  /** It is so already. */
  | { step: 'done' }
  /** It can never be done. */
  | { step: 'refused', why: string }

export interface PlansOptions {
  place: Place
  address: string
  asset: string
  /** Of an asset that we hold as coins of the older standard. */
  coin: string | undefined
  /** The most that a transaction may cost in general, octas. */
  maxFee: bigint
  /** What one APT is worth, in token units. Undefined: not known, but for APT itself. */
  nativePrice: bigint | undefined
  /** Our key for the channels with a peer. */
  claimKey: (peer: string) => string
  /** The channel as the chain has it. Rejects while the chain cannot be asked. */
  read: (channelId: string) => Promise<Reading>
  /** What we own of the asset outside channels. */
  tokens: () => Promise<bigint>
}

/** Of what is at stake in a channel that is being closed, this part may be paid for gas. */
const STAKE_PART = 2n
const OCTAS_IN_APT = 10n ** 8n

type CallOf<K extends Call['kind']> = Extract<Call, { kind: K }>
type Sides = NonNullable<ReturnType<typeof sidesOf>>

export class Plans {
  readonly #options: PlansOptions

  constructor (options: PlansOptions) {
    this.#options = options
  }

  /** @throws ChainError, final, when the chain would not take the claim, or it grants nothing */
  async redeeming (claim: Claim): Promise<Call> {
    const { sides } = await this.#find(claim.channelId)
    this.#refuseForged(claim, sides)
    return { kind: 'redeem', channelId: claim.channelId, total: String(claim.total), signature: claim.signature }
  }

  /** @throws ChainError, final, when nothing waits for us */
  async withdrawing (channelId: string): Promise<Call> {
    const { sides: { ours } } = await this.#find(channelId)
    return { kind: 'withdraw', channelId, above: String(ours.withdrawn) }
  }

  /** @throws ChainError, final, when the peer has not signed these terms */
  async together ({ channelId, least, validUntil }: CloseConsent, consent: string, claim: Claim | undefined): Promise<Call> {
    const { place } = this.#options
    const { sides } = await this.#find(channelId)
    const { party, key } = sides.theirs
    const message = consentMessage(place, channelId, party, least, BigInt(validUntil))
    if (message === undefined || !isSigned(key, message, consent)) throw new ChainError('the peer has not signed these terms', true)
    if (claim !== undefined) this.#refuseForged(claim, sides)
    return {
      kind: 'together',
      channelId,
      total: String(claim?.total ?? 0n),
      claim: claim?.signature ?? '',
      least: String(least),
      validUntil: String(validUntil),
      consent
    }
  }

  /** @param isBegun something of it was sent before: it may be done by now */
  async plan (call: Call, isBegun: boolean): Promise<Plan> {
    if (call.kind === 'open') return this.#open(call)
    const { channel, sides, timeMs } = await this.#find(call.channelId)
    switch (call.kind) {
    case 'join': return this.#join(call.channelId, sides)
    case 'deposit': return await this.#deposit(call, channel, sides, isBegun)
    case 'redeem': return this.#redeem(call, channel, sides, isBegun)
    case 'withdraw': return this.#withdraw(call, channel, sides)
    case 'close': return this.#close(call, channel, isBegun)
    case 'together': return this.#together(call, channel, sides, timeMs, isBegun)
    case 'settle': return this.#settle(call, channel, timeMs)
    }
  }

  #open ({ peer, challengeSecs }: CallOf<'open'>): Plan {
    const { place, asset, claimKey } = this.#options
    return this.#send(open(place, { peer, asset, challengeSecs, key: claimKey(peer) }), URGENCY.create)
  }

  #join (channelId: string, { ours, theirs }: Sides): Plan {
    const { place, claimKey } = this.#options
    const key = claimKey(theirs.party)
    if (ours.key === key) return { step: 'done' }
    if (ours.key !== '') return refused('the channel has another key of ours than this node has. Close it by challenge')
    return this.#send(join(place, channelId, key), URGENCY.end)
  }

  /** With our key in the channel first: the module takes no deposit of a party that could not pay with it. */
  async #deposit (call: CallOf<'deposit'>, channel: ChannelData, sides: Sides, isBegun: boolean): Promise<Plan> {
    const { place, address, asset, coin, tokens } = this.#options
    const total = BigInt(call.total)
    const { ours, theirs } = sides
    if (ours.deposit >= total) return { step: 'done' }
    if (channel.status !== 'open') return refused(isBegun ? 'the channel was closed meanwhile' : `the channel is not open. status=${channel.status}`)
    const amount = total - ours.deposit
    if (total + theirs.deposit > MAX_U64) return refused(`no channel takes as much. total=${total}`)
    const has = await tokens()
    if (has < amount) return refused(`our address does not have enough of the asset. address=${address} asset=${asset} has=${has} needed=${amount}`)
    const joining = this.#join(call.channelId, sides)
    if (joining.step !== 'done') return joining
    return this.#send(deposit(place, call.channelId, amount, coin), URGENCY.fund)
  }

  #redeem (call: CallOf<'redeem'>, channel: ChannelData, { theirs }: Sides, isBegun: boolean): Plan {
    const total = BigInt(call.total)
    if (theirs.paid >= total) return isBegun ? { step: 'done' } : refused(`the chain has recorded as much already. claim=${total} recorded=${theirs.paid}`)
    if (channel.status === 'settled') return refused('the channel is settled')
    if (total > theirs.deposit) return refused(`the claim exceeds the payer's deposit. claim=${total} deposit=${theirs.deposit}`)
    const isClosing = channel.status === 'closing'
    const payload = redeem(this.#options.place, call.channelId, total, call.signature)
    return isClosing ? this.#send(payload, URGENCY.redeemBeforeEnd, this.#capFor(total - theirs.paid)) : this.#send(payload, URGENCY.redeem)
  }

  #withdraw ({ channelId, above }: CallOf<'withdraw'>, { status, balance }: ChannelData, { ours, theirs }: Sides): Plan {
    if (ours.withdrawn > BigInt(above)) return { step: 'done' }
    const granted = theirs.paid + (status === 'settled' ? ours.deposit - ours.paid : 0n)
    if (granted <= ours.withdrawn) return refused('nothing waits for us in the channel')
    if (balance === 0n) return refused('the channel is empty: the issuer of its asset has taken out what it held')
    return this.#send(plain(this.#options.place, 'withdraw', channelId), URGENCY.end)
  }

  #close ({ channelId }: CallOf<'close'>, { status }: ChannelData, isBegun: boolean): Plan {
    if (status !== 'open') return isBegun ? { step: 'done' } : refused(`the channel is not open. status=${status}`)
    return this.#send(plain(this.#options.place, 'close', channelId), URGENCY.end)
  }

  #together (call: CallOf<'together'>, channel: ChannelData, { ours, theirs }: Sides, timeMs: number, isBegun: boolean): Plan {
    const { channelId, claim: signature, consent } = call
    const [total, least, validUntil] = [BigInt(call.total), BigInt(call.least), BigInt(call.validUntil)]
    if (channel.status === 'settled') return isBegun ? { step: 'done' } : refused('the channel is settled')
    if (BigInt(Math.floor(timeMs / 1000)) > validUntil) return refused('what the peer has signed is void by now')
    if (least > ours.deposit) return refused(`the peer asks for more than our deposit. least=${least} deposit=${ours.deposit}`)
    const payload = closeTogether(this.#options.place, channelId, { total, signature }, { least, validUntil, signature: consent })
    if (channel.status !== 'closing' || total <= theirs.paid) return this.#send(payload, URGENCY.end)
    return this.#send(payload, URGENCY.redeemBeforeEnd, this.#capFor(total - theirs.paid))
  }

  #settle ({ channelId }: CallOf<'settle'>, { status, settleableAt }: ChannelData, timeMs: number): Plan {
    if (status === 'settled') return { step: 'done' }
    if (status === 'open') return refused('the channel is open: close it first')
    if (timeMs < settleableAt * 1000) return refused(`the other party can object until ${new Date(settleableAt * 1000).toISOString()}`)
    return this.#send(plain(this.#options.place, 'settle', channelId), URGENCY.end)
  }

  #send (payload: Payload, urgency: Urgency, cap = this.#options.maxFee): Plan {
    return { step: 'send', payload, urgency, cap }
  }

  /** What it is worth to have that much granted in time, where its worth in octas is known. */
  #capFor (stake: bigint): bigint {
    const { asset, nativePrice = asset === APT ? OCTAS_IN_APT : 0n, maxFee } = this.#options
    const part = nativePrice === 0n ? 0n : stake * OCTAS_IN_APT / nativePrice / STAKE_PART
    return part > maxFee ? part : maxFee
  }

  #refuseForged ({ channelId, total, signer, signature }: Claim, { theirs }: Sides): void {
    const { place, address } = this.#options
    if (signer === address) throw new ChainError('the claim is our own: it is for the peer to redeem', true)
    const message = claimMessage(place, channelId, theirs.party, total)
    if (signer !== theirs.party || message === undefined || !isSigned(theirs.key, message, signature)) {
      throw new ChainError(`the claim is not signed with the payer's key. channelId=${channelId}`, true)
    }
  }

  async #find (channelId: string): Promise<{ channel: ChannelData, sides: Sides, timeMs: number }> {
    const { read, address } = this.#options
    const { channel, timeMs } = await read(channelId)
    const sides = channel && sidesOf(channel, address)
    if (channel === undefined || sides === undefined) throw new ChainError(`the chain has no such channel of ours. channelId=${channelId}`, false)
    return { channel, sides, timeMs }
  }
}

function refused (why: string): Plan {
  return { step: 'refused', why }
}
