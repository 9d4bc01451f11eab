/**
 * Looks at the channels of all peers of the process together: RPC nodes are paid by the call. Every few seconds it reads all channels that
 * are there, a hundred in one call, and some of the addresses at which the peers could have opened others. What has not changed since it
 * was read for good may be believed without asking again. Nothing here decides about money.
 */
import { pause } from '../../../src/lib/timers.js'
import { describeError } from '../../../src/lib/describe-error.js'
import type { Logger } from '../../../src/contracts/logger.js'
import { ChainError } from '../../lib/channels/types.js'
import { IN_ONE_CALL, type AccountReader, type Commitment, type RawAccount, type Reading } from './reader.js'
import { ChainSocket } from './socket.js'
import { eventsIn } from './logs.js'

export interface WatchOptions {
  reader: AccountReader
  wsUrl: string
  socksProxy: string | undefined
  programId: string
  chainId: string
  /** Between two looks, ms. */
  everyMs: number
  log: Logger
  /** Comes before each look. Rejects when the node is not to be believed. */
  check: () => Promise<void>
}

/** Told that an account is not as it was. */
export type Follower = (account: string, before: RawAccount | undefined, now: RawAccount | undefined) => void

interface Entry {
  followers: Set<Follower>
  /** What was read last at each commitment. */
  finalized?: Reading | undefined
  confirmed?: Reading | undefined
  /** When a look has shown it last, ms since the process began. */
  lookedMs: number
}

/** Addresses that nothing is known to be at, in one look. */
const ABSENT_IN_A_LOOK = 3 * IN_ONE_CALL
/** What was looked at so many looks ago is not known any more. */
const KNOWN_FOR_LOOKS = 2.5
/** Messages of the socket that come together are one. */
const HINT_MS = 30

export class Watch {
  readonly #options: WatchOptions
  readonly #entries = new Map<string, Entry>()
  /** Addresses that the socket has told of. */
  readonly #hinted = new Set<string>()
  readonly #socket: ChainSocket
  #trouble: ChainError | undefined
  #looked: Promise<void> | undefined
  readonly #stop = new AbortController()
  readonly #running: Promise<void>
  #hint: NodeJS.Timeout | undefined

  constructor (options: WatchOptions) {
    this.#options = options
    this.#socket = new ChainSocket({ url: options.wsUrl, socksProxy: options.socksProxy }, {
      changed: account => { this.#told(account) },
      logs: lines => { for (const { account } of eventsIn(lines, options.programId)) this.#told(account) }
    })
    this.#running = this.#run()
  }

  /** Follows what somebody does to channels with this key of ours, also to new ones. */
  mention (address: string): void {
    this.#socket.want({ mentions: address })
  }

  follow (account: string, follower: Follower): void {
    const entry = this.#entries.get(account) ?? { followers: new Set(), lookedMs: -Infinity }
    this.#entries.set(account, entry)
    entry.followers.add(follower)
  }

  unfollow (account: string, follower: Follower): void {
    const entry = this.#entries.get(account)
    entry?.followers.delete(follower)
    if (entry?.followers.size !== 0) return
    this.#entries.delete(account)
    this.#socket.unwant({ account })
  }

  /** What was read of an account that is followed. */
  took (account: string, commitment: Commitment, reading: Reading): void {
    const entry = this.#entries.get(account)
    if (entry === undefined) return
    this.#keep(account, entry, commitment, reading)
  }

