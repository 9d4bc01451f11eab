/**
 * Follows a contract of a chain through one RPC node, for all accounts of the process together: RPC nodes are paid by the call. It asks for
 * the newest block, for new logs, and whether the states of channels have changed, and tells each account what concerns it.
 *
 * Nothing here decides about money: an account that has to decide asks the chain by itself.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { CHANNEL_EVENTS, OPENED, pairOf } from './events.js'
import { Heads, type HeadMemory } from './heads.js'
import { LogReader, type Blocks } from './log-reader.js'
import { logOf, Network, type Log } from './network.js'
import { quantity, Rpc, type Head } from './rpc.js'
import { StateChecks, type Check, type Mark } from './state-checks.js'

/** Accounts of which all but `log` is the same share a feed. */
export interface FeedOptions {
  rpcUrl: string
  socksProxy: string | undefined
  timeoutMs: number | undefined
  chainId: bigint
  /** The TokenNetwork and its token, in lower case. */
  contract: string
  token: string
  confirmations: number
  /** Between two looks. */
  pollMs: number
  /** Of the newest block. */
  maxAgeMs: number
  log: Logger
}

/** An account. */
export interface Member {
  /** Ours, in lower case. */
  address: string
  /** Looks whether something waits for that address to be taken out. */
  lookAtPayouts (): void
}

/** The channels of an account with one peer. */
export interface Follower {
  /** Told of each log of them, of some again: of blocks before `oldest` for the last time. */
  take (log: Log, oldest: number): void
  /** Told what a look has shown of a channel. */
  checked (channelId: string, check: Check): void
  /** Reads what it misses. Resolves to whether that was all. Rejects when the node does not serve it. */
  catchUp (head: Head): Promise<boolean>
}

interface Group {
  members: Set<Member>
  /** When its payouts were looked at, ms since the epoch. */
  lookedMs: number
}

/** Nodes may show the logs of a block a little later than the block. */
const REREAD_BLOCKS = 16
/** After the node did not serve what one follower misses, the next one tries so many looks later. */
const CATCH_UP_PAUSE_LOOKS = 15
const PAYOUTS_AGAIN_MS = 10 * 60_000

export class ChainFeed {
  readonly heads: Heads
  readonly #options: FeedOptions
  readonly #rpc: Rpc
  readonly #states: StateChecks
  readonly #reader: LogReader
  readonly #members = new Set<Member>()
  /** Those that are connected, by address. */
  readonly #groups = new Map<string, Group>()
  readonly #byPair = new Map<string, Set<Follower>>()
  readonly #byChannel = new Map<string, Set<Follower>>()
  /** Those that miss something. */
  readonly #behind = new Set<Follower>()
  /** The newest blocks of the last looks, beginning with one that counts as final: at most as many as it takes to be final. */
  #seen: Head[] = []
  #head: Head | undefined
  #trouble: ChainError | undefined
  #isUnsure = true
  #isBlind = false
  #catchingUp: Promise<void> | undefined
  #catchUpPause = 0
  #isOldMissing = false
  readonly #waiting: Array<() => void> = []
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  readonly #ended: () => void

  /**
   * @param memory what was seen of the chain through this node before
   * @param ended told when the last member has left
   */
  constructor (options: FeedOptions, memory: HeadMemory, ended: () => void) {
    const { rpcUrl, socksProxy, timeoutMs, contract, token, confirmations, maxAgeMs, log } = options
    this.#options = options
    this.#ended = ended
    const rpc = this.#rpc = new Rpc({ url: rpcUrl, socksProxy, timeoutMs })
    const heads = this.heads = new Heads({ rpc, log, confirmations, maxAgeMs })
    heads.memory = memory
    this.#states = new StateChecks({ rpc, heads, log, network: new Network(rpc, contract, token) })
    this.#reader = new LogReader(0, blocks => this.#read(blocks))
    this.#running = this.#run()
  }

  /** All logs of blocks before this one were read and told. */
  get complete (): number {
    return this.#reader.complete
  }

  /** Of what is read now. */
  get mark (): Mark {
    return this.#states.mark
  }

  /** Whether what was true then is still, for all that is known. @throws ChainError while the chain cannot be looked at */
  isGood (mark: Mark): boolean {
    this.check()
    return this.#states.isGood(mark)
  }

