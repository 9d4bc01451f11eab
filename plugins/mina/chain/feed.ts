/**
 * What one node shows of the chain: its newest blocks, and the accounts that somebody follows. A daemon knows accounts as of its tip only,
 * so what counts as confirmed is made here, from the states that were seen and the blocks that they were seen in:
 *
 *   seen      S1@b7      S2@b9
 *   blocks    b7 b8 b9 b10 ... b22 b23 b24(tip)     S2 is confirmed once b9 is `confirmations` below the tip
 *
 * A state whose block is not in the chain any more was never seen.
 */
import { ChainError } from '../../lib/channels/types.js'
import { pause } from '../../../src/lib/timers.js'
import type { Look, MinaNode } from './node.js'
import type { Block, ChainAccount, Command } from './queries.js'

export interface FeedOptions {
  confirmations: number
  /** Between two looks that nobody asks for, ms. */
  lookMs: number
  /** Of the chain that it was the last time; another one is refused. */
  nodeChainId: string
}

/** An account as it is at the tip, and as it is confirmed. */
export interface Sight {
  latest: ChainAccount | undefined
  /** Undefined: the confirmed chain has none. */
  confirmed: ChainAccount | undefined
  /** It exists, or may exist, and nobody knows yet how it was at the last block that is confirmed. */
  isUnknown: boolean
}

interface Seen {
  account: ChainAccount | undefined
  height: number
  hash: string
}

/** The most that a node shows: what is deeper is never replaced. */
const DEPTH = 290
/** Blocks of a look while nothing is missed. */
const USUAL = 20
/** A tip that is so old, or so far ahead, is of a node that lags, or our clock is wrong: nothing is decided by it. */
const OFF_MS = 60 * 60_000
/** After so many looks that were missed, what was seen before does not count any more. */
const STALE_LOOKS = 3

export class Feed {
  #blocks: Block[] = []
  readonly #followed = new Map<string, number>()
  readonly #seen = new Map<string, Seen[]>()
  #latest = new Map<string, ChainAccount | undefined>()
  #looking: Promise<void> | undefined
  #next: Promise<void> | undefined
  #lookedMs = 0
  /** When there was a new tip last, by our clock. */
  #movedMs = Date.now()
  /** What the node showed last was of another time. */
  #isOff = false
  #isWell = false
  /** Told after each look at a new tip. */
  onTip: () => void = () => undefined

  constructor (readonly node: MinaNode, private readonly options: FeedOptions) {}

  get tip (): Block {
    const tip = this.#blocks.at(-1)
    if (tip === undefined) throw new ChainError('the chain has not been looked at yet', false)
    return tip
  }

  get isLooked (): boolean {
    return this.#blocks.length > 0
  }

  /** Blocks that are known, the oldest first. */
  get blocks (): readonly Block[] {
    return this.#blocks
  }

  /** Whether the last look showed the chain. */
  get isWell (): boolean {
    return this.#isWell
  }

  /** Whether there was a new block within the last `ms`, and of that time: a node that stands still, or is behind, shows no closes. */
  isFresh (ms: number): boolean {
    return this.isLooked && !this.#isOff && Date.now() - Math.min(this.#movedMs, this.tip.dateMs) <= ms
  }

  follow (address: string): void {
    this.#followed.set(address, (this.#followed.get(address) ?? 0) + 1)
  }

  unfollow (address: string): void {
    const left = (this.#followed.get(address) ?? 0) - 1
    if (left > 0) this.#followed.set(address, left)
    else {
      this.#followed.delete(address)
      this.#seen.delete(address)
    }
  }

  /** Looks at everything that is followed, once for all who ask meanwhile. Rejects when it cannot. */
  look (): Promise<void> {
    if (this.#looking === undefined) return this.#start()
    // What is under way may be older than the question. One at a time: the answer to an older look would take the place of a newer one.
    return this.#next ??= this.#looking.catch(() => undefined).then(() => {
      this.#next = undefined
      return this.#looking ?? this.#start()
    })
  }

  /** What was seen lately, or looks. */
  async lookIfOld (): Promise<void> {
    if (Date.now() - this.#lookedMs > this.options.lookMs * STALE_LOOKS) await this.look()
  }

  /** Looks every now and then until it is stopped. */
  async run (signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look().catch(() => undefined) // it is said to all who ask
      await pause(this.options.lookMs, signal)
    }
  }

  /** Of an account that is followed, as of the last look. */
  sight (address: string): Sight {
    const latest = this.#latest.get(address)
    const seen = this.#seen.get(address) ?? []
    const confirmed = seen.findLast(({ height }) => height <= this.tip.height - this.options.confirmations)
    return { latest, confirmed: confirmed?.account, isUnknown: confirmed === undefined && (latest !== undefined || !this.isLooked) }
  }

  /** Whether the last look was at it, too. */
  isFollowed (address: string): boolean {
    return this.#latest.has(address)
  }

