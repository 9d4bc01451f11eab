/**
 * Figures over time, made from exact counts: seconds of the last five minutes come from the feed, minutes of earlier times from the
 * history. Each figure has a bound on what it reads and on what it answers.
 */
import type { EventFeed, EventFilter, EventPage, Traffic } from '../contracts/explorer-events.js'
import type { Series, SeriesPoint, Rejects } from '../contracts/explorer.js'
import { unitOf } from '../lib/amounts.js'
import { wrong } from './query.js'
import { wordsFor } from './reject-words.js'

/** What the feed remembers. */
const RECENT_MS = 300_000
/** Someone who asks for the last five minutes has looked at the clock a while ago. */
const SLACK_MS = 30_000
const MINUTE_S = 60
export const POINTS_MAX = 1000
/** Minutes that one figure is made of: more than a week. Of a longer time the latest count. */
export const MINUTES_MAX = 12_000
const PAGE = 1000
const HOUR_MS = 3_600_000
/** Rows of the table of rejects. */
const REJECTS_MAX = 500

export interface FigureSources {
  feed: EventFeed
  /** Of the history. */
  events: (filter: EventFilter) => Promise<EventPage>
}

export interface Span {
  since?: number | undefined
  until?: number | undefined
}

interface SeriesQuery extends Span {
  step?: number | undefined
  peerId?: string | undefined
}

/** Throws 400 for a step that would give too many points. */
export async function series (sources: FigureSources, { since, until, step, peerId }: SeriesQuery): Promise<Series> {
  const now = Date.now()
  const end = Math.min(until ?? now, now)
  const start = Math.min(since ?? end - RECENT_MS, end)
  const isRecent = start >= now - RECENT_MS - SLACK_MS
  const unit = isRecent ? 1 : MINUTE_S
  const least = Math.max(unit, Math.ceil((end - start) / 1000 / POINTS_MAX / unit) * unit)
  const chosen = step === undefined ? least : Math.ceil(step / unit) * unit
  if (chosen < least) throw wrong(`step must be at least ${least} for this time: there are at most ${POINTS_MAX} points`)
  const { counts, from } = isRecent ? { counts: sources.feed.recent(), from: undefined } : await minutesAndSeconds(sources, start, end)
  const points = new Map<number, Sum>()
  for (const traffic of counts) {
    const begin = traffic.timestamp - traffic.seconds * 1000
    if (begin < start - chosen * 1000 || begin >= end) continue
    const at = Math.floor(begin / (chosen * 1000)) * chosen * 1000
    const sum = points.get(at) ?? new Sum()
    points.set(at, sum)
    sum.add(traffic, peerId)
  }
  const shown = [...points].sort(([a], [b]) => a - b).map(([at, sum]) => sum.point(at))
  return { step: chosen, points: shown, ...(from !== undefined && { from }) }
}

/** Of the last hour, if nothing else is asked. */
export async function rejects (sources: FigureSources, { since, until }: Span): Promise<Rejects> {
  const now = Date.now()
  const end = Math.min(until ?? now, now)
  const start = Math.min(since ?? end - HOUR_MS, end)
  const { counts: traffics } = await minutesAndSeconds(sources, start, end)
  const counts = new Map<string, number>()
  for (const traffic of traffics) {
    for (const { peerId, codes } of [...traffic.accounts, ...traffic.others ?? []]) {
      for (const [code, count] of Object.entries(codes)) {
        const key = JSON.stringify([code, peerId])
        counts.set(key, (counts.get(key) ?? 0) + count)
      }
    }
  }
  const rows = [...counts].map(([key, count]) => {
    const [code = '', peerId = ''] = JSON.parse(key) as string[]
    return { code, peerId, count, ...wordsFor(code) }
  })
  return { rejects: rows.sort((a, b) => b.count - a.count).slice(0, REJECTS_MAX), since: start, until: end }
}

interface Counted {
  counts: Traffic[]
  from?: number
}

/** The history has a minute only when it is over: what came after the last one, the feed knows by the second. */
async function minutesAndSeconds ({ feed, events }: FigureSources, since: number, until: number): Promise<Counted> {
  const { counts, from } = await minutes(events, since, until)
  const last = counts.reduce((latest, { timestamp }) => Math.max(latest, timestamp), since)
  const later = feed.recent().filter(({ timestamp }) => timestamp > last && timestamp <= until)
  return { counts: [...counts, ...later], ...(from !== undefined && { from }) }
}

/** The minutes that ended in this time, the latest first; `from` where there were more of them than count. */
async function minutes (query: FigureSources['events'], since: number, until: number): Promise<Counted> {
  const counts: Traffic[] = []
  while (counts.length < MINUTES_MAX) {
    const { events } = await query({ types: ['TRAFFIC'], since, until, limit: PAGE, offset: counts.length, order: 'newest' })
    for (const { payload } of events) if (payload.type === 'TRAFFIC') counts.push(payload)
    if (events.length < PAGE) return { counts }
    await new Promise(resolve => { setImmediate(resolve) })
  }
  return { counts, from: counts.at(-1)?.timestamp ?? since }
}

/** All that packets did in one step. */
class Sum {
  readonly #codes = new Map<string, number>()
  readonly #in = new Map<string, bigint>()
  readonly #out = new Map<string, bigint>()
  readonly #earned = new Map<string, bigint>()
  #fulfilled = 0
  #rejected = 0

  /** @param peerId counts only what came from this account, and what went to it */
  add ({ accounts, others = [], earned }: Traffic, peerId: string | undefined): void {
    for (const account of [...accounts, ...others]) {
      if (peerId !== undefined && account.peerId !== peerId) continue
      const { received, sent, codes } = account
      const unit = unitOf(account)
      this.#fulfilled += received.fulfilled
      this.#rejected += received.rejected
      plus(this.#in, unit, BigInt(received.amount))
      plus(this.#out, unit, BigInt(sent.amount))
      for (const [code, count] of Object.entries(codes)) this.#codes.set(code, (this.#codes.get(code) ?? 0) + count)
    }
    if (peerId === undefined) for (const sum of earned) plus(this.#earned, unitOf(sum), BigInt(sum.amount))
  }

  point (at: number): SeriesPoint {
    return {
      at, fulfilled: this.#fulfilled, rejected: this.#rejected, codes: Object.fromEntries(this.#codes),
      in: texts(this.#in), out: texts(this.#out), earned: texts(this.#earned)
    }
  }
}

function plus (sums: Map<string, bigint>, unit: string, amount: bigint): void {
  if (amount !== 0n) sums.set(unit, (sums.get(unit) ?? 0n) + amount)
}

function texts (sums: Map<string, bigint>): Record<string, string> {
  return Object.fromEntries([...sums].map(([unit, sum]) => [unit, String(sum)]))
}
