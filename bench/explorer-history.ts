/**
 * What the explorer's history costs with a million events in it: `npm run bench:explorer` (about a minute; EVENTS sets another number).
 * Takes events as a busy node makes them, opens the history again, and asks the slowest questions. Of each step: the time, the
 * processor's time in all threads, and the longest turn of the event loop, because packets wait so long.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import type { EventFilter } from '../src/contracts/explorer-events.js'
import { History } from '../src/explorer/history.js'
import { busyEvents } from './lib/explorer-events.js'

const EVENTS = Number(process.env.EVENTS ?? 1_000_000)
/** After 2,000 events, because more than the disk takes would be lost. */
const PAUSE_MS = 50
/** Runs it, and prints what it cost and said. */
async function measure<Result> (name: string, run: () => Promise<Result>, say: (result: Result, cpuUs: number) => string): Promise<void> {
  const turns = { longest: 0, last: performance.now() }
  const watch = setInterval(() => {
    const now = performance.now()
    turns.longest = Math.max(turns.longest, now - turns.last - 1)
    turns.last = now
  }, 1)
  const before = process.cpuUsage()
  const began = performance.now()
  const result = await run()
  const ms = performance.now() - began
  const { user, system } = process.cpuUsage(before)
  await setTimeout(2)
  clearInterval(watch)
  const figures = [ms, (user + system) / 1000, turns.longest].map(figure => figure.toFixed(1).padStart(8))
  console.log(`${name.padEnd(34)} ${figures[0]} ms  CPU ${figures[1]} ms  longest turn ${figures[2]} ms  ${say(result, user + system)}`)
}

async function bytesIn (path: string): Promise<number> {
  const sizes = await Promise.all((await readdir(path)).map(async file => (await stat(join(path, file))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}

const path = await mkdtemp(join(tmpdir(), 'sluice-history-'))
try {
  const writing = new History({ path, maxEvents: EVENTS * 2 })
  await writing.open()
  let packetId = ''
  await measure('take and write', async () => {
    let taken = 0
    for (const event of busyEvents(EVENTS)) {
      if (taken++ === Math.floor(EVENTS / 3) && 'packetId' in event) packetId = event.packetId
      writing.add(event)
      if (taken % 2000 === 0) await setTimeout(PAUSE_MS)
      else if (taken % 50 === 0) await setImmediate()
    }
    await writing.close()
    return taken
  }, (taken, cpuUs) => `${(cpuUs / taken).toFixed(1)} us CPU an event, with making it; lost ${writing.status().lost}`)
  console.log(`on disk: ${(await bytesIn(path) / 1e6).toFixed(0)} MB in ${(await readdir(path)).length} files`)
  const memory = process.memoryUsage().rss
  const history = new History({ path, maxEvents: EVENTS * 2 })
  await measure('open', () => history.open(), () => `${history.status().eventCount} events`)
  console.log(`memory: ${((process.memoryUsage().rss - memory) / 1e6).toFixed(0)} MB more`)
  const since = Date.now() - 40 * 60 * 60 * 1000
  const questions: Array<[string, Partial<EventFilter>]> = [
    ['the newest', {}],
    ['peer, types, since', { peerId: 'peer-7', types: ['PACKET_REJECTED', 'PACKET_FULFILLED'], since }],
    ['rare: rejected, peer', { peerId: 'peer-8', types: ['PACKET_REJECTED'] }],
    ['balances, the oldest 5000', { types: ['ACCOUNT_BALANCE'], order: 'oldest', limit: 5000 }],
    ['one packet', { packetId }],
    ['direction, half way down', { direction: 'received', offset: Math.floor(EVENTS / 3) }],
    ['all, at the end', { offset: EVENTS - 100, limit: 100 }],
    ['until yesterday, oldest first', { until: Date.now() - 24 * 60 * 60 * 1000, order: 'oldest', offset: 1000 }]
  ]
  for (const round of [1, 2]) {
    for (const [name, filter] of questions) {
      await measure(`${name} (${round})`, () => history.query({ limit: 100, offset: 0, ...filter }), ({ events: rows, total }) => `${rows.length} of ${total}`)
    }
  }
  await history.close()
} finally {
  await rm(path, { recursive: true })
}
