/**
 * The channels between two addresses and what happens to them, read from the network's event log: from where it was left when the
 * process ended, a range of blocks at a time. The newest blocks are read again until nothing takes them back any more.
 */
import { id as hashOf, zeroPadValue } from 'ethers'
import { z } from 'zod'
import { describeError } from '../../src/packet/errors.js'
import type { Logger } from '../../src/types/logger.js'
import type { PluginStore } from '../../src/types/plugin.js'
import type { ChannelEvent } from '../paychan/types.js'
import type { Heads } from './heads.js'
import { logOf, type Log } from './network.js'
import { quantity, RpcError, type Rpc } from './rpc.js'

export interface ChannelLogOptions {
  rpc: Rpc
  heads: Heads
  /** The TokenNetwork. */
  network: string
  us: string
  peer: string
  /** A block before the first channel. */
  startBlock: number
  store: PluginStore
  log: Logger
}

const OPENED = hashOf('ChannelOpened(bytes32,address,address,uint256)')
const CLOSED = hashOf('ChannelClosed(bytes32,address)')
const SETTLED = hashOf('ChannelSettled(bytes32,uint256,uint256)')
const TYPES = new Map<string, ChannelEvent['type']>([
  [OPENED, 'opened'],
  [hashOf('ChannelNewDeposit(bytes32,address,uint256)'), 'deposited'],
  [hashOf('ChannelClaimed(bytes32,address,uint256,uint256)'), 'redeemed'],
  [CLOSED, 'closing'],
  [hashOf('ChannelClosedByExpiry(bytes32,uint256)'), 'closing'],
  [SETTLED, 'settled']
])

const LATER_TYPES = [...TYPES.keys()].filter(type => type !== OPENED)

/** A peer can open channels with us as it likes; the oldest are looked after. */
const MAX_CHANNELS = 200
/** At first, all at once is tried. Nodes that refuse so many blocks are asked for fewer, down to this. */
const LEAST_BLOCKS = 500
const ADDRESS_DIGITS = 40
/** Blocks of which what was told is remembered. The rest is left to the next start, and told again. */
const SAVED_EVERY_BLOCKS = 500

const Kept = z.object({
  /** The next block that was not read for good. */
  next: z.int().min(0),
  channels: z.array(z.string()),
  closers: z.record(z.string(), z.string())
})

export class ChannelLog {
  readonly #options: ChannelLogOptions
  readonly #key: string
  readonly #pair: string[]
  /** Those that are not settled, oldest first, each with who closed it. */
  readonly #channels = new Map<string, string | undefined>()
  /** Logs of blocks that may be taken back, that were told. */
  readonly #told = new Map<string, number>()
  #next = 0
  #savedNext = -1
  #range = Infinity
  #readHead = ''
  #loading: Promise<void> | undefined
  #reading: Promise<ChannelEvent[]> | undefined

  constructor (options: ChannelLogOptions) {
    const { network, us, peer } = options
    this.#options = options
    this.#pair = [us, peer].sort()
    this.#key = `evm:log:${network}:${us}:${peer}`
  }

  /** Ids of the channels that are not settled, oldest first, as of the last reading. */
  get channels (): string[] {
    return [...this.#channels.keys()]
  }

  closerOf (channelId: string): string | undefined {
    return this.#channels.get(channelId)
  }

  /** Reads what is new. Resolves to what happened since the last reading, some of it perhaps again. Rejects with ChainError. */
  read (): Promise<ChannelEvent[]> {
    return this.#reading ??= this.#read().finally(() => { this.#reading = undefined })
  }

  async #read (): Promise<ChannelEvent[]> {
    await (this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    }))
    const { heads } = this.#options
    const head = await heads.latest()
    if (head.hash === this.#readHead) return []
    const events: ChannelEvent[] = []
    for (let from = this.#next; from <= head.number;) {
      const to = Math.min(head.number, from + this.#range - 1)
      const logs = await this.#logs(from, to)
      if (logs === undefined) continue
      for (const log of logs) events.push(...this.#tell(log))
      this.#next = Math.max(this.#next, Math.min(to, heads.confirmedAt(head)) + 1)
      from = to + 1
      for (const [key, block] of this.#told) if (block < this.#next) this.#told.delete(key)
      await this.#save()
    }
    this.#readHead = head.hash
    return events
  }

  /** In the order of the chain. Undefined when the node wants to be asked for fewer blocks. */
  async #logs (from: number, to: number): Promise<Log[] | undefined> {
    try {
      const opened = await this.#query(from, to, [OPENED, null, ...this.#pair.map(address => zeroPadValue(address, 32))])
      for (const { topics: [, channelId] } of opened) if (channelId !== undefined) this.#add(channelId)
      const others = this.#channels.size === 0 ? [] : await this.#query(from, to, [LATER_TYPES, this.channels])
      return [...opened, ...others].sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
    } catch (error) {
      const blocks = to - from + 1
      if (!(error instanceof RpcError) || blocks <= LEAST_BLOCKS) throw error
      this.#range = Math.max(LEAST_BLOCKS, Math.floor(blocks / 8))
      this.#options.log.debug('reading fewer blocks at a time. blocks=%d error=%s', this.#range, describeError(error))
      return undefined
    }
  }

  async #query (from: number, to: number, topics: unknown[]): Promise<Log[]> {
    const { rpc, network } = this.#options
    const logs = await rpc.call('eth_getLogs', { address: network, fromBlock: quantity(from), toBlock: quantity(to), topics })
    return Array.isArray(logs) ? logs.map(logOf) : []
  }

  #add (channelId: string): void {
    if (this.#channels.has(channelId)) return
    if (this.#channels.size < MAX_CHANNELS) this.#channels.set(channelId, undefined)
    else this.#options.log.warn('the peer has too many channels with us, one is not looked after. channelId=%s', channelId)
  }

  /** Nothing when it was told before. */
  #tell ({ topics: [kind = '', channelId = '', third = ''], blockNumber, blockHash, logIndex, transactionHash }: Log): ChannelEvent[] {
    const key = `${blockHash}:${logIndex}`
    const type = TYPES.get(kind)
    if (type === undefined || this.#told.has(key)) return []
    this.#told.set(key, blockNumber)
    if (kind === CLOSED && this.#channels.has(channelId)) this.#channels.set(channelId, `0x${third.slice(-ADDRESS_DIGITS)}`)
    return [{ type, channelId, txId: transactionHash }]
  }

  /** Stops looking after a channel, once its settlement is final. */
  async forget (channelId: string): Promise<void> {
    if (this.#channels.delete(channelId)) await this.#save(true)
  }

  async #load (): Promise<void> {
    const { store, startBlock } = this.#options
    const text = await store.get(this.#key)
    this.#next = startBlock
    if (text === undefined) return
    const { next, channels, closers } = Kept.parse(JSON.parse(text))
    this.#next = this.#savedNext = next
    for (const channelId of channels) this.#channels.set(channelId, closers[channelId])
  }

  async #save (isUrgent = this.#next - this.#savedNext >= SAVED_EVERY_BLOCKS): Promise<void> {
    if (!isUrgent && this.#savedNext !== -1) return
    const closers = Object.fromEntries([...this.#channels].filter(([, closer]) => closer !== undefined))
    const text = JSON.stringify({ next: this.#next, channels: this.channels, closers })
    await this.#options.store.put(this.#key, text)
    this.#savedNext = this.#next
  }
}
