/**
 * How our claims come to be and get to the peer: each is signed and written down before it leaves, and they leave in the order of their
 * nonces, or the peer would refuse them. Claims that we have forgotten after a crash are learnt from the peer, which shows them with our
 * signature under them.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import type { ClaimHistory } from './claim-history.js'
import type { Channels, KnownChannel } from './channels.js'
import { isBehind } from './claim-ledger.js'
import { MAX_SHOWN, type Counted } from './counted.js'
import { PerMinute } from './per-minute.js'
import type { Sent, SentClaims } from './sent.js'
import type { Claim, ClaimCodec } from './types.js'
import { max } from './units.js'

/** A peer that asks, and makes what it has change meanwhile, has so many claims signed that are shown to it; then it gets older ones. */
const SHOWN_PER_MINUTE = 20

export interface ClaimSenderDeps {
  channels: Channels
  codec: ClaimCodec
  counts: ClaimHistory
  log: Logger
  /** Our name in claims. */
  senderId: () => string
  /** Sends a claim by itself; resolves when the peer has taken it. */
  deliver: (claim: Claim) => Promise<void>
  /** Asks the peer what it has of us. */
  askCounted: () => Promise<Counted>
}

export class ClaimSender {
  #lastSent: Promise<unknown> = Promise.resolve()
  #learning: Promise<Counted> | undefined
  /** By channel, what was shown last: a vault may be paid for each signature, and the peer asks as often as it likes. */
  #shown = new Map<string, { said: string, claim: Promise<Claim> }>()
  readonly #mayShow = new PerMinute(SHOWN_PER_MINUTE)

  /** @param save resolves when `sent` is written down as it is now */
  constructor (
    private readonly deps: ClaimSenderDeps,
    private readonly sent: SentClaims,
    private readonly save: (options?: { sync?: boolean }) => Promise<void>
  ) {}

  /** Makes the claim for what `sent` comes to now, and hands it to `send` in its turn. Resolves when it has left. */
  send (channel: KnownChannel, sent: Sent, send: (claim: Claim) => void): Promise<void> {
    return this.#inOrder(this.#make(channel, sent), send)
  }

  /** Sees to it that the peer has our latest claim on a channel. Rejects when it does not take it. */
  async deliverOn (channel: KnownChannel): Promise<void> {
    try {
      await this.#deliver(channel)
    } catch (error) {
      if (!isBehind(describeError(error))) throw error
      await this.learn()
      await this.#deliver(channel)
    }
  }

  /** Our latest claim on a channel, signed anew; undefined when the peer has it. */
  async latestOn (channel: KnownChannel): Promise<Claim | undefined> {
    const sent = this.sent.get(channel.state.channelId)
    return sent === undefined || sent.acked >= sent.total ? undefined : await this.#make(channel, sent)
  }

  /** What the peer has acknowledged on each channel, as a claim that is signed anew: one whose records were restored takes it up. */
  async acknowledged (): Promise<Claim[]> {
    const { channels, codec, senderId } = this.deps
    const acknowledged = channels.usable().flatMap(({ state: { channelId } }) => {
      const sent = this.sent.get(channelId)
      return sent === undefined || sent.acked === 0n ? [] : [{ channelId, ...sent }]
    })
    const shown = acknowledged.slice(0, MAX_SHOWN).map(({ channelId, nonce, acked }) => {
      const said = `${nonce} ${acked} ${senderId()}`
      const before = this.#shown.get(channelId)
      if (before !== undefined && (before.said === said || !this.#mayShow.take())) return { ...before, channelId }
      const claim = codec.make({ channelId, nonce, total: acked, senderId: senderId() })
      claim.catch(() => { this.#shown.delete(channelId) })
      return { channelId, said, claim }
    })
    this.#shown = new Map(shown.map(each => [each.channelId, each]))
    return await Promise.all(shown.map(({ claim }) => claim))
  }

  /** Resolves when no claim is being made. */
  async quiet (): Promise<void> {
    await this.#lastSent
  }

  /**
   * Takes over claims that the peer shows, that are better than what we know of, and that we have signed. They paid for what our books have
   * forgotten with them. Rejects when the peer shows none.
   */
  async learn (): Promise<Counted> {
    return await (this.#learning ??= this.#learn().finally(() => { this.#learning = undefined }))
  }

  async #learn (): Promise<Counted> {
    const { channels, codec, askCounted, log } = this.deps
    const counted = await askCounted()
    for (const shown of counted.claims) {
      const claim = codec.parse(shown)
      const channel = channels.get(claim.channelId)
      if (channel === undefined || channel.state.status === 'settled') continue // its account is closed
      if (channel.state.ours.address !== claim.signer || !await codec.verify(claim)) continue
      const sent = this.sent.on(channel.state)
      sent.nonce = max(sent.nonce, claim.nonce)
      sent.acked = max(sent.acked, claim.total)
      if (claim.total <= sent.total) continue
      log.warn('learnt of a forgotten claim, the peer has it. channelId=%s amount=%s known=%s',
        claim.channelId, String(claim.total), String(sent.total))
      this.sent.learn(sent, claim.total)
    }
    await this.save({ sync: true })
    return counted
  }

  async #deliver (channel: KnownChannel): Promise<void> {
    const sent = this.sent.get(channel.state.channelId)
    if (sent === undefined || sent.acked >= sent.total) return
    const { total } = sent
    let answer: Promise<void> | undefined
    await this.send(channel, sent, claim => { answer = this.deps.deliver(claim) })
    await answer
    sent.acked = max(sent.acked, total)
    await this.save() // a peer whose records are restored is shown what it has acknowledged, also after our restart
  }

  async #make (channel: KnownChannel, sent: Sent): Promise<Claim> {
    const { codec, counts, senderId, channels } = this.deps
    const { channelId } = channel.state
    const refusal = channels.refusalOf(channel)
    if (refusal !== undefined && channel.ending?.by !== 'us') throw refusal // the end that we ask for brings our last claim
    const nonce = this.sent.number(sent)
    channels.touch(channelId)
    const making = codec.make({ channelId, nonce, total: sent.total, senderId: senderId() })
    const [claim] = await Promise.all([making, this.save()])
    counts.sent++
    return claim
  }

  /** Claims leave in the order of their nonces, or the peer would refuse them. Resolves when this one has left. */
  async #inOrder (making: Promise<Claim>, send: (claim: Claim) => void): Promise<void> {
    const sending = this.#lastSent.then(async () => { send(await making) })
    making.catch(nothing)
    this.#lastSent = sending.catch(nothing)
    await sending
  }
}

function nothing (): undefined {
  // Callers that wait for the original promise get its error.
}
