/** Packets of a made node: what happens to them, as the node would tell of it and count it. */
import { randomBytes } from 'node:crypto'
import type { AccountTraffic, ExplorerEvent, PacketFulfilled, PacketRejected, Traffic } from '../../../src/contracts/explorer-events.js'
import type { PacketStory, SeriesPoint } from '../../../src/contracts/explorer.js'
import { pointOf } from '../../../web/model/traffic.js'
import { NODE, SCENE_PEERS } from './scene.js'

type ScenePeer = typeof SCENE_PEERS[number]
export type Answered = PacketFulfilled | PacketRejected

const WAYS: ReadonlyArray<readonly [from: number, to: number, weight: number]> =
  [[0, 3, 40], [0, 1, 22], [4, 3, 16], [1, 3, 3], [3, 0, 11], [2, 1, 8]]
const MINUTE_MS = 60_000
const RATES: Record<string, number> = { USD: 1, EUR: 0.92, XRP: 1.91 }
const REFUSALS = [
  { code: 'T04', message: 'exceeded maximum balance.', step: 'balance', words: "The packet would have brought what bob owes above bob's limit.", fix: 'A limit of 1,004.20 USD or more, or a settlement by bob.' },
  { code: 'F02', message: 'no route found.', step: 'route', words: 'No route leads to the destination.', fix: 'A peer that announces g.nowhere, or a route in the configuration.' },
  { code: 'R00', message: 'transfer timed out.', step: undefined, words: 'A connector further on did not answer in time.', fix: 'More time on the packet, or a shorter way.' }
] as const

function peerAt (index: number): ScenePeer {
  return SCENE_PEERS[index] ?? SCENE_PEERS[0]
}

function pickWay (random: number): readonly [ScenePeer, ScenePeer] {
  let left = random * WAYS.reduce((sum, [, , weight]) => sum + weight, 0)
  for (const [from, to, weight] of WAYS) {
    left -= weight
    if (left <= 0) return [peerAt(from), peerAt(to)]
  }
  return [peerAt(0), peerAt(3)]
}

/** The events of one packet, from its arrival to its answer. */
export function packetEvents (now: number, random: () => number = Math.random): [ExplorerEvent, ...ExplorerEvent[]] {
  const [from, to] = pickWay(random())
  const refused = from.peerId === 'bob' || random() < 0.006
  const refusal = from.peerId === 'bob' ? REFUSALS[0] : REFUSALS[1 + Math.floor(random() * 2)] ?? REFUSALS[1]
  const units = Math.floor((0.0002 + random() * 0.024) * 10 ** from.assetScale)
  const rate = (RATES[to.assetCode] ?? 1) / (RATES[from.assetCode] ?? 1)
  const sent = Math.floor(units * rate * 0.998 * 10 ** (to.assetScale - from.assetScale))
  const packetId = randomBytes(32).toString('hex')
  const destination = refused && refusal.code === 'F02' ? 'g.nowhere.shop' : `${to.address}.${['shop', 'api', 'inbox', 'till'][Math.floor(random() * 4)] ?? 'shop'}`
  const took = refused ? 0.4 + random() : 18 + random() * 90
  const base = { nodeId: 'sluice', packetId, destination, from: from.peerId, timestamp: now }
  const incoming = { ...base, amount: units.toString(), assetCode: from.assetCode, assetScale: from.assetScale }
  const steps = [
    { step: 'rateLimit', accountId: from.peerId, at: 0.1 }, { step: 'maxPacketAmount', accountId: from.peerId, at: 0.1 },
    { step: 'balance', accountId: from.peerId, at: 0.2, note: '349.08 USD left' },
    { step: 'route', accountId: from.peerId, at: 0.3, note: `${to.address} by ${to.peerId}, 3 candidates` },
    { step: 'rate', accountId: to.peerId, at: 0.3, note: `1 ${from.assetCode} = ${rate.toFixed(4)} ${to.assetCode}` },
    { step: 'balance', accountId: to.peerId, at: 0.4 }, { step: 'send', accountId: to.peerId, at: 0.5 }
  ]
  const received: ExplorerEvent = { type: 'PACKET_RECEIVED', ...incoming, bytes: 212, expiresAt: now + 30_000 }
  if (refused) {
    const until = steps.findIndex(({ step }) => step === refusal.step)
    return [received, {
      type: 'PACKET_REJECTED', ...incoming, ...refusal.step === 'route' ? {} : { to: to.peerId }, took, steps: until < 0 ? steps : steps.slice(0, until + 1),
      code: refusal.code, message: refusal.message, triggeredBy: refusal.step === undefined ? to.address : NODE,
      ...refusal.step === undefined ? {} : { refusedBy: { step: refusal.step, accountId: from.peerId } }
    }]
  }
  return [received,
    { type: 'PACKET_FORWARDED', ...base, amount: sent.toString(), assetCode: to.assetCode, assetScale: to.assetScale, to: to.peerId },
    { type: 'PACKET_FULFILLED', ...incoming, to: to.peerId, took, steps, fulfillment: randomBytes(32).toString('hex') }]
}