  /** @throws ChainError while the chain cannot be looked at */
  check (): void {
    if (this.#trouble !== undefined) throw this.#trouble
  }

  /**
   * The newest block, of the chain that is configured. In trouble it waits for the next look, and rejects with the trouble of that.
   * @param signal ends the wait
   */
  async ready (signal: AbortSignal): Promise<Head> {
    if (this.#trouble !== undefined || this.#head === undefined) {
      await new Promise<void>(resolve => {
        const done = (): void => {
          signal.removeEventListener('abort', done)
          resolve()
        }
        signal.addEventListener('abort', done, { once: true })
        this.#waiting.push(done)
      })
    }
    this.check()
    if (this.#head === undefined || signal.aborted) throw new ChainError('disconnected', false)
    return this.#head
  }

  join (member: Member): void {
    this.#members.add(member)
  }

  /** The member is connected: somebody looks after the payouts of its address. */
  lookAfter (member: Member): void {
    const group = this.#groups.get(member.address) ?? { members: new Set(), lookedMs: 0 }
    this.#groups.set(member.address, group)
    group.members.add(member)
  }

  /** The last one that leaves ends the feed. Resolves when it does nothing any more. */
  async leave (member: Member): Promise<void> {
    this.#members.delete(member)
    const group = this.#groups.get(member.address)
    group?.members.delete(member)
    if (group?.members.size === 0) this.#groups.delete(member.address)
    if (this.#members.size > 0) return
    this.#ended()
    this.#stop.abort()
    this.#rpc.close()
    await this.#running
  }

  /** Follows what happens between two addresses, from now on. */
  follow (pair: string, follower: Follower): void {
    add(this.#byPair, pair, follower)
    this.#behind.add(follower)
  }

  unfollow (pair: string, follower: Follower): void {
    remove(this.#byPair, pair, follower)
    this.#behind.delete(follower)
  }

  /** The follower has read what it missed by itself. */
  caughtUp (follower: Follower): void {
    this.#behind.delete(follower)
  }

  watch (channelId: string, follower: Follower): void {
    add(this.#byChannel, channelId, follower)
  }

  unwatch (channelId: string, follower: Follower): void {
    remove(this.#byChannel, channelId, follower)
  }

  async #run (): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#look()
      for (const resolve of this.#waiting.splice(0)) resolve()
      await pause(this.#options.pollMs, signal)
    }
  }

  /** Says when trouble begins and when it is over. Never rejects. */
  async #look (): Promise<void> {
    const { log } = this.#options
    const chainId = `evm:${this.#options.chainId}`
    try {
      await this.#lookNow()
      if (this.#trouble !== undefined) log.info('the chain can be watched again. chainId=%s', chainId)
      this.#trouble = undefined
    } catch (error) {
      if (this.#trouble === undefined && !this.#stop.signal.aborted) {
        log.warn('the chain cannot be watched now. chainId=%s error=%s', chainId, describeError(error))
      }
      this.#trouble = error instanceof ChainError ? error : new ChainError(describeError(error), false, { cause: error })
      this.#isUnsure = true
      this.#states.hurry()
    }
  }

  async #lookNow (): Promise<void> {
    if (this.#isUnsure) await this.#checkChain()
    const head = await this.heads.latest()
    const isNew = head.hash !== this.#head?.hash
    if (isNew && head.number === this.#head?.number) this.#reader.unread(head.number)
    if (isNew && !await this.#isSameChain(head)) {
      this.#states.forget()
      await this.#checkChain()
    }
    this.#isUnsure = false
    if (this.#head === undefined) this.#reader.next = Math.max(0, this.heads.confirmedAt(head) + 1 - REREAD_BLOCKS)
    if (isNew || this.#isBlind || this.#reader.older !== undefined) await this.#readLogs(head)
    this.#head = head
    await this.#states.look(this.#byChannel, head, this.#isBlind, (channelId, check) => {
      for (const follower of this.#byChannel.get(channelId) ?? []) follower.checked(channelId, check)
    })
    this.#catchUp(head)
    this.#lookAtPayouts()
  }

  async #checkChain (): Promise<void> {
    const { chainId: expected } = this.#options
    const found = await this.#rpc.quantity('eth_chainId')
    if (found !== expected) throw new ChainError(`the node at ${this.#rpc.host} belongs to another chain. expected=${expected} found=${found}`, true)
  }

  /** Whether the chain still has a block that was the newest at an earlier look, and counts as final by now. */
  async #isSameChain (head: Head): Promise<boolean> {
    const final = this.heads.confirmedAt(head)
    const anchor = this.#seen.filter(({ number }) => number <= final).at(-1)
    const isThere = anchor === undefined || (await this.#rpc.block(anchor.number))?.hash === anchor.hash
    if (!isThere) this.#reader.unread(anchor.number)
    const from = isThere ? anchor?.number ?? 0 : head.number
    this.#seen = [...this.#seen.filter(({ number }) => number >= from && number < head.number), head]
    return isThere
  }

  async #readLogs (head: Head): Promise<void> {
    const { log } = this.#options
    try {
      await this.#reader.look(head.number, this.heads.confirmedAt(head), REREAD_BLOCKS)
      if (this.#isBlind) log.info('the event log can be read again. host=%s', this.#rpc.host)
      this.#isBlind = false
    } catch (error) {
      if (!this.#isBlind) {
        log.warn('the node does not serve the event log: the channels that are known are followed by their states, others are ' +
          'found when a claim names them. host=%s error=%s', this.#rpc.host, describeError(error))
      }
      this.#isBlind = true
    }
  }

  async #read ({ from, to }: Blocks): Promise<void> {
    const filter = { address: this.#options.contract, fromBlock: quantity(from), toBlock: quantity(to), topics: [CHANNEL_EVENTS] }
    const answer = await this.#rpc.call('eth_getLogs', filter)
    const logs = (Array.isArray(answer) ? answer.map(logOf) : []).sort((a, b) => a.blockNumber - b.blockNumber || a.logIndex - b.logIndex)
    const oldest = this.#reader.next - REREAD_BLOCKS
    for (const log of logs) {
      const [kind, channelId = ''] = log.topics
      const followers = kind === OPENED ? this.#byPair.get(pairOf(log)) : this.#byChannel.get(channelId)
      for (const follower of [...followers ?? []]) follower.take(log, oldest)
    }
  }

  /** One follower at a time, beside the looks. */
  #catchUp (head: Head): void {
    const [follower] = this.#behind
    if (follower === undefined || this.#isBlind || this.#catchingUp !== undefined || this.#catchUpPause-- > 0) return
    this.#behind.delete(follower)
    this.#behind.add(follower) // the others come first at the next look
    this.#catchingUp = follower.catchUp(head).then(isAll => {
      if (isAll) this.#behind.delete(follower)
      this.#isOldMissing = false
      this.#catchUpPause = 0
    }, (error: unknown) => {
      this.#catchUpPause = CATCH_UP_PAUSE_LOOKS
      if (!this.#isOldMissing && this.#behind.has(follower)) {
        this.#options.log.warn('the node does not serve older events: channels that were opened meanwhile are found when a claim names them. ' +
          'host=%s error=%s', this.#rpc.host, describeError(error))
      }
      this.#isOldMissing = true
    }).finally(() => { this.#catchingUp = undefined })
  }

  /** Of one address in a look. */
  #lookAtPayouts (): void {
    const now = Date.now()
    for (const group of this.#groups.values()) {
      if (Math.abs(now - group.lookedMs) < PAYOUTS_AGAIN_MS) continue
      group.lookedMs = now
      const [member] = group.members
      member?.lookAtPayouts()
      return
    }
  }
}

function add (followers: Map<string, Set<Follower>>, key: string, follower: Follower): void {
  const there = followers.get(key)
  if (there === undefined) followers.set(key, new Set([follower]))
  else there.add(follower)
}

function remove (followers: Map<string, Set<Follower>>, key: string, follower: Follower): void {
  const there = followers.get(key)
  there?.delete(follower)
  if (there?.size === 0) followers.delete(key)
}

/** Of this process, by what their accounts have in common. */
const feeds = new Map<string, ChainFeed>()

/** Joins the feed of all accounts with these options, which begins with the first. @param memory for that one */
export function joinFeed (options: FeedOptions, memory: HeadMemory, member: Member): ChainFeed {
  const key = JSON.stringify({ ...options, chainId: String(options.chainId), log: undefined })
  const feed = feeds.get(key) ?? new ChainFeed(options, memory, () => { feeds.delete(key) })
  feeds.set(key, feed)
  feed.join(member)
  return feed
}
