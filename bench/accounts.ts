/**
 * What accounts cost that only wait for their peers, among 10, 1,000 and 10,000: `npm run bench:accounts [COUNT ...]`.
 * The bar: 10,000 start in 3 s and 250 MiB, a reconnect costs the same among 10 and among 10,000, and while all 10,000 come back at once
 * the packets of others wait less than 100 ms.
 *
 * The connector is a process of its own (`createApp`), all of whose accounts listen on one port. Their peers are in another, so that what
 * keeps them busy is not counted as a wait; two that pay each other all the time are in this one. Each account needs an open file in
 * either process: see `ulimit -n`.
 */
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { freePort } from '../examples/free-port.js'
import { authEntries } from '../plugins/btp/auth.js'
import PluginBtp from '../plugins/btp/index.js'
import { FrameType, encodeFrame } from '../plugins/btp/wire/frame.js'
import { createApp } from '../src/index.js'
import { encodePrepare } from '../src/packet/prepare.js'
import { encodeFulfill, isFulfill } from '../src/packet/reply.js'
import { Process } from './lib/processes.js'
import { Figures, tableOf } from './lib/table.js'

const COUNTS = [10, 1000, 10_000]
const RECONNECTS = 200
const PROBE_EVERY_MS = 5
const RETRY_MS = [100, 500, 1000, 2000]
const FULFILLMENT = Buffer.alloc(32, 7)
const executionCondition = createHash('sha256').update(FULFILLMENT).digest()

async function connector (count: number, port: number): Promise<void> {
  const storePath = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  const child = (username: string) => ({
    relation: 'child' as const,
    plugin: 'btp',
    assetCode: 'USD',
    assetScale: 9,
    balance: { maximum: '1000000000' },
    options: { listener: { port, username, secret: username } }
  })
  const names = ['payer', 'payee', ...Array.from({ length: count }, (_, i) => `child-${i}`)]
  const accounts = Object.fromEntries(names.map(name => [name, child(name)]))
  const startedAt = performance.now()
  const app = createApp({ ilpAddress: 'test.bench', backend: 'one-to-one', spread: 0, storePath, accounts })
  await app.listen()
  console.log(`started=${((performance.now() - startedAt) / 1000).toFixed(3)} s`)
  process.once('SIGTERM', () => {
    void app.shutdown().then(() => rm(storePath, { recursive: true })).then(() => process.exit())
  })
}

/** A peer, as small as it can be. */
class Peer {
  private socket: WebSocket | undefined

  constructor (private readonly name: string, private readonly port: number) {}

  /** Resolves when it is connected. Tries again until then. */
  async connect (): Promise<void> {
    for (let tries = 0; ; tries++) {
      if (await this.isLetIn()) return
      await wait((RETRY_MS[tries] ?? 2000) * (0.5 + Math.random()))
    }
  }

  drop (): void {
    this.socket?.terminate()
  }

  private async isLetIn (): Promise<boolean> {
    const socket = this.socket = new WebSocket(`ws://127.0.0.1:${this.port}`, { perMessageDeflate: false })
    socket.on('error', () => undefined)
    socket.on('open', () => {
      socket.send(encodeFrame({ type: FrameType.MESSAGE, requestId: 1, protocolData: authEntries(this.name, this.name, []) }))
    })
    const isIn = await new Promise<boolean>(resolve => {
      socket.once('message', data => { resolve((data as Buffer)[0] === FrameType.RESPONSE) })
      socket.once('close', () => { resolve(false) })
    })
    if (!isIn) socket.terminate()
    return isIn
  }
}