  /** Whether the confirmed chain is past a slot: nothing that ended with it can be included any more. */
  isPast (slot: number): boolean {
    return (this.#blocks.findLast(({ height }) => height <= this.tip.height - this.options.confirmations)?.slot ?? 0) > slot
  }

  /** How deep it is, where a block has it; undefined: no block that is known. */
  find (matches: (command: Command) => boolean): { command: Command, depth: number } | undefined {
    for (const block of this.#blocks.toReversed()) {
      const command = block.commands.find(matches)
      if (command !== undefined) return { command, depth: this.tip.height - block.height }
    }
    return undefined
  }

  #start (): Promise<void> {
    const looking = this.#look().finally(() => { if (this.#looking === looking) this.#looking = undefined })
    this.#looking = looking
    return looking
  }

  async #look (): Promise<void> {
    this.#isWell = await this.#lookWell().then(() => true, (error: unknown) => {
      this.#isWell = false
      throw error
    })
  }

  async #lookWell (): Promise<void> {
    const addresses = [...this.#followed.keys()]
    let found = await this.node.look(addresses, this.isLooked ? USUAL : DEPTH)
    const oldest = found.blocks[0]
    if (this.isLooked && oldest !== undefined && oldest.height > 1 && !this.#blocks.some(({ hash }) => hash === oldest.hash)) {
      found = await this.node.look(addresses, DEPTH)
    }
    this.#check(found)
    this.#take(found)
  }

  #check ({ isSynced, nodeChainId, blocks }: Look): void {
    const { host } = this.node
    if (nodeChainId !== this.options.nodeChainId) {
      throw new ChainError(`the node at ${host} is on another chain than before: the network has forked, or was begun anew. Channels from before are not used; ` +
        `read "Hard forks" in docs/settlement-mina.md. chain=${nodeChainId} before=${this.options.nodeChainId}`, false)
    }
    if (!isSynced) throw new ChainError(`the node at ${host} is not in step with its network yet`, false)
    const ageMs = Date.now() - (blocks.at(-1)?.dateMs ?? 0)
    this.#isOff = Math.abs(ageMs) > OFF_MS
    if (!this.#isOff) return
    const minutes = Math.floor(Math.abs(ageMs) / 60_000)
    throw new ChainError(ageMs > 0
      ? `the node at ${host} shows the chain as it was ${minutes} minutes ago, although it says that it is in step: nothing is decided by it. It lags, the network stands still, or our clock is wrong`
      : `the node at ${host} has a block of a time ${minutes} minutes ahead of our clock: nothing is decided by it. Set the clock`, false)
  }

  #take ({ blocks, accounts }: Look): void {
    const before = this.isLooked ? this.tip.hash : undefined
    const first = blocks[0]?.height ?? 0
    const older = this.#blocks.filter(({ height }) => height < first)
    const isJoined = older.length > 0 && this.#blocks.some(({ hash }) => hash === blocks[0]?.hash)
    this.#blocks = [...isJoined ? older : [], ...blocks].slice(-DEPTH)
    this.#latest = accounts
    this.#lookedMs = Date.now()
    for (const [address, account] of accounts) this.#see(address, account)
    if (this.tip.hash === before) return
    this.#movedMs = Date.now()
    this.onTip()
  }

  #see (address: string, account: ChainAccount | undefined): void {
    const hashes = new Map(this.#blocks.map(({ height, hash }) => [height, hash]))
    const isThere = ({ height, hash }: Seen): boolean => hashes.get(height) === hash || height < (this.#blocks[0]?.height ?? 0)
    const seen = (this.#seen.get(address) ?? []).filter(isThere)
    const { height, hash } = this.tip
    const last = seen.at(-1)
    if (last === undefined) {
      // Nothing has touched it in the newest blocks: so it was when the last of them was confirmed.
      const still = this.#untouchedSince(address)
      seen.push({ account, height: still?.height ?? height, hash: still?.hash ?? hash })
    } else if (!isSame(last.account, account)) seen.push({ account, height, hash })
    const deep = seen.findLastIndex(each => each.height <= height - this.options.confirmations)
    this.#seen.set(address, deep > 0 ? seen.slice(deep) : seen)
  }

  /** The oldest block of which it is known that the account was then as it is now. */
  #untouchedSince (address: string): Block | undefined {
    let oldest: Block | undefined
    for (const block of this.#blocks.toReversed()) {
      oldest = block
      if (block.commands.some(({ touches }) => touches.includes(address))) break
    }
    return oldest
  }
}

/** The nonce that a node expects next does not belong to the chain. */
function isSame (a: ChainAccount | undefined, b: ChainAccount | undefined): boolean {
  if (a === undefined || b === undefined) return a === b
  return textOf(a) === textOf(b)
}

function textOf (account: ChainAccount): string {
  return JSON.stringify({ ...account, inferredNonce: 0 }, (_key, value: unknown) => typeof value === 'bigint' ? String(value) : value)
}