export function storyOf (event: Answered): PacketStory {
  const refusal = event.type === 'PACKET_REJECTED' ? REFUSALS.find(({ code }) => code === event.code) : undefined
  return {
    packetId: event.packetId, from: event.from, destination: event.destination, steps: event.steps,
    ...event.to === undefined ? {} : { to: event.to },
    received: { amount: event.amount, assetCode: event.assetCode, assetScale: event.assetScale },
    ...event.type === 'PACKET_FULFILLED' ? { forwarded: { amount: event.amount, assetCode: 'EUR', assetScale: 6 } } : {},
    arrivedAt: event.timestamp, expiresAt: event.timestamp + 30_000, took: event.took,
    outcome: event.type === 'PACKET_FULFILLED' ? 'fulfilled' : 'rejected',
    ...event.type === 'PACKET_REJECTED'
      ? { refusal: { code: event.code, message: event.message, triggeredBy: event.triggeredBy, words: refusal?.words ?? '', fix: refusal?.fix ?? '', ...event.refusedBy === undefined ? {} : { step: event.refusedBy.step } } }
      : {}
  }
}

/** What a second with so many packets comes to. */
export function secondOf (timestamp: number, packets: number): Traffic {
  const accounts = SCENE_PEERS.map((peer, index): AccountTraffic => {
    const came = Math.round(packets * ([0.62, 0.03, 0.08, 0.11, 0.16][index] ?? 0))
    const went = Math.round(packets * ([0.11, 0.27, 0, 0.59, 0][index] ?? 0))
    const refused = peer.peerId === 'bob' ? came : Math.round(came * 0.006)
    const amount = (count: number): string => (BigInt(count) * 12n * 10n ** BigInt(peer.assetScale) / 1000n).toString()
    return {
      peerId: peer.peerId, assetCode: peer.assetCode, assetScale: peer.assetScale,
      received: { fulfilled: came - refused, rejected: refused, amount: amount(came - refused) },
      sent: { fulfilled: went, rejected: 0, amount: amount(went) },
      codes: refused > 0 ? { [peer.peerId === 'bob' ? 'T04' : 'F02']: refused } : {}, ...came > 0 ? { p50: 38 + index * 7, p99: 92 + index * 11 } : {}
    }
  })
  const earned = BigInt(Math.round(packets)) * 24n
  return { type: 'TRAFFIC', nodeId: 'sluice', seconds: 1, accounts, timestamp, earned: [{ assetCode: 'USD', assetScale: 6, amount: earned.toString() }] }
}

/** How many packets there are at a time: more by day than by night, and never quite the same. */
export function packetsAt (at: number, perSecond: number): number {
  const noise = Math.sin(at / 1000 * 12.9898) * 43_758.5453
  const slow = Math.sin(at / 47_000) * 0.1 + Math.sin(at / 13_000) * 0.05
  return Math.round(perSecond * (1 + 0.45 * Math.sin(at / 86_400_000 * 2 * Math.PI - 1.9) + slow + 0.12 * (noise - Math.floor(noise))))
}

/** What the node remembers, with a gap in it as of a node that was stopped. */
export function pastOf (since: number, until: number, stepMs: number, perSecond: number): SeriesPoint[] {
  const points: SeriesPoint[] = []
  for (let at = Math.ceil(since / stepMs) * stepMs; at <= until; at += stepMs) {
    const part = (at - since) / (until - since)
    if (stepMs >= MINUTE_MS && part > 0.31 && part < 0.335) continue
    points.push({ ...pointOf(secondOf(at, packetsAt(at, perSecond) * stepMs / 1000)), at })
  }
  return points
}