/** The peers of all accounts, in a process of their own: does what each message says, and answers when it is done. */
function peersOf (count: number, port: number): void {
  const peers = Array.from({ length: count }, (_, i) => new Peer(`child-${i}`, port))
  const orders: Record<string, () => Promise<void>> = {
    connect: async () => {
      for (let i = 0; i < peers.length; i += 100) await Promise.all(peers.slice(i, i + 100).map(peer => peer.connect()))
    },
    reconnect: async () => {
      for (let i = 0; i < RECONNECTS; i++) {
        const peer = peers[i % peers.length]
        peer?.drop()
        await peer?.connect()
      }
    },
    storm: async () => {
      for (const peer of peers) peer.drop()
      await Promise.all(peers.map(peer => peer.connect()))
    }
  }
  process.on('message', order => { void orders[String(order)]?.().then(() => process.send?.('done')) })
}

/** Pays over and over, and remembers the longest wait for an answer. */
class Probe {
  longestMs = 0
  private isRunning = true
  private readonly running: Promise<void>

  constructor (private readonly payer: PluginBtp) {
    this.running = this.run()
  }

  async stop (): Promise<number> {
    this.isRunning = false
    await this.running
    return this.longestMs
  }

  private async run (): Promise<void> {
    for (let i = 0; this.isRunning; i++) {
      const sentAt = performance.now()
      const reply = await this.payer.sendData(encodePrepare({
        amount: 1n, expiresAt: Date.now() + 30_000, executionCondition, destination: 'test.bench.payee', data: Buffer.from(String(i))
      }))
      if (!isFulfill(reply)) throw new Error(`a packet was not fulfilled: ${reply.toString('latin1')}`)
      this.longestMs = Math.max(this.longestMs, performance.now() - sentAt)
      await wait(PROBE_EVERY_MS)
    }
  }
}

async function measure (count: number): Promise<Figures> {
  const port = await freePort()
  const subject = new Process(fileURLToPath(import.meta.url), { args: ['connector', String(count), String(port)], nodeArgs: ['--max-semi-space-size=32'] })
  const [, seconds] = await subject.prints(/started=([\d.]+) s/)
  const startedMiB = subject.rssMiB()
  const [payer, payee] = ['payer', 'payee'].map(name => new PluginBtp({ server: `btp+ws://${name}:${name}@127.0.0.1:${port}` }))
  if (payer === undefined || payee === undefined) throw new Error('unreachable')
  payee.registerDataHandler(() => Promise.resolve(encodeFulfill(FULFILLMENT, Buffer.alloc(0))))
  await Promise.all([payer.connect(), payee.connect()])
  const peers = fork(fileURLToPath(import.meta.url), ['peers', String(count), String(port)])
  const order = async (what: string): Promise<void> => {
    peers.send(what)
    await once(peers, 'message')
  }
  await order('connect')

  const cpuBefore = subject.cpuUs()
  await order('reconnect')
  const reconnectUs = (subject.cpuUs() - cpuBefore) / RECONNECTS

  const quiet = new Probe(payer)
  await wait(3000)
  const quietMs = await quiet.stop()
  const probe = new Probe(payer)
  const stormedAt = performance.now()
  await order('storm')
  const stormS = (performance.now() - stormedAt) / 1000
  const stormMs = await probe.stop()
  const figures = new Figures()
  figures.add({
    'start s': Number(seconds),
    'MiB started': startedMiB,
    'MiB all connected': subject.rssMiB(),
    'CPU us/reconnect': reconnectUs,
    'all are back s': stormS,
    'longest wait ms, quiet': quietMs,
    'longest wait ms, all come back': stormMs
  })
  await Promise.all([payer.disconnect(), payee.disconnect()])
  peers.kill()
  await subject.stop()
  return figures
}

const [, , first, ...rest] = process.argv
if (first === 'connector') {
  const [count, port] = rest.map(Number)
  await connector(count ?? 0, port ?? 0)
} else if (first === 'peers') {
  const [count, port] = rest.map(Number)
  peersOf(count ?? 0, port ?? 0)
} else {
  const counts = first === undefined ? COUNTS : [first, ...rest].map(Number)
  const rows: Record<string, Figures> = {}
  for (const count of counts) rows[`${count} accounts`] = await measure(count)
  console.log(tableOf('connector with', rows))
  process.exit()
}
