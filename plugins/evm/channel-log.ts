/**
 * The channels between two addresses, and what happens to them. The network's event log reports new channels, and everything else at once.
 * Nodes that serve no logs, or not all of them, still show the state of each known channel, which is therefore checked as well.
 *
 * What is new comes from the feed of all accounts. What happened before this one followed it is read here, and so is the newest when
 * somebody has to decide about it.
 */
import { z } from 'zod'
import { describeError } from '../../src/lib/describe-error.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import type { AsOf, ChannelEvent, ChainStatus, Finality } from '../lib/channels/types.js'
import { CLOSED, LATER_EVENTS, OPENED, pairTopics, STATUS_AFTER, TYPES } from './chain/events.js'
import type { ChainFeed, Follower } from './chain/feed.js'
import type { Heads } from './chain/heads.js'
import { LogReader, type Blocks } from './chain/log-reader.js'
import { logOf, type Log, type Network, type ReadState } from './chain/network.js'
import { quantity, type Head, type Rpc } from './chain/rpc.js'
import type { Check, Mark } from './chain/state-checks.js'

export interface ChannelLogOptions {
  rpc: Rpc
  heads: Heads
  chainId: bigint
  network: Network
  us: string
  peer: string
  /** A block before the first channel. */
  startBlock: number
  store: PluginStore
  log: Logger
  /** Told what happened, some of it perhaps again: what a state has shown comes again with its event. Never throws. */
  tell: (event: ChannelEvent) => void
}

/** A state, with the hash of all that the chain says of it. */
export interface KnownState { state: ReadState, digest: string, readAtMs: number, mark: Mark }

/** What is known since the last event. */
type KnownStates = Partial<Record<Finality, KnownState | undefined>>

interface Followed {
  /** The block that it was opened in, or first seen at. */
  opened: number
  closer?: string | undefined
  /** As it was told last. */
  status: ChainStatus
  /** Another object after each event: what was asked before it is of no use. */
  known: KnownStates
  /** The hash of its state at the last check. */
  digest?: string | undefined
}

const FINALITIES = ['confirmed', 'latest'] as const

/** A peer can open as many channels with us as it likes; we watch the oldest. */
const MAX_CHANNELS = 200
/** Logs of blocks that may be taken back; of more, some are told again. */
const MAX_TOLD = 5000
const ADDRESS_DIGITS = 40
/** Blocks of which what was told is remembered. The rest is left to the next start, and told again. */
const SAVED_EVERY_BLOCKS = 500

const Kept = z.object({
  /** The next block that was not read for good. */
  next: z.int().min(0),
  /** Blocks before it that were not read. */
  older: z.object({ from: z.int().min(0), to: z.int().min(0) }).optional(),
  channels: z.array(z.object({ channelId: z.string(), opened: z.int().min(0), closer: z.string().optional() }))
})

export class ChannelLog implements Follower {
  readonly #options: ChannelLogOptions
  readonly #key: string
  readonly #pair: string[]
  readonly #reader: LogReader
  /** Those that are not settled. */
  readonly #channels = new Map<string, Followed>()
  /** Logs that the feed may tell of again, that were told. */
  readonly #told = new Map<string, number>()
  /** As it was saved; -1 when it never was. */
  #savedNext = -1
  #savedUnread = 0
  #isChanged = false
  #readHead = ''
  #feed: ChainFeed | undefined
  /** Whether nothing is missing up to where the feed goes on. */
  #isInStep = false
  #hasTried = false
  #loading: Promise<void> | undefined
  readonly #looking = new Map<AsOf, Promise<void>>()
  #reading: Promise<unknown> = Promise.resolve()

  constructor (options: ChannelLogOptions) {
    const { chainId, network, us, peer, startBlock } = options
    this.#options = options
    this.#pair = pairTopics(us, peer)
    this.#key = `evm:log:${chainId}:${network.address}:${us}:${peer}`
    this.#reader = new LogReader(startBlock, blocks => this.#read(blocks))
  }

