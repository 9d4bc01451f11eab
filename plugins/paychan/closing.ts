/**
 * Ends a channel together with the peer, in one transaction that pays out the net. Both stop paying through it, show each other their last
 * claims, and sign what each has paid in all:
 *
 *     us                                     peer
 *     freeze { claim } ────────────────────▶ takes our last claim, stops
 *     takes its last claim, stops ◀───────── { claim }
 *     sign { amounts, until, signature } ──▶ finds the same amounts
 *     brings both to the chain ◀──────────── { signature }
 *
 * Signed terms hold until a time; until then nothing passes the channel, whoever brings them to the chain and whatever crashes. A chain
 * that is away is given them when it is back.
 */
import type { Channels, KnownChannel } from './channels.js'
import type { Incoming } from './incoming.js'
import type { Counted, Outgoing } from './outgoing.js'
import { amountOf, arrayOf, fieldsOf, textOf } from './read.js'
import { ChainError, UnreachableError } from './types.js'
import type { ChannelProvider, ClaimCodec, CloseTerms, Receipt } from './types.js'

export interface ClosingDeps {
  channels: Channels
  incoming: Incoming
  outgoing: Outgoing
  codec: ClaimCodec
  provider: ChannelProvider
  /** Sends the peer a message and resolves to its answer. */
  ask: (message: Record<string, unknown>) => Promise<Record<string, unknown>>
}

/** How long the chain has to take the terms. */
const VALID_MS = 10 * 60_000
/** Our clock and the chain's may differ by this much. */
const CLOCKS_MS = 2 * 60_000

/** What both have signed. */
interface Signed {
  terms: CloseTerms
  ours: string
  theirs: string
}

export class Closing {
  /** By channel, those that the chain could not be given. No more than there are channels, and for no longer than they hold. */
  readonly #unfinished = new Map<string, Signed>()

  constructor (private readonly deps: ClosingDeps) {}

  /**
   * Asks the peer to end the channel, and ends it; where both have signed already, only that. Rejects when the peer does not agree or the
   * chain does not take it. A chain that is away is noticed before anything is stopped.
   */
  async request (channel: KnownChannel): Promise<Receipt> {
    const { channels: { operations }, provider } = this.deps
    const { channelId } = channel.state
    const signed = this.#unfinished.get(channelId) ?? await this.#agree(channel)
    const { terms, ours, theirs } = signed
    this.#unfinished.delete(channelId)
    try {
      return await operations.once(
        `cooperativeClose:${channelId}:${terms.validUntil}`, id => provider.cooperativeClose(terms, ours, theirs, id))
    } catch (error) {
      if (!(error instanceof ChainError && error.isFinal)) this.#unfinished.set(channelId, signed)
      this.#dropVoid()
      throw error
    }
  }

  /** Whether both have signed the end of the channel, and the chain could not be given it and can still be. */
  isUnfinished ({ state: { channelId } }: KnownChannel): boolean {
    this.#dropVoid()
    return this.#unfinished.has(channelId)
  }

  #dropVoid (): void {
    for (const [channelId, { terms }] of this.#unfinished) if (terms.validUntil * 1000 <= Date.now()) this.#unfinished.delete(channelId)
  }