  /** What was read counts no longer. */
  forget (): void {
    for (const entry of this.#entries.values()) Object.assign(entry, { finalized: undefined, confirmed: undefined, lookedMs: -Infinity })
  }

  /**
   * What the chain says, as far as a look has confirmed it lately. Undefined: it has to be asked.
   * @throws ChainError while the chain cannot be looked at
   */
  known (account: string, commitment: Commitment): Reading | undefined {
    if (this.#trouble !== undefined) throw this.#trouble
    const entry = this.#entries.get(account)
    if (entry === undefined || this.#hinted.has(account)) return undefined
    const { confirmed } = entry
    if (confirmed === undefined) { // new channels are told of, or found in turn
      return commitment === 'finalized' && entry.finalized?.account === undefined ? entry.finalized : undefined
    }
    const isThere = confirmed.account !== undefined
    if (isThere && performance.now() - entry.lookedMs > KNOWN_FOR_LOOKS * this.#options.everyMs) return undefined
    if (commitment === 'confirmed') return confirmed
    const { finalized } = entry
    return finalized !== undefined && isSame(finalized.account, confirmed.account) ? finalized : undefined
  }

  /** Ends it. Resolves when it does nothing any more. */
  async stop (): Promise<void> {
    this.#stop.abort()
    this.#socket.close()
    clearTimeout(this.#hint)
    await Promise.all([this.#running, this.#looked])
  }

  async #run (): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await this.#look(() => this.#due())
      await pause(this.#options.everyMs, signal)
    }
  }

  /** All that are there, and the next ones of the others: those that were looked at longest ago. */
  #due (): string[] {
    const all = [...this.#entries]
    const isThere = ({ confirmed, finalized }: Entry): boolean => (confirmed ?? finalized)?.account !== undefined
    const there = all.filter(([, entry]) => isThere(entry))
    const absent = all.filter(([, entry]) => !isThere(entry)).sort(([, a], [, b]) => a.lookedMs - b.lookedMs)
    return [...there, ...absent.slice(0, ABSENT_IN_A_LOOK)].map(([account]) => account)
  }

  #told (account: string): void {
    if (!this.#entries.has(account) || this.#stop.signal.aborted) return
    this.#hinted.add(account)
    this.#hint ??= setTimeout(() => {
      this.#hint = undefined
      this.#looked = this.#look(() => [...this.#hinted])
    }, HINT_MS).unref()
  }

  /** Says when trouble begins and when it is over. Never rejects. */
  async #look (due: () => string[]): Promise<void> {
    const { log, chainId, check } = this.#options
    try {
      await check()
      const accounts = due()
      for (let from = 0; from < accounts.length; from += IN_ONE_CALL) await this.#lookAt(accounts.slice(from, from + IN_ONE_CALL))
      if (this.#trouble !== undefined) log.info('the chain can be watched again. chainId=%s', chainId)
      this.#trouble = undefined
    } catch (error) {
      if (this.#trouble === undefined && !this.#stop.signal.aborted) {
        log.warn('the chain cannot be watched now. chainId=%s error=%s', chainId, describeError(error))
      }
      this.#trouble = error instanceof ChainError ? error : new ChainError(describeError(error), false, { cause: error })
    }
  }

  async #lookAt (accounts: string[]): Promise<void> {
    for (const account of accounts) this.#hinted.delete(account) // one that comes meanwhile counts
    const readings = await this.#options.reader.readAll(accounts, 'confirmed').catch((error: unknown) => {
      for (const account of accounts) this.#hinted.add(account)
      throw error
    })
    for (const [i, account] of accounts.entries()) {
      const [entry, reading] = [this.#entries.get(account), readings[i]]
      if (entry === undefined || reading === undefined) this.#hinted.delete(account)
      else this.#keep(account, entry, 'confirmed', reading)
    }
  }

  #keep (account: string, entry: Entry, commitment: Commitment, reading: Reading): void {
    const before = entry[commitment]
    if (before !== undefined && before.slot > reading.slot) return
    entry[commitment] = reading
    if (commitment === 'finalized') return
    entry.lookedMs = performance.now()
    if (reading.account === undefined) this.#socket.unwant({ account })
    else this.#socket.want({ account })
    const seen = before === undefined ? entry.finalized : before
    if (seen === undefined || isSame(seen.account, reading.account)) return
    for (const follower of [...entry.followers]) follower(account, seen.account, reading.account)
  }
}

function isSame (one: RawAccount | undefined, other: RawAccount | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.owner === other.owner && one.data.equals(other.data)
}