  /** Ids of the channels that are not settled, oldest first, as of the last look. */
  get channels (): string[] {
    return [...this.#channels].sort(([, one], [, other]) => one.opened - other.opened).map(([channelId]) => channelId)
  }

  closerOf (channelId: string): string | undefined {
    return this.#channels.get(channelId)?.closer
  }

  /** Follows what happens, through the feed. */
  join (feed: ChainFeed): void {
    this.#feed = feed
    this.#isInStep = this.#hasTried = false
    feed.follow(this.#pair.join(''), this)
    for (const channelId of this.#channels.keys()) feed.watch(channelId, this)
  }

  leave (): void {
    const feed = this.#feed
    if (feed === undefined) return
    this.#keepUp()
    this.#feed = undefined
    this.#isInStep = this.#hasTried = false
    feed.unfollow(this.#pair.join(''), this)
    for (const [channelId, followed] of this.#channels) {
      feed.unwatch(channelId, this)
      followed.known = {}
    }
  }

  /** Follows a channel that was found without the log. */
  add (channelId: string, opened: number): void {
    if (this.#channels.has(channelId)) return
    this.#isChanged = true
    if (this.#channels.size < MAX_CHANNELS) this.#follow(channelId, { opened, status: 'open', known: {} })
    else this.#options.log.warn('the peer has too many payment channels with us, one is not looked after. channelId=%s', channelId)
  }

  /** Stops looking after a channel, once its settlement is final. */
  async forget (channelId: string): Promise<void> {
    if (!this.#channels.delete(channelId)) return
    this.#feed?.unwatch(channelId, this)
    this.#isChanged = true
    await this.#save()
  }

  /**
   * What is known of a channel that is followed, and where what is read now can be kept, for as long as nothing happens to it. Undefined
   * where it is not followed.
   */
  knownOf (channelId: string): KnownStates | undefined {
    return this.#feed === undefined ? undefined : this.#channels.get(channelId)?.known
  }

  /**
   * Finds new channels: up to now, or up to the last look of the feed. That the node serves no logs stops nothing. Rejects with ChainError
   * when the chain cannot be looked at otherwise.
   */
  look (asOf: AsOf): Promise<void> {
    const running = this.#looking.get(asOf)
    if (running !== undefined) return running
    const looking = this.#look(asOf).finally(() => { this.#looking.delete(asOf) })
    this.#looking.set(asOf, looking)
    return looking
  }

  async #look (asOf: AsOf): Promise<void> {
    await this.load()
    this.#keepUp()
    if (asOf === 'watched') this.#feed?.check()
    if (asOf === 'now' || (!this.#isInStep && !this.#hasTried)) {
      this.#hasTried = true
      const head = await this.#options.heads.latest()
      if (head.hash !== this.#readHead) await this.#readUpTo(head).catch((error: unknown) => { this.#sayUnread(error) })
      if (this.#isInStep) this.#feed?.caughtUp(this)
    }
    await this.#save()
  }

  async catchUp (head: Head): Promise<boolean> {
    return this.#isInStep || await this.#readUpTo(head)
  }

  /** One after the other. */
  #readUpTo (head: Head): Promise<boolean> {
    const result = this.#reading.then(() => this.#readNow(head))
    this.#reading = result.catch(() => undefined)
    return result
  }

  /** Resolves to whether nothing is missing. */
  async #readNow (head: Head): Promise<boolean> {
    await this.load()
    const feed = this.#feed
    await this.#reader.look(head.number, this.#options.heads.confirmedAt(head))
    const isAll = this.#reader.older === undefined
    this.#readHead = isAll ? head.hash : ''
    this.#isInStep = isAll && feed !== undefined && feed === this.#feed
    return isAll
  }

  take (log: Log, oldest: number): void {
    for (const [key, block] of this.#told) {
      if (block >= oldest) break
      this.#told.delete(key)
    }
    if (log.topics[0] === OPENED) this.add(log.topics[1] ?? '', log.blockNumber)
    this.#tell(log)
  }

  /** A state that was read is one of now if it has the same hash. Tells of a status that is another than was told. */
  checked (channelId: string, check: Check): void {
    const followed = this.#channels.get(channelId)
    if (followed === undefined) return
    const before = FINALITIES.flatMap(finality => followed.known[finality] ?? [])
    for (const finality of FINALITIES) {
      const { digest, readAtMs } = check[finality]
      const same = before.find(known => known.digest === digest)
      followed.known[finality] = same && { ...same, readAtMs, mark: check.mark }
    }
    const { latest: { digest } } = check
    if (followed.known.latest === undefined && followed.digest !== digest) void this.#checkStatus(channelId, followed)
    followed.digest = digest
  }

  /** Never rejects. */
  async #checkStatus (channelId: string, followed: Followed): Promise<void> {
    const status = await this.#options.network.status(channelId, 'latest').catch(() => { followed.digest = undefined })
    if (status === undefined || status === followed.status || this.#channels.get(channelId) !== followed) return
    followed.status = status
    if (status === 'closing' || status === 'settled') this.#options.tell({ type: status, channelId })
  }

  /** Goes to where the feed is, as nothing is missing before that. */
  #keepUp (): void {
    if (this.#isInStep && this.#feed !== undefined) this.#reader.next = Math.max(this.#reader.next, this.#feed.complete)
  }

  #follow (channelId: string, followed: Followed): void {
    this.#channels.set(channelId, followed)
    this.#feed?.watch(channelId, this)
  }

  #sayUnread (error: unknown): void {
    this.#options.log.debug('cannot read the event log now. peerAddress=%s error=%s', this.#options.peer, describeError(error))
  }

  async #read ({ from, to }: Blocks): Promise<void> {
    const opened = await this.#query(from, to, [OPENED, null, ...this.#pair])
    for (const { topics: [, channelId], blockNumber } of opened) if (channelId !== undefined) this.add(channelId, blockNumber)
    const others = this.#channels.size === 0 ? [] : await this.#query(from, to, [LATER_EVENTS, this.channels])
    const inOrder = [...opened, ...others].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
    for (const log of inOrder) this.#tell(log)
  }

  async #query (from: number, to: number, topics: unknown[]): Promise<Log[]> {
    const { rpc, network: { address } } = this.#options
    const logs = await rpc.call('eth_getLogs', { address, fromBlock: quantity(from), toBlock: quantity(to), topics })
    return Array.isArray(logs) ? logs.map(logOf) : []
  }

  /** Nothing when it was told before. */
  #tell ({ topics: [kind = '', channelId = '', third = ''], blockNumber, blockHash, logIndex, transactionHash }: Log): void {
    const key = `${blockHash}:${logIndex}`
    const type = TYPES.get(kind)
    if (type === undefined || this.#told.has(key)) return
    this.#told.set(key, blockNumber)
    const [first = ''] = this.#told.keys()
    if (this.#told.size > MAX_TOLD) this.#told.delete(first)
    const followed = this.#channels.get(channelId)
    if (followed !== undefined) {
      followed.known = {}
      followed.status = STATUS_AFTER.get(kind) ?? followed.status
      if (kind === CLOSED) {
        followed.closer = `0x${third.slice(-ADDRESS_DIGITS)}`
        this.#isChanged = true
      }
    }
    this.#options.tell({ type, channelId, txId: transactionHash })
  }

  /** Reads what was kept, the first time. Rejects when that cannot be read. */
  load (): Promise<void> {
    return this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
  }

  async #load (): Promise<void> {
    const text = await this.#options.store.get(this.#key)
    if (text === undefined) return
    const { next, older, channels } = Kept.parse(JSON.parse(text))
    this.#reader.next = this.#savedNext = next
    this.#reader.older = older
    this.#savedUnread = older === undefined ? 0 : older.to - older.from + 1
    for (const { channelId, opened, closer } of channels) this.#follow(channelId, { opened, closer, status: 'open', known: {} })
  }

  async #save (): Promise<void> {
    const { next, older } = this.#reader
    const unread = older === undefined ? 0 : older.to - older.from + 1
    const isSameRest = unread > 0 === this.#savedUnread > 0 && this.#savedUnread - unread < SAVED_EVERY_BLOCKS
    if (!this.#isChanged && this.#savedNext !== -1 && next - this.#savedNext < SAVED_EVERY_BLOCKS && isSameRest) return
    const channels = [...this.#channels].map(([channelId, { opened, closer }]) => ({ channelId, opened, closer }))
    await this.#options.store.put(this.#key, JSON.stringify({ next, older, channels }))
    this.#savedNext = next
    this.#savedUnread = unread
    this.#isChanged = false
  }
}
