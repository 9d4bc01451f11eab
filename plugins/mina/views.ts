/**
 * The channels of an account as all configured nodes show them. A close counts as soon as one node shows it. Money counts when all do: the
 * least that one of them shows.
 */
import { ChainError } from '../lib/channels/types.js'
import type { AsOf } from '../lib/channels/types.js'
import type { Feed } from './chain/feed.js'
import type { Block } from './chain/queries.js'
import { channelIn } from './channel-account.js'
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

  async look (asOf: AsOf = 'now'): Promise<void> {
    await Promise.all(this.deps.feeds().map(feed => asOf === 'now' ? feed.look() : feed.lookIfOld()))
  }

  /** At the tip. Undefined: the chain has no such account. A text says why the account is not a channel. */
  latest (address: string): Channel | string | undefined {
    const all = this.deps.feeds().map(feed => this.#read(feed.sight(address).latest))
    return all.find(channel => typeof channel === 'object' && channel.closesAt > 0) ?? all[0]
  }

  /**
   * As it counts. Undefined: the confirmed chain has no such account. A text says why the account is not a channel.
   * @throws ChainError, not final, while that is not known, and where nodes do not agree
   */
  confirmed (address: string): Channel | string | undefined {
    const all = this.deps.feeds().map(feed => {
      const { confirmed, isUnknown } = feed.sight(address)
      if (isUnknown) throw new ChainError(`the account is not confirmed yet. channelId=${address} node=${feed.node.host}`, false)
      return this.#read(confirmed)
    })
    const fault = all.find(channel => typeof channel === 'string')
    if (fault !== undefined || all.every(channel => channel === undefined)) return fault
    const channels = all.filter(channel => typeof channel === 'object')
    const [first] = channels
    if (first === undefined) return undefined
    if (channels.length < all.length || channels.some(({ isFinished }) => isFinished !== first.isFinished)) {
      throw new ChainError(`the nodes do not agree on the channel. channelId=${address}`, false)
    }
    return channels.reduce((least, channel) => channel.deposit < least.deposit || channel.closesAt > least.closesAt
      ? { ...channel, deposit: least.deposit < channel.deposit ? least.deposit : channel.deposit } : least)
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

/** Accounts that zkApp transactions of the peer have touched: channels that it may have opened to us, without our being told. */
export function channelsOpenedBy (peer: string, blocks: readonly Block[]): string[] {
  const touched = blocks.flatMap(({ commands }) =>
    commands.filter(({ kind, feePayer }) => kind === 'zkapp' && feePayer === peer).flatMap(({ touches }) => touches))
  return [...new Set(touched)].filter(address => address !== peer)
}
