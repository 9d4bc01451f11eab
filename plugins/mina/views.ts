/**
 * The channels of an account as all configured nodes show them. A close counts as soon as one node shows it. Money counts when all do: the
 * least that one of them shows. A channel is over when all show that: what was claimed on it is forgotten then.
 */
import { ChainError } from '../lib/channels/types.js'
import type { AsOf } from '../lib/channels/types.js'
import type { Feed } from './chain/feed.js'
import type { Block } from './chain/queries.js'
import { channelIn, isOver } from './channel-account.js'
import type { Channel, Expected } from './channel-account.js'

export interface ViewsDeps {
  feeds: () => readonly Feed[]
  expected: Expected
  /** Ours. */
  address: string
}

/** Addresses that are looked at: few, as a peer has few channels with us. */
const FOLLOWED_MAX = 500
/** Of these, so many that somebody else has named, and that are not known to be channels of ours: the newest. */
const NAMED_MAX = 20
const FIELDS = 8
/** Of a challenge, the part in which a close may be missed. */
const FRESH_PARTS = 4

export class Views {
  readonly #followed = new Set<string>()
  readonly #named = new Set<string>()

  constructor (private readonly deps: ViewsDeps) {}

  /**
   * Says whether one of them was not followed before.
   * @param isNamed a peer may have made them up: they take no place of others
   */
  follow (addresses: readonly string[], isNamed = false): boolean {
    const fresh = addresses.filter(address => !this.#followed.has(address))
    if (!isNamed) for (const address of addresses) this.#named.delete(address)
    for (const address of fresh) {
      const [oldest] = this.#named
      if (isNamed && oldest !== undefined && this.#named.size >= NAMED_MAX) this.unfollow(oldest)
      if (isNamed) this.#named.add(address)
      if (this.#followed.size >= FOLLOWED_MAX) throw new ChainError('too many channels are looked at already', false)
      this.#followed.add(address)
      for (const feed of this.deps.feeds()) feed.follow(address)
    }
    return fresh.length > 0
  }

  unfollow (address: string): void {
    this.#named.delete(address)
    if (!this.#followed.delete(address)) return
    for (const feed of this.deps.feeds()) feed.unfollow(address)
  }

  clear (): void {
    for (const address of [...this.#followed]) {
      try {
        this.unfollow(address)
      } catch {
        this.#followed.clear() // there are no feeds any more
      }
    }
  }

  followed (): string[] {
    return [...this.#followed]
  }

  /** @param from `any`: what a node that is away showed last counts on, for channels that are known */
  async look (asOf: AsOf = 'now', from: 'all' | 'any' = 'all'): Promise<void> {
    const feeds = this.deps.feeds()
    const looks = await Promise.allSettled(feeds.map(feed => asOf === 'now' ? feed.look() : feed.lookIfOld()))
    const failed = looks.filter(look => look.status === 'rejected')
    if (failed[0] !== undefined && (from !== 'any' || failed.length === looks.length)) throw failed[0].reason
  }

  /** At the tip. Undefined: the chain has no such account. A text says why the account is not a channel. */
  latest (address: string): Channel | string | undefined {
    const all = this.deps.feeds().map(feed => this.#read(feed.sight(address).latest))
    return this.#closing(address) ?? all.find(channel => typeof channel === 'object' && channel.closesAt > 0) ?? all[0]
  }

  /**
   * As it counts. Undefined: the confirmed chain has no such account. A text says why the account is not a channel. Where nodes do not
   * agree, and one shows a close, that, as it is at its tip.
   * @throws ChainError, not final, while that is not known, and where nodes do not agree otherwise
   */
  confirmed (address: string): Channel | string | undefined {
    const feeds = this.deps.feeds()
    const unknown = feeds.filter(feed => feed.sight(address).isUnknown)
    if (unknown[0] !== undefined) {
      const closing = unknown.length < feeds.length ? this.#closing(address) : undefined
      if (closing !== undefined) return closing
      throw new ChainError(`the account is not confirmed yet. channelId=${address} node=${unknown[0].node.host}`, false)
    }
    const all = feeds.map(feed => this.#read(feed.sight(address).confirmed))
    const channels = all.filter(channel => typeof channel === 'object')
    const [first] = channels
    if (first === undefined) return all.find(channel => typeof channel === 'string')
    const over = channels.flatMap(channel => this.#overBy(channel))
    const isDivided = over.some(isIt => isIt !== over[0]) || channels.some(({ isFinished }) => isFinished !== first.isFinished)
    if (isDivided || channels.length < all.length) {
      const closing = this.#closing(address)
      if (closing !== undefined) return closing
      throw new ChainError(`the nodes do not agree on the channel. channelId=${address}`, false)
    }
    const { closesAt, balance } = channels.reduce((last, channel) => channel.closesAt > last.closesAt ? channel : last)
    const [deposit, paid] = [least(channels.map(channel => channel.deposit)), least(channels.map(channel => channel.paid))]
    return { ...first, closesAt, balance, deposit, paid }
  }

  /** As the node shows it at its tip on which its close ends first, and is not over by any of them. */
  #closing (address: string): Channel | undefined {
    const channels = this.deps.feeds().map(feed => this.#read(feed.sight(address).latest)).filter(channel => typeof channel === 'object')
    const closing = channels.filter(channel => channel.closesAt > 0 && !channel.isFinished && !this.#overBy(channel).includes(true))
    const [first] = closing.sort((a, b) => a.closesAt - b.closesAt)
    return first && { ...first, paid: least(closing.map(({ paid }) => paid)) }
  }

  /** Whether it is over, by the clock of each node: a node could lie about that alone. */
  #overBy (channel: Channel): boolean[] {
    const looked = this.deps.feeds().filter(({ isLooked }) => isLooked)
    return looked.map(({ tip: { slot } }) => isOver(channel, { slot, ours: this.deps.address }))
  }

  /** Whether all nodes have shown a block so lately that a close of the channel can be answered. */
  isFresh (address: string, slotMs: number): boolean {
    const channel = this.latest(address)
    const patienceMs = typeof channel === 'object' ? channel.challengeSlots * slotMs / FRESH_PARTS : Infinity
    return this.deps.feeds().every(feed => feed.isFresh(patienceMs))
  }

  /** Looks at addresses, and follows those that have a contract. Resolves to how many have none. */
  async leaveUnused (addresses: readonly string[]): Promise<number> {
    this.follow(addresses)
    await this.look()
    const unused = addresses.filter(address => this.deps.feeds().every(feed => feed.sight(address).latest?.state === undefined))
    for (const address of unused) this.unfollow(address)
    return unused.length
  }

  /** For a proof: the fields of its state at the tip. */
  account (address: string): { address: string, state: readonly string[] } {
    const [feed] = this.deps.feeds()
    return { address, state: (feed?.sight(address).latest?.state ?? []).slice(0, FIELDS).map(String) }
  }

  /** The height of the block that opened it, where that is known. */
  sinceOf (address: string): number {
    const [feed] = this.deps.feeds()
    const blocks = feed?.blocks ?? []
    return blocks.find(({ commands }) => commands.some(({ touches }) => touches.includes(address)))?.height ?? blocks[0]?.height ?? 0
  }

  #read (account: ReturnType<Feed['sight']>['latest']): Channel | string | undefined {
    return account === undefined ? undefined : channelIn(account, this.deps.expected)
  }
}

function least (amounts: readonly bigint[]): bigint {
  return amounts.reduce((smallest, amount) => amount < smallest ? amount : smallest)
}

/** Accounts that zkApp transactions of the peer have touched: channels that it may have opened to us, without our being told. */
export function channelsOpenedBy (peer: string, blocks: readonly Block[]): string[] {
  const touched = blocks.flatMap(({ commands }) =>
    commands.filter(({ kind, feePayer }) => kind === 'zkapp' && feePayer === peer).flatMap(({ touches }) => touches))
  return [...new Set(touched)].filter(address => address !== peer)
}
