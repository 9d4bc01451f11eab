/**
 * The channels between two addresses, and what happens to them. The network's event log reports new channels, and everything else at once.
 * Nodes that serve no logs, or not all of them, still show the state of each known channel, which is therefore checked as well.
 */
import { id as hashOf, zeroPadValue } from 'ethers'
import { z } from 'zod'
import { describeError } from '../../src/lib/describe-error.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { PluginStore } from '../../src/contracts/plugin.js'
import type { ChannelEvent, ChainStatus } from '../lib/channels/types.js'
import type { Heads } from './chain/heads.js'
import { LogReader, type Blocks } from './chain/log-reader.js'
import { logOf, type Log, type Network } from './chain/network.js'
import { quantity, type Head, type Rpc } from './chain/rpc.js'

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
  /** Told what happened, some of it perhaps again. Never throws. */
  tell: (event: ChannelEvent) => void
}

interface Followed {
  /** The block that it was opened in, or first seen at. */
  opened: number
  closer?: string | undefined
  /** As it was told last. */
  status: ChainStatus
}

const OPENED = hashOf('ChannelOpened(bytes32,address,address,uint256)')
const CLOSED = hashOf('ChannelClosed(bytes32,address)')
const SETTLED = hashOf('ChannelSettled(bytes32,uint256,uint256)')
const CLOSING = hashOf('ChannelClosedByExpiry(bytes32,uint256)')
const TYPES = new Map<string, ChannelEvent['type']>([
  [OPENED, 'opened'],
  [hashOf('ChannelNewDeposit(bytes32,address,uint256)'), 'deposited'],
  [hashOf('ChannelClaimed(bytes32,address,uint256,uint256)'), 'redeemed'],
  [CLOSED, 'closing'],
  [CLOSING, 'closing'],
  [SETTLED, 'settled']
])
const STATUS_AFTER = new Map<string, ChainStatus>([[OPENED, 'open'], [CLOSED, 'closing'], [CLOSING, 'closing'], [SETTLED, 'settled']])
const LATER_TYPES = [...TYPES.keys()].filter(type => type !== OPENED)

/** A peer can open as many channels with us as it likes; we watch the oldest. */
const MAX_CHANNELS = 200
/** Logs of blocks that may be taken back; of more, some are told again. */
const MAX_TOLD = 5000
/** The states of the channels are looked at every so many looks, and at every look while the log cannot be read. */
const STATES_EVERY_LOOKS = 15
/** In one look. The others have their turn in the next. */
const STATES_PER_LOOK = 20
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

export class ChannelLog {
  readonly #options: ChannelLogOptions
  readonly #key: string
  readonly #pair: string[]
  readonly #reader: LogReader
  /** Those that are not settled. */
  readonly #channels = new Map<string, Followed>()
  /** Logs of blocks that may be taken back, that were told. */
  readonly #told = new Map<string, number>()
  /** As it was saved; -1 when it never was. */
  #savedNext = -1
  #savedUnread = 0
  #isChanged = false
  #readHead = ''
  #looks = 0
  #turn = 0
  #isBlind = false
  #loading: Promise<void> | undefined
  #looking: Promise<void> | undefined

  constructor (options: ChannelLogOptions) {
    const { chainId, network, us, peer, startBlock } = options
    this.#options = options
    this.#pair = [us, peer].sort()
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

  /** Follows a channel that was found without the log. */
  add (channelId: string, opened: number): void {
    if (this.#channels.has(channelId)) return
    this.#isChanged = true
    if (this.#channels.size < MAX_CHANNELS) this.#channels.set(channelId, { opened, status: 'open' })
    else this.#options.log.warn('the peer has too many payment channels with us, one is not looked after. channelId=%s', channelId)
  }

  /** Stops looking after a channel, once its settlement is final. */
  async forget (channelId: string): Promise<void> {
    if (!this.#channels.delete(channelId)) return
    this.#isChanged = true
    await this.#save()
  }

  /**
   * Tells what happened since the last look. That the node serves no logs is said in our log, once, and stops nothing else. Rejects with
   * ChainError when the chain cannot be looked at otherwise.
   */
  look (): Promise<void> {
    return this.#looking ??= this.#look().finally(() => { this.#looking = undefined })
  }

  async #look (): Promise<void> {
    await this.load()
    const { heads } = this.#options
    const head = await heads.latest()
    if (head.hash === this.#readHead && !this.#isBlind) return
    await this.#lookAtLog(head)
    await this.#save()
    if (this.#isBlind || ++this.#looks % STATES_EVERY_LOOKS === 0) await this.#lookAtStates(this.#isBlind ? 'latest' : head.number)
  }

  async #lookAtLog (head: Head): Promise<void> {
    const { rpc, heads, peer, log } = this.#options
    try {
      await this.#reader.look(head.number, heads.confirmedAt(head))
      this.#readHead = this.#reader.older === undefined ? head.hash : ''
      if (this.#isBlind) log.info('the event log can be read again. host=%s peerAddress=%s', rpc.host, peer)
      this.#isBlind = false
    } catch (error) {
      if (!this.#isBlind) {
        log.warn('the node does not serve the event log: the channels that are known are followed by their states, others are ' +
          'found when a claim names them. peerAddress=%s error=%s', peer, describeError(error))
      }
      this.#isBlind = true
    }
    for (const [key, block] of this.#told) if (block < this.#reader.next || this.#told.size > MAX_TOLD) this.#told.delete(key)
  }

  /** Tells of those whose status is another than was told. */
  async #lookAtStates (block: number | 'latest'): Promise<void> {
    const ids = this.channels
    const turn = this.#turn >= ids.length ? 0 : this.#turn
    this.#turn = turn + STATES_PER_LOOK
    for (const channelId of ids.slice(turn, turn + STATES_PER_LOOK)) {
      const status = await this.#options.network.status(channelId, block)
      const followed = this.#channels.get(channelId)
      if (followed === undefined || status === undefined || status === followed.status) continue
      followed.status = status
      if (status === 'closing' || status === 'settled') this.#options.tell({ type: status, channelId })
    }
  }

  async #read ({ from, to }: Blocks): Promise<void> {
    const opened = await this.#query(from, to, [OPENED, null, ...this.#pair.map(address => zeroPadValue(address, 32))])
    for (const { topics: [, channelId], blockNumber } of opened) if (channelId !== undefined) this.add(channelId, blockNumber)
    const others = this.#channels.size === 0 ? [] : await this.#query(from, to, [LATER_TYPES, this.channels])
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
    const followed = this.#channels.get(channelId)
    if (followed !== undefined) {
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
    for (const { channelId, opened, closer } of channels) this.#channels.set(channelId, { opened, closer, status: 'open' })
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
