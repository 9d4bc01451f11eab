/**
 * What the rules count of one peer: a few numbers, however much it sends. Only what the peer does itself counts: packets that come from it,
 * claims that it sends, channels that it closes. What others send to it does not.
 */
import { LogThrottle } from '../../../src/lib/log-throttle.js'
import type { ClaimCounts, PluginChannel } from '../../../src/contracts/channels.js'
import type { Many, RuleName } from '../../../src/lib/guard-rules.js'

/** Minutes of traffic that are known before a minute can be judged by them. */
const HISTORY_MINUTES = 30
/** The average is of about a day. */
const AVERAGE_MINUTES = 1440
/** A window is counted in so many parts, the oldest of which is dropped as a whole. */
const SLOTS = 12
/** Channels of one peer that are looked at, the newest first. */
const CHANNELS_MAX = 100
/** Findings of one rule make one line in the log, and one event, in this time. */
const TELL_INTERVAL_MS = 600_000

/** Sums up what comes within a time. */
class Sum {
  readonly #slots = Array<bigint>(SLOTS).fill(0n)
  #slot = 0

  constructor (private readonly windowMs: number) {}

  /** Returns the sum within the window. */
  add (amount: bigint): bigint {
    const slot = Math.floor(Date.now() / (this.windowMs / SLOTS))
    const passed = Math.min(Math.abs(slot - this.#slot), SLOTS)
    for (let i = 1; i <= passed; i++) this.#slots[(this.#slot + i) % SLOTS] = 0n
    if (passed === SLOTS) this.#slots.fill(0n)
    this.#slot = slot
    this.#slots[slot % SLOTS] = (this.#slots[slot % SLOTS] ?? 0n) + amount
    return this.#slots.reduce((sum, part) => sum + part, 0n)
  }
}

export class WatchedPeer {
  /** Packets that have come from it. */
  packets = 0
  isPaused = false
  #counted = 0
  #minutes = 0
  #average = 0
  #claims: Pick<ClaimCounts, 'failed' | 'lower'> | undefined
  #channels: Map<string, PluginChannel['status']> | undefined
  readonly #sums = new Map<RuleName, Sum>()
  readonly #told = new Map<RuleName, LogThrottle>()

  /** Ends a minute. Says what came in it, if that is far more than usual. */
  endMinute ({ factor, minPerMinute }: { factor: number, minPerMinute: number }): { count: number, average: number } | undefined {
    const count = this.packets - this.#counted
    this.#counted = this.packets
    const average = this.#average
    const isKnown = this.#minutes >= HISTORY_MINUTES
    const isSpike = isKnown && count >= minPerMinute && count >= factor * average
    this.#minutes++
    // One wild minute must not make the next one look tame.
    const learnt = isKnown ? Math.min(count, Math.max(factor * average, minPerMinute)) : count
    this.#average += (learnt - average) / Math.min(this.#minutes, AVERAGE_MINUTES)
    return isSpike ? { count, average } : undefined
  }

  /** How many more of its claims were refused, and of these were lower than what we had, since it was last asked. */
  newClaims ({ failed, lower = 0 }: Pick<ClaimCounts, 'failed' | 'lower'>): { failed: number, lower: number } {
    const before = this.#claims ?? { failed, lower }
    this.#claims = { failed, lower }
    return { failed: Math.max(0, failed - before.failed), lower: Math.max(0, lower - (before.lower ?? 0)) }
  }

  /** How many channels it has closed since it was last asked: those that we close ourselves are `closing` first. */
  newClosures (channels: readonly PluginChannel[]): number {
    const before = this.#channels
    const now = new Map(channels.slice(0, CHANNELS_MAX).map(({ channelId, status }) => [channelId, status]))
    this.#channels = now
    if (before === undefined) return 0
    return [...now].filter(([channelId, status]) => before.get(channelId) === 'open' && ['closed', 'settling', 'settled'].includes(status)).length
  }

  /** Counts `more`. Returns how many there were within the rule's time, if that is too many. */
  tooMany (rule: RuleName, { count, windowMs }: Many, more: number): number | undefined {
    if (more === 0) return undefined
    const sum = Number(this.#sumOf(rule, windowMs).add(BigInt(more)))
    return sum > count ? sum : undefined
  }

  /** The same of amounts. */
  tooMuch (rule: RuleName, { amount, windowMs }: { amount: bigint, windowMs: number }, more: bigint): bigint | undefined {
    const sum = this.#sumOf(rule, windowMs).add(more)
    return sum > amount ? sum : undefined
  }

  /** Whether a finding is to be told of. */
  isDue (rule: RuleName): boolean {
    const told = this.#told.get(rule) ?? new LogThrottle(TELL_INTERVAL_MS)
    this.#told.set(rule, told)
    return told.due() !== undefined
  }

  /** An operator has looked at it: what was counted is over. */
  forgive (): void {
    this.#sums.clear()
    this.#told.clear()
    this.#counted = this.packets
  }

  #sumOf (rule: RuleName, windowMs: number): Sum {
    const sum = this.#sums.get(rule) ?? new Sum(windowMs)
    this.#sums.set(rule, sum)
    return sum
  }
}