  async #agree (channel: KnownChannel): Promise<Signed> {
    const { channels, incoming, outgoing, codec, ask } = this.deps
    const { channelId } = channel.state
    await channels.reread(channelId)
    const validUntilMs = Date.now() + VALID_MS
    await channels.freeze(channel, validUntilMs + CLOCKS_MS)
    let isSigned = false
    try {
      await Promise.all([outgoing.quiet(), outgoing.learn().catch(notNow)])
      const last = await outgoing.latestOn(channel)
      const { claim } = await ask({ step: 'freeze', channelId, claim: last?.text })
      if (claim !== undefined) await incoming.take(Buffer.from(textOf(claim, 'claim')), { isLast: true })
      const terms = this.#terms(channel, Math.floor(validUntilMs / 1000))
      const ours = await codec.signClose(terms, channel.state)
      isSigned = true
      const answer = await ask({ step: 'sign', ...terms, signature: ours })
      const theirs = textOf(answer.signature, 'signature')
      if (!await codec.verifyClose(terms, channel.state, theirs)) throw new Error('the peer did not sign the end of the channel that it agreed to')
      outgoing.acknowledge(channelId)
      return { terms, ours, theirs }
    } catch (error) {
      if (!isSigned) await channels.freeze(channel, 0)
      throw error
    }
  }

  /** Answers the peer. Rejects with what the peer is told. */
  async answer (data: Buffer): Promise<Record<string, unknown>> {
    const message = fieldsOf(JSON.parse(data.toString()), 'message')
    const { incoming, channels } = this.deps
    if (message.step === 'claims') return { unused: incoming.unused, claims: incoming.all().map(({ text }) => text) }
    const channelId = textOf(message.channelId, 'channelId')
    if (message.step === 'look') return { seen: await this.#seen(channelId) }
    const channel = channels.get(channelId)
    if (channel?.state.status !== 'open') throw new Error('there is no such open channel')
    if (message.step === 'freeze') return await this.#freeze(channel, message.claim)
    if (message.step === 'sign') return await this.#sign(channel, message)
    throw new Error('unknown step. expected=claims, look, freeze or sign')
  }

  async #seen (channelId: string): Promise<bigint> {
    const channel = await this.deps.channels.refresh(channelId).catch(() => { throw new UnreachableError('the chain cannot be asked now') })
    return channel?.state.theirs.deposit ?? 0n
  }

  async #freeze (channel: KnownChannel, claim: unknown): Promise<Record<string, unknown>> {
    const { channels, incoming, outgoing } = this.deps
    if (claim !== undefined) await incoming.take(Buffer.from(textOf(claim, 'claim')), { isLast: true })
    await channels.freeze(channel, Math.max(channel.frozenUntilMs, Date.now() + CLOCKS_MS))
    await Promise.all([outgoing.quiet(), incoming.quiet(), outgoing.learn().catch(notNow)])
    return { claim: (await outgoing.latestOn(channel))?.text }
  }

  async #sign (channel: KnownChannel, message: Record<string, unknown>): Promise<Record<string, unknown>> {
    const { channels, outgoing, codec } = this.deps
    const validUntil = Number(message.validUntil)
    const longest = Date.now() + VALID_MS + CLOCKS_MS
    if (!Number.isSafeInteger(validUntil) || validUntil * 1000 > longest) throw new Error('validUntil is not within the next ten minutes')
    if (channel.frozenUntilMs < Date.now()) throw new Error('the channel is not frozen: freeze it first')
    const terms = this.#terms(channel, validUntil)
    const [byThem, byUs] = [amountOf(message.paidByUs, 'paidByUs'), amountOf(message.paidByThem, 'paidByThem')]
    if (byThem !== terms.paidByThem || byUs !== terms.paidByUs) throw new Error('the amounts are not those of the last claims')
    if (!await codec.verifyClose(terms, channel.state, textOf(message.signature, 'signature'))) throw new Error('wrong signature')
    await channels.freeze(channel, Math.max(channel.frozenUntilMs, validUntil * 1000 + CLOCKS_MS))
    outgoing.acknowledge(channel.state.channelId)
    return { signature: await codec.signClose(terms, channel.state) }
  }

  #terms ({ state: { channelId, theirs } }: KnownChannel, validUntil: number): CloseTerms {
    const { incoming, outgoing } = this.deps
    const paidByThem = incoming.best(channelId)?.amount ?? theirs.redeemed
    return { channelId, paidByUs: outgoing.on(channelId).amount, paidByThem, validUntil }
  }
}

/** What the peer says that it has of us. @throws Error when that is unreadable */
export function countedOf ({ claims, unused }: Record<string, unknown>): Counted {
  return { claims: arrayOf(claims, 'claims').map(claim => Buffer.from(textOf(claim, 'claim'))), unused: amountOf(unused, 'unused') }
}

/** A peer that does not show its claims agrees to the terms, or not. */
function notNow (): void {
  // It shows soon enough.
}
