/**
 * What the node tells while the page is open. Events wait for the next frame of the screen and are taken in together; under a flood a few
 * frames are left out, because nobody reads sixty tables a second. Everything is bounded, also while the page is paused or hidden.
 */
import { signal } from '@preact/signals'
import type { ExplorerEvent, Traffic } from '../../src/contracts/explorer-events.js'
import type { SeriesPoint } from '../../src/contracts/explorer.js'
import { PacketRing, isPacketEvent } from '../model/packets.js'
import { pointOf } from '../model/traffic.js'
import { lineOf, type EventLine } from '../model/words.js'
import { now, paused } from './page.js'
import { refresh } from './resource.js'

/** Packets, and other events, that the live table keeps. */
const RING = 1000
/** Events that wait for a frame, or for the end of a pause. */
const WAITING_MAX = 2000
const TRAFFIC_SECONDS = 300
const ACCOUNT_SECONDS = 60
/** After a frame with many events the next one comes so much later. */
const CALM_MS = 200
const MANY = 30
/** Answers that events make old are asked for at most so often. */
const REFRESH_MS = 1000

export const packets = new PacketRing(RING)
const lines: EventLine[] = []
/** Exact counts of the last seconds, of the node and of each account. */
export const seconds = signal<readonly SeriesPoint[]>([])
export const accountSeconds = signal<readonly Traffic[]>([])
/** Changes whenever packets or lines did. */
export const version = signal(0)
/** Packets that the node counted and did not tell of. */
export const leftOut = signal(0)
/** Events that came during a pause. */
export const missed = signal(0)

let waiting: ExplorerEvent[] = []
let frame: number | undefined
let lastFlush = 0
let lastCount = 0
let serial = 0
const stale = new Set<string>()
let refreshTimer: ReturnType<typeof setTimeout> | undefined

/** The newest first. */
export function newestLines (limit: number, wanted: (line: EventLine) => boolean = () => true): EventLine[] {
  const found: EventLine[] = []
  for (let at = lines.length - 1; at >= 0 && found.length < limit; at--) {
    const line = lines[at]
    if (line !== undefined && wanted(line)) found.push(line)
  }
  return found
}

export function receive (event: ExplorerEvent): void {
  waiting.push(event)
  if (waiting.length > WAITING_MAX) waiting = waiting.slice(-WAITING_MAX / 2)
  if (paused.peek()) {
    if (isPacketEvent(event)) missed.value++
    return
  }
  frame ??= requestAnimationFrame(flush)
}

export function pause (): void {
  paused.value = true
}

export function resume (): void {
  paused.value = false
  missed.value = 0
  now.value = Date.now()
  frame ??= requestAnimationFrame(flush)
  refresh('api/')
}

/** Counts from before the page was connected: at its start, and for the time that it was not. */
export function fillIn (points: readonly SeriesPoint[]): void {
  const known = new Set(seconds.value.map(({ at }) => Math.round(at / 1000)))
  const missing = points.filter(({ at }) => !known.has(Math.round(at / 1000)))
  seconds.value = [...seconds.value, ...missing].sort((a, b) => a.at - b.at).slice(-TRAFFIC_SECONDS)
}

function flush (): void {
  frame = undefined
  if (paused.peek()) return
  if (lastCount > MANY && performance.now() - lastFlush < CALM_MS) {
    frame = requestAnimationFrame(flush)
    return
  }
  const events = waiting
  waiting = []
  lastFlush = performance.now()
  lastCount = events.length
  if (events.length > 0) take(events)
}

function take (events: readonly ExplorerEvent[]): void {
  const counts: Traffic[] = []
  let rows = false
  for (const event of events.filter(isWhole)) {
    if (isPacketEvent(event)) {
      packets.add(event)
      rows = true
    } else if (event.type === 'TRAFFIC') {
      if (event.seconds === 1) counts.push(event)
    } else if (event.type === 'ACCOUNT_BALANCE') {
      makeStale('api/peers')
    } else if (event.type === 'PACKETS_LEFT_OUT') {
      leftOut.value += event.count
    } else {
      rows = tell(event) || rows
    }
  }
  if (counts.length > 0) {
    seconds.value = [...seconds.value, ...counts.map(pointOf)].slice(-TRAFFIC_SECONDS)
    accountSeconds.value = [...accountSeconds.value, ...counts].slice(-ACCOUNT_SECONDS)
  }
  if (rows) version.value++
}

/** Newer nodes may tell of more; what is not as the contract says is not worth ending the page for. */
function isWhole (event: ExplorerEvent): boolean {
  return event.type !== 'TRAFFIC' || (Array.isArray(event.accounts) && Array.isArray(event.earned))
}

/** Keeps its line, and lets panels ask again that it makes old. */
function tell (event: ExplorerEvent): boolean {
  const line = lineOf(event, `event-${serial++}`)
  if (line === undefined) return false
  lines.push(line)
  if (lines.length > RING) lines.splice(0, lines.length - RING)
  if (event.type.startsWith('PEER_')) makeStale('api/peers', 'api/overview')
  else if (event.type.startsWith('ROUTE_')) makeStale('api/routes')
  else if (event.type === 'NODE_STATUS') makeStale('api/overview')
  else makeStale('api/channels', 'api/settlements', 'api/balances')
  return true
}

function makeStale (...paths: string[]): void {
  for (const path of paths) stale.add(path)
  refreshTimer ??= setTimeout(() => {
    refreshTimer = undefined
    for (const path of stale) refresh(path)
    stale.clear()
  }, REFRESH_MS)
}
