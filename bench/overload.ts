/**
 * What service is left under overload: `npm run bench:overload`. Against the built daemon, over BTP:
 *
 * - three times the load that it can serve: how much of its maximum it keeps, and how soon the rest is rejected;
 * - a peer that keeps sending beyond its rate limit, and thousands of sockets that never authenticate or send one byte a second: how much
 *   of its rate a well-behaved peer keeps. With and without them, in turn and repeated.
 */
import { connect, type Socket } from 'node:net'
import { Load, median, quantile, type Sample } from './lib/load.js'
import { Party } from './lib/party.js'
import { startSluice, type Sluice } from './lib/subjects.js'
import { PrepareTemplate } from './lib/wire.js'

const WARM_UP_MS = 5000
const ROUND_MS = 1000
const ROUNDS = 15
const WINDOW = 1000
const SILENT_SOCKETS = 2000
const BYTE_INTERVAL_MS = 1000
const COME_BACK_MS = 5000

interface Rate {
  perSecond: number
  /** Packets per second of the connector's CPU: what is left when others use the machine, too. */
  perCpuSecond: number
}

async function rateOf ({ process }: Sluice, run: () => Promise<Sample>): Promise<Rate & Sample> {
  const cpuBefore = process.cpuUs()
  const sample = await run()
  const fulfilled = sample.outcomes.get('fulfill') ?? 0
  return { ...sample, perSecond: fulfilled / sample.seconds, perCpuSecond: fulfilled * 1e6 / (process.cpuUs() - cpuBefore) }
}

function percent (values: readonly Rate[], of: readonly Rate[]): string {
  const ratio = (key: keyof Rate): string => (100 * median(values.map(rate => rate[key])) / median(of.map(rate => rate[key]))).toFixed(1)
  return `${ratio('perSecond')}% (per second of CPU: ${ratio('perCpuSecond')}%)`
}

/** Returns its maximum, in packets per second. */
async function threeTimes (sluice: Sluice): Promise<number> {
  const { alice, bob } = sluice
  alice.together = bob.together = true
  const load = new Load(alice, new PrepareTemplate('test.bench.bob', 0))
  const most: Rate[] = []
  const overloaded: Rate[] = []
  const answers = new Map<string, number>()
  const refusedMs: number[] = []
  const servedMs: number[] = []
  let offered = 0
  for (let i = 0; i < ROUNDS; i++) {
    const closed = await rateOf(sluice, () => load.closedLoop(WINDOW, ROUND_MS))
    most.push(closed)
    const open = await rateOf(sluice, () => load.openLoop(3 * closed.perSecond, ROUND_MS))
    overloaded.push(open)
    if (open.unanswered > 0) throw new Error(`packets were not answered. count=${open.unanswered}`)
    for (const [outcome, count] of open.outcomes) answers.set(outcome, (answers.get(outcome) ?? 0) + count)
    refusedMs.push(quantile(open.latencies.get('T03'), 0.99))
    servedMs.push(quantile(open.latencies.get('fulfill'), 0.99))
    offered += open.packets / (open.seconds * closed.perSecond) / ROUNDS
  }
  alice.together = bob.together = false
  console.log(`at ${offered.toFixed(1)} times its maximum (${median(most.map(rate => rate.perSecond)).toFixed(0)} packets/s) it serves ${percent(overloaded, most)} of it`)
  console.log(`  answers: ${[...answers].map(([outcome, count]) => `${outcome} ${count}`).join(', ')}; p99 of a refusal ${median(refusedMs).toFixed(0)} ms, ` +
    `of a Fulfill ${median(servedMs).toFixed(0)} ms`)
  return median(most.map(rate => rate.perSecond))
}

/** What a good peer that sends a third of what could be served keeps of its rate, and waits for answers, while `disturb` goes on. */
async function besides (sluice: Sluice, perSecond: number, title: string, disturb: () => Promise<() => Promise<void>>): Promise<void> {
  const load = new Load(sluice.alice, new PrepareTemplate('test.bench.bob', 0))
  const alone: Array<Rate & Sample> = []
  const disturbed: Array<Rate & Sample> = []
  for (let i = 0; i < ROUNDS; i++) {
    alone.push(await rateOf(sluice, () => load.openLoop(perSecond, ROUND_MS)))
    const stop = await disturb()
    disturbed.push(await rateOf(sluice, () => load.openLoop(perSecond, ROUND_MS)))
    await stop()
  }
  const waits = (q: number): string =>
    [alone, disturbed].map(samples => median(samples.map(({ latencies }) => quantile(latencies.get('fulfill'), q))).toFixed(1)).join(' -> ')
  console.log(`next to ${title}, a good peer (${perSecond.toFixed(0)} packets/s) keeps ${percent(disturbed, alone)} of its rate; ` +
    `p50 ${waits(0.5)} ms, p99 ${waits(0.99)} ms`)
}

/** As many packets beyond the limit as the socket takes. */
async function flood (port: number): Promise<() => Promise<void>> {
  const mallory = await Party.connect({ port, username: 'mallory' })
  const template = new PrepareTemplate('test.bench.bob', 0)
  template.expireAt(Date.now() + 60_000)
  mallory.together = true
  let id = 0
  const timer = setInterval(() => {
    for (let i = 0; i < 1000 && mallory.socket.writableLength === 0; i++) mallory.send(template, id = (id + 1) >>> 0)
    mallory.flush()
  }, 1)
  return async () => {
    clearInterval(timer)
    await mallory.close()
  }
}

/** Half of them say nothing at all, the others a byte a second. They come back when they are sent away. */
function dribble (port: number): Promise<() => Promise<void>> {
  const sockets = new Set<Socket>()
  let isOver = false
  const come = (speaks: boolean): void => {
    const socket = connect(port, '127.0.0.1')
    sockets.add(socket)
    const timer = speaks ? setInterval(() => { socket.write('G') }, BYTE_INTERVAL_MS) : undefined
    socket.on('error', () => undefined)
    socket.on('close', () => {
      clearInterval(timer)
      sockets.delete(socket)
      if (!isOver) setTimeout(() => { if (!isOver) come(speaks) }, COME_BACK_MS)
    })
  }
  for (let i = 0; i < SILENT_SOCKETS; i++) come(i % 2 === 0)
  return Promise.resolve(() => {
    isOver = true
    for (const socket of sockets) socket.destroy()
    return Promise.resolve()
  })
}

const sluice = await startSluice({ accounts: { mallory: { rateLimit: { refillCount: 100, refillPeriod: 1000 } } } })
await new Load(sluice.alice, new PrepareTemplate('test.bench.bob', 0)).closedLoop(WINDOW, WARM_UP_MS)
const third = await threeTimes(sluice) / 3
await besides(sluice, third, 'a peer that floods beyond its rate limit', () => flood(sluice.port))
await besides(sluice, third, `${SILENT_SOCKETS} sockets that never say who they are`, () => dribble(sluice.port))
await sluice.stop()
