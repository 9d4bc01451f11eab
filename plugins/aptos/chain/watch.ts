/**
 * Looks at the channels of all peers of the process together: nodes count the calls. Every few seconds it reads all channels that are
 * followed, a hundred in one call, and the lists of what some of the peers have opened, in turn. Nothing here decides about money.
 */
import { describeError } from '../../../src/lib/describe-error.js'
import { pause } from '../../../src/lib/timers.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { IN_ONE_CALL, type Reading } from './channel-state.js'
import type { Moment } from './rest.js'

export interface WatchOptions {
  /** Between two looks, ms. */
  everyMs: number
  chainId: string
  log: Logger
  /** Reads channels. Rejects when the node is not to be believed. */
  read: (channelIds: readonly string[]) => Promise<Reading[]>
  /** Told when a channel was found not to be as it was before. */
  news: (moment: Moment) => void
}

/** Told that a channel is not as it was. */
export type Follower = (channelId: string, before: Reading | undefined, now: Reading) => void

interface Entry {
  followers: Set<Follower>
  reading: Reading | undefined
  /** The lowest version at which it was as in `reading`. One that is far too high changes nothing so. */
  since: bigint
  /** When it was read, ms since the process began. */
  readMs: number
}

/** Lists of peers that are asked for in one look. */
const LISTS_IN_A_LOOK = 10
/** What was read so many looks ago is not known any more. */
const KNOWN_FOR_LOOKS = 2.5

export class Watch {
  readonly #options: WatchOptions
  readonly #entries = new Map<string, Entry>()
  /** Those that were asked for longest ago come first. */
  readonly #lists = new Set<() => Promise<void>>()
  #trouble: ChainError | undefined
  readonly #stop = new AbortController()
  readonly #running: Promise<void>

  constructor (options: WatchOptions) {
    this.#options = options
    this.#running = this.#run()
  }

  follow (channelId: string, follower: Follower): void {
    const entry = this.#entries.get(channelId) ?? { followers: new Set(), reading: undefined, since: 0n, readMs: -Infinity }
    this.#entries.set(channelId, entry)
    entry.followers.add(follower)
  }

  unfollow (channelId: string, follower: Follower): void {
    const entry = this.#entries.get(channelId)
    entry?.followers.delete(follower)
    if (entry?.followers.size === 0) this.#entries.delete(channelId)
  }

  /** Has a list read now and then. When that rejects, it is the list's own affair. */
  followList (read: () => Promise<void>): void {
    this.#lists.add(read)
  }

  unfollowList (read: () => Promise<void>): void {
    this.#lists.delete(read)
  }

  /** What was read of a channel. */
  took (channelId: string, reading: Reading): void {
    const entry = this.#entries.get(channelId)
    if (entry === undefined) return
    const before = entry.reading
    const isSame = before !== undefined && before.channel?.revision === reading.channel?.revision
    if (!isSame && reading.version < entry.since) return
    entry.since = isSame && entry.since < reading.version ? entry.since : reading.version
    entry.reading = reading
    entry.readMs = performance.now()
    if (isSame) return
    this.#options.news(reading)
    for (const follower of [...entry.followers]) follower(channelId, before, reading)
  }

  /** What was read counts no longer. */
  forget (): void {
    for (const entry of this.#entries.values()) Object.assign(entry, { reading: undefined, since: 0n, readMs: -Infinity })
  }

  /**
   * What the chain says, as far as a look has confirmed it lately. Undefined: it has to be asked.
   * @throws ChainError while the chain cannot be looked at
   */
  known (channelId: string): Reading | undefined {
    this.refuseTrouble()
    const entry = this.#entries.get(channelId)
    const isKnown = entry !== undefined && performance.now() - entry.readMs <= KNOWN_FOR_LOOKS * this.#options.everyMs
    return isKnown ? entry.reading : undefined
  }

  /** @throws ChainError while the chain cannot be looked at */
  refuseTrouble (): void {
    if (this.#trouble !== undefined) throw this.#trouble
  }

  /** Ends it. Resolves when it does nothing any more. */
  async stop (): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run (): Promise<void> {
    const { signal } = this.#stop
    for (;;) {
      await pause(this.#options.everyMs, signal)
      if (signal.aborted) return
      await this.#look()
    }
  }

  /** What is wrong with one list is said to those who ask for it, and keeps nobody else. */
  async #readList (list: () => Promise<void>): Promise<void> {
    if (!this.#lists.delete(list)) return
    this.#lists.add(list)
    await list().catch(() => undefined)
  }

  /** Says when trouble begins and when it is over. Never rejects. */
  async #look (): Promise<void> {
    const { log, chainId, read } = this.#options
    try {
      const ids = [...this.#entries.keys()]
      for (let from = 0; from === 0 || from < ids.length; from += IN_ONE_CALL) await read(ids.slice(from, from + IN_ONE_CALL))
      await Promise.all([...this.#lists].slice(0, LISTS_IN_A_LOOK).map(list => this.#readList(list)))
      if (this.#trouble !== undefined) log.info('the chain can be watched again. chainId=%s', chainId)
      this.#trouble = undefined
    } catch (error) {
      if (this.#stop.signal.aborted) return
      if (this.#trouble === undefined) log.warn('the chain cannot be watched now. chainId=%s error=%s', chainId, describeError(error))
      this.#trouble = error instanceof ChainError ? error : new ChainError(describeError(error), false, { cause: error })
    }
  }
}
