/**
 * A second node, which has to show what large claims of the peer rest on before they count: what it has put into the channel, and the terms
 * under which the chain pays it out. Then one node that lies cannot make money up, with the peer or without.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../channels/types.js'
import type { ChannelState } from '../channels/types.js'

/** What a claim of the peer rests on, as one node shows it. */
export interface Ground {
  /** Of the peer, in token units. */
  deposit: bigint
  /** Asset, parties, keys, status, challenge: all that has to be the same for both nodes. */
  terms: Readonly<Record<string, string>>
}

export interface SecondOpinionOptions {
  /** Deposits up to this count as the first node says, in token units. */
  above: bigint
  log: Logger
  /** What the second node shows. Undefined: no such channel. Rejects when it cannot say. */
  look: (channelId: string) => Promise<Ground | undefined>
}

interface Confirmed extends Ground {
  /** ms since the process began. */
  atMs: number
}

/** Channels of which is kept what was confirmed. */
const MAX_KEPT = 1000
/** What was confirmed is asked for again after so long. */
const AGAIN_MS = 60_000
/** One that has kept us waiting so long for nothing is left alone for a while. */
const SLOW_MS = 2000
const SILENT_MS = 10_000
/** The part of a channel's challenge for which it counts while the second node cannot say. */
const GOOD_PART = 4

export class SecondOpinion {
  readonly #options: SecondOpinionOptions
  readonly #confirmed = new Map<string, Confirmed>()
  /** When it has kept us waiting for nothing, ms since the process began. */
  #silentMs = -Infinity

  constructor (options: SecondOpinionOptions) {
    this.#options = options
  }

  /**
   * The state with what counts of the peer's deposit. Rejects with a ChainError that is not final while the second node shows a channel as
   * open that the first shows as over: what claims there say is not forgotten at one node's word.
   * @param terms as the first node shows them
   */
  async on (state: ChannelState, terms: Ground['terms']): Promise<ChannelState> {
    const { above } = this.#options
    const { theirs, status } = state
    if (theirs.deposit <= above) return state
    if (status === 'settled') await this.#seeOver(state, terms)
    if (status !== 'open') return state // no claim is taken on it
    const counts = await this.#countsOf(state, terms)
    return counts >= theirs.deposit ? state : { ...state, theirs: { ...theirs, deposit: counts } }
  }

  async #countsOf ({ channelId, theirs: { deposit }, challengeSecs }: ChannelState, terms: Ground['terms']): Promise<bigint> {
    const { above, log } = this.#options
    const before = this.#confirmed.get(channelId)
    const isSame = before !== undefined && differencesOf(before.terms, terms).length === 0
    const ageMs = performance.now() - (before?.atMs ?? -Infinity)
    if (isSame && before.deposit >= deposit && ageMs < AGAIN_MS) return deposit
    const shown = await this.#ask(channelId)
    if (shown === 'silent') return isSame && ageMs < challengeSecs * 1000 / GOOD_PART ? most(before.deposit, above) : above
    const different = shown === undefined ? ['channel'] : differencesOf(shown.terms, terms)
    if (different.length > 0 || shown === undefined) {
      log.error('two nodes show a channel differently, so that its deposit counts in part only. channelId=%s different=%s', channelId, different.join())
      this.#confirmed.delete(channelId)
      return above
    }
    if (shown.deposit < deposit) {
      log.warn('a deposit counts in part only: the second node does not show all of it. channelId=%s deposit=%s counts=%s',
        channelId, String(deposit), String(most(shown.deposit, above)))
    }
    this.#keep(channelId, shown)
    return most(shown.deposit, above)
  }

  async #seeOver ({ channelId }: ChannelState, terms: Ground['terms']): Promise<void> {
    const shown = await this.#ask(channelId)
    if (shown === undefined || shown === 'silent' || shown.terms.status === terms.status) return
    throw new ChainError(`two nodes do not agree on whether the channel is over. channelId=${channelId} second=${shown.terms.status ?? 'none'}`, false)
  }

  async #ask (channelId: string): Promise<Ground | undefined | 'silent'> {
    const { log, look } = this.#options
    const askedMs = performance.now()
    if (askedMs - this.#silentMs < SILENT_MS) return 'silent'
    try {
      return await look(channelId)
    } catch (error) {
      const now = performance.now()
      if (now - askedMs > SLOW_MS) this.#silentMs = now
      log.warn('the second node cannot be asked, so that large deposits count in part only. channelId=%s error=%s', channelId, describeError(error))
      return 'silent'
    }
  }

  #keep (channelId: string, ground: Ground): void {
    this.#confirmed.delete(channelId)
    this.#confirmed.set(channelId, { ...ground, atMs: performance.now() })
    const [oldest] = this.#confirmed.keys()
    if (this.#confirmed.size > MAX_KEPT && oldest !== undefined) this.#confirmed.delete(oldest)
  }
}

function most (one: bigint, other: bigint): bigint {
  return one > other ? one : other
}

function differencesOf (one: Ground['terms'], other: Ground['terms']): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(name => one[name] !== other[name])
}
