/** Exact counts of the node as columns of a chart, and as sums of the last seconds. */
import type { Traffic } from '../../src/contracts/explorer-events.js'
import type { SeriesPoint } from '../../src/contracts/explorer.js'
import { assetKey, baseUnits, type Money } from './money.js'

export interface PeerTraffic {
  /** A second. */
  packetsIn: number
  packetsOut: number
  rejected: number
  p50: number | undefined
  p99: number | undefined
}

export interface Sums {
  seconds: number
  fulfilled: number
  rejected: number
  codes: Array<[code: string, count: number]>
  in: Money[]
  out: Money[]
  earned: Money[]
}

/** A second of the node in the shape of a point of the series: `at` is its beginning. */
export function pointOf (traffic: Traffic): SeriesPoint {
  const at = traffic.timestamp - traffic.seconds * 1000
  const point: SeriesPoint = { at, fulfilled: 0, rejected: 0, codes: {}, in: {}, out: {}, earned: {} }
  for (const account of [...traffic.accounts, ...traffic.others ?? []]) {
    point.fulfilled += account.received.fulfilled
    point.rejected += account.received.rejected
    for (const [code, count] of Object.entries(account.codes)) point.codes[code] = (point.codes[code] ?? 0) + count
    add(point.in, assetKey(account), account.received.amount)
    add(point.out, assetKey(account), account.sent.amount)
  }
  for (const earned of traffic.earned) add(point.earned, assetKey(earned), earned.amount)
  return point
}

/** The last `seconds` before `now`, added up. */
export function sumsOf (points: readonly SeriesPoint[], now: number, seconds: number, assets: ReadonlyMap<string, Money>): Sums {
  const wanted = points.filter(({ at }) => at >= now - seconds * 1000)
  const codes = new Map<string, number>()
  const sums: Record<'in' | 'out' | 'earned', Record<string, string>> = { in: {}, out: {}, earned: {} }
  let fulfilled = 0
  let rejected = 0
  for (const point of wanted) {
    fulfilled += point.fulfilled
    rejected += point.rejected
    for (const [code, count] of Object.entries(point.codes)) codes.set(code, (codes.get(code) ?? 0) + count)
    for (const side of ['in', 'out', 'earned'] as const) for (const [key, amount] of Object.entries(point[side])) add(sums[side], key, amount)
  }
  const asMoney = (amounts: Record<string, string>): Money[] => Object.entries(amounts).flatMap(([key, amount]) => {
    const asset = assets.get(key)
    return asset === undefined ? [] : [{ ...asset, amount }]
  })
  return {
    seconds, fulfilled, rejected, codes: [...codes].sort(([, a], [, b]) => b - a),
    in: asMoney(sums.in), out: asMoney(sums.out), earned: asMoney(sums.earned)
  }
}

/**
 * Points at even distances, with a hole (`undefined`) wherever the node told nothing: a gap in a chart is a gap. Of the last seconds,
 * `idleSince` says from when on nothing told means no packets.
 */
export function columns<K extends string> (
  points: readonly SeriesPoint[], from: number, until: number, stepMs: number, read: Record<K, (point: SeriesPoint) => number>,
  idleSince = Infinity
): { at: number[] } & { [name in K]: Array<number | undefined> } {
  const names = Object.keys(read) as K[]
  const length = Math.max(0, Math.floor((until - from) / stepMs))
  const at = Array.from({ length }, (_, index) => (from + index * stepMs) / 1000)
  const found = new Map<number, SeriesPoint>()
  for (const point of points) found.set(Math.floor((point.at - from) / stepMs), point)
  const read_ = Object.fromEntries(names.map(name => [name, at.map((_, index) => {
    const point = found.get(index)
    if (point !== undefined) return read[name](point)
    return from + index * stepMs >= idleSince ? 0 : undefined
  })])) as { [name in K]: Array<number | undefined> }
  return { at, ...read_ }
}

/** By peer: packets a second and answer times, over the seconds given. */
export function peerTraffic (seconds: readonly Traffic[]): Map<string, PeerTraffic> {
  const peers = new Map<string, PeerTraffic>()
  const total = Math.max(1, seconds.reduce((sum, second) => sum + second.seconds, 0))
  for (const second of seconds) {
    for (const { peerId, received, sent, p50, p99 } of second.accounts) {
      const known = peers.get(peerId) ?? { packetsIn: 0, packetsOut: 0, rejected: 0, p50: undefined, p99: undefined }
      peers.set(peerId, {
        packetsIn: known.packetsIn + (received.fulfilled + received.rejected) / total,
        packetsOut: known.packetsOut + (sent.fulfilled + sent.rejected) / total,
        rejected: known.rejected + received.rejected,
        p50: p50 ?? known.p50,
        p99: p99 === undefined ? known.p99 : Math.max(p99, known.p99 ?? 0)
      })
    }
  }
  return peers
}

function add (sums: Record<string, string>, key: string, amount: string): void {
  sums[key] = (baseUnits(sums[key]) + baseUnits(amount)).toString()
}
