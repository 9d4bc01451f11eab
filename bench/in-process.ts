/**
 * A connector in this process, without sockets: every account pays the next one, which fulfills at once. Prints its figures as JSON.
 * `node dist/bench/in-process.js reference|sluice ACCOUNTS MS WARM_UP_MS`
 */
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../src/connector/connector.js'
import { encodePrepare } from '../src/packet/prepare.js'
import { encodeFulfill, isFulfill } from '../src/packet/reply.js'
import type { DataHandler, PluginInstance } from '../src/contracts/plugin.js'
import { quantile } from './lib/load.js'

const IN_FLIGHT = 100
/** Sockets would let the event loop go round, too. */
const PACKETS_PER_TURN = 64
const FULFILLMENT = Buffer.alloc(32, 7)
const FULFILL = encodeFulfill(FULFILLMENT, Buffer.alloc(0))
const executionCondition = createHash('sha256').update(FULFILLMENT).digest()

class Peer extends EventEmitter implements PluginInstance {
  static readonly version = 2
  receive: DataHandler = () => Promise.reject(new Error('nobody listens'))
  connect (): Promise<void> { return Promise.resolve() }
  disconnect (): Promise<void> { return Promise.resolve() }
  isConnected (): boolean { return true }
  sendData (_packet: Buffer): Promise<Buffer> { return Promise.resolve(FULFILL) }
  sendMoney (): Promise<void> { return Promise.resolve() }
  registerDataHandler (handler: DataHandler): void { this.receive = handler }
  deregisterDataHandler (): void { /* nobody asks */ }
  registerMoneyHandler (): void { /* nobody pays */ }
  deregisterMoneyHandler (): void { /* nobody asks */ }
}

interface Connector {
  listen (): Promise<void>
  shutdown (): Promise<void>
}

type Create = (options: Parameters<typeof createApp>[0]) => Connector

function creatorOf (name: string | undefined): Create {
  if (name === 'sluice') return createApp
  const { default: createReference } = createRequire(import.meta.url)('ilp-connector/dist/app') as { default: Create }
  return createReference
}

async function pay (peers: readonly Peer[], ms: number): Promise<{ packets: number, seconds: number, latencies: Float64Array }> {
  const latencies: number[] = []
  const serial = Buffer.alloc(8)
  const startedAt = performance.now()
  let packets = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - startedAt < ms) {
      const number = packets++
      serial.writeDoubleBE(startedAt + number)
      const sentAt = performance.now()
      const prepare = encodePrepare({
        amount: 100n,
        expiresAt: Date.now() + 30_000,
        executionCondition,
        destination: `test.bench.peer${(number + 1) % peers.length}`,
        data: serial
      })
      const reply = await peers[number % peers.length]?.receive(prepare)
      if (reply === undefined || !isFulfill(reply)) throw new Error(`a packet was not fulfilled: ${reply?.toString('latin1') ?? ''}`)
      latencies.push(performance.now() - sentAt)
      if (number % PACKETS_PER_TURN === 0) await new Promise(resolve => { setImmediate(resolve) })
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return { packets, seconds: (performance.now() - startedAt) / 1000, latencies: Float64Array.from(latencies).sort() }
}

const [, , name, accounts, ms, warmUpMs] = process.argv
const storePath = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
const peers = Array.from({ length: Number(accounts) }, () => new Peer())
const app = creatorOf(name)({
  ilpAddress: 'test.bench',
  backend: 'one-to-one',
  spread: 0,
  ...(name === 'sluice' ? { storePath } : { store: 'ilp-store-memory' }),
  accounts: Object.fromEntries(peers.map((plugin, i) => [`peer${i}`, {
    relation: 'child' as const,
    plugin,
    assetCode: 'USD',
    assetScale: 9,
    balance: { minimum: '-1000000000000000', maximum: '1000000000000000' },
    rateLimit: { refillCount: 1_000_000_000 }
  }]))
})
const staying = setInterval(() => undefined, 1000) // as sockets would: the connector's own timers keep no process
await app.listen()
await pay(peers, Number(warmUpMs))
const cpuBefore = process.cpuUsage()
const { packets, seconds, latencies } = await pay(peers, Number(ms))
const { user, system } = process.cpuUsage(cpuBefore)
console.log(`\nfigures ${JSON.stringify({
  'CPU us/packet': (user + system) / packets,
  'packets/s': packets / seconds,
  'p50 ms': quantile(latencies, 0.5),
  'p99 ms': quantile(latencies, 0.99),
  'RSS MiB': process.memoryUsage.rss() / 2 ** 20
})}`)
await app.shutdown()
await rm(storePath, { recursive: true, force: true })
clearInterval(staying)
process.exit()
