/**
 * What durable balances cost: packets per second and median latency with the embedded ledger on leveldown, against the same connector
 * with its ledger in memory, in turn and repeated, in one process and without sockets. `node dist/bench/ledger.js [in flight]`
 * The bar: at 100 in flight at least 85% of the packets per second of the ledger in memory.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EventEmitter } from 'node:events'
import reductModule from 'reduct'
import { createApp, type App } from '../src/app.js'
import { LedgerService } from '../src/ledger/service.js'
import { MemoryLedger } from '../src/ledger/memory-ledger.js'
import { encodePrepare } from '../src/packet/prepare.js'
import { encodeFulfill, isFulfill } from '../src/packet/reply.js'
import { createHash, randomBytes } from 'node:crypto'

const ROUNDS = 5
const ROUND_MS = 2000
const FULFILLMENT = Buffer.alloc(32)
const FULFILL = encodeFulfill(FULFILLMENT, Buffer.alloc(0))
const executionCondition = createHash('sha256').update(FULFILLMENT).digest()

type Handler = (data: Buffer) => Promise<Buffer>

/** A peer in the same process, which fulfills at once. */
class Peer extends EventEmitter {
  static readonly version = 2
  receive: Handler = () => Promise.reject(new Error('not registered'))
  connect (): Promise<void> { return Promise.resolve() }
  disconnect (): Promise<void> { return Promise.resolve() }
  isConnected (): boolean { return true }
  sendData (_data: Buffer): Promise<Buffer> { return Promise.resolve(FULFILL) }
  sendMoney (): Promise<void> { return Promise.resolve() }
  registerDataHandler (handler: Handler): void { this.receive = handler }
  deregisterDataHandler (): void { /* nobody asks */ }
  registerMoneyHandler (): void { /* nobody pays */ }
  deregisterMoneyHandler (): void { /* nobody asks */ }
}

class InMemory {
  readonly ledger = new MemoryLedger()
  open (): Promise<void> { return Promise.resolve() }
  close (): Promise<void> { return Promise.resolve() }
}

interface Subject {
  name: string
  app: App
  sender: Peer
  perSecond: number[]
  latenciesMs: number[]
  cpuUs: number[]
}

async function start (name: string, durable: boolean, path: string): Promise<Subject> {
  const sender = new Peer()
  const container = reductModule.default()
  if (!durable) container.setOverride(LedgerService, InMemory)
  const account = {
    relation: 'child' as const,
    assetCode: 'USD',
    assetScale: 9,
    balance: { maximum: '1000000000000', minimum: '-1000000000000' },
    rateLimit: { refillCount: 1_000_000_000 }
  }
  const app = createApp({
    ilpAddress: 'test.bench',
    backend: 'one-to-one',
    spread: 0,
    storePath: path,
    accounts: { alice: { ...account, plugin: sender }, bob: { ...account, plugin: new Peer() } }
  }, container)
  await app.listen()
  return { name, app, sender, perSecond: [], latenciesMs: [], cpuUs: [] }
}

async function round ({ sender, perSecond, latenciesMs, cpuUs }: Subject, inFlight: number): Promise<void> {
  const startedAt = performance.now()
  const cpuBefore = process.cpuUsage()
  let packets = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - startedAt < ROUND_MS) {
      const sentAt = performance.now()
      const reply = await sender.receive(encodePrepare({
        amount: 1n, expiresAt: Date.now() + 30_000, executionCondition, destination: 'test.bench.bob.x', data: randomBytes(16)
      }))
      if (!isFulfill(reply)) throw new Error('a packet was not fulfilled')
      packets++
      if (packets % 16 === 0) latenciesMs.push(performance.now() - sentAt)
      if (packets % 64 === 0) await new Promise(resolve => { setImmediate(resolve) }) // as sockets would
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const { user, system } = process.cpuUsage(cpuBefore)
  cpuUs.push((user + system) / packets)
  perSecond.push(packets * 1000 / (performance.now() - startedAt))
}

function median (values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN
}

const inFlight = Number(process.argv[2] ?? 100)
process.stdout.write = new Proxy(process.stdout.write.bind(process.stdout), {
  apply: (write, stdout, args: [unknown]) => String(args[0]).includes(' connector:') || Reflect.apply(write, stdout, args) as boolean
})
const path = await mkdtemp(join(tmpdir(), 'bench-ledger-'))
const subjects = [await start('in memory', false, join(path, 'memory')), await start('durable', true, join(path, 'durable'))]
for (let i = 0; i <= ROUNDS; i++) {
  for (const subject of subjects) await round(subject, inFlight)
  if (i === 0) for (const subject of subjects) subject.perSecond.length = subject.latenciesMs.length = subject.cpuUs.length = 0 // warm-up
}
const [memory, durable] = subjects.map(({ name, perSecond, latenciesMs, cpuUs }) => {
  const figures = { rate: median(perSecond), latencyMs: median(latenciesMs) }
  console.log(`${name.padEnd(10)} ${figures.rate.toFixed(0).padStart(7)} packets/s   median latency ${figures.latencyMs.toFixed(2)} ms   CPU ${median(cpuUs).toFixed(1)} us/packet`)
  return figures
})
if (memory !== undefined && durable !== undefined) {
  console.log(`durable / in memory: ${(100 * durable.rate / memory.rate).toFixed(1)}% of the packets per second (bar: 85% at 100 in flight), ` +
    `${(durable.latencyMs - memory.latencyMs).toFixed(2)} ms added`)
}
for (const { app } of subjects) await app.shutdown()
await rm(path, { recursive: true, force: true })
