/** What the tests of the BTP plugin share: plugins that are closed after each test, and a peer that speaks the wire by hand. */
import { once } from 'node:events'
import { format } from 'node:util'
import * as BtpPacket from 'btp-packet'
import sinon from 'sinon'
import type { SinonFakeTimers } from 'sinon'
import { WebSocket } from 'ws'
import PluginBtp from '../../plugins/btp/index.js'
import type { Logger } from '../../src/contracts/logger.js'
import { nextTurn } from './waiting.js'

export const SECRET = 'the-secret-of-the-test'

const closers: Array<() => unknown> = []

/** Runs after the test, whatever its outcome. The last to be added runs first. */
export function afterTest (close: () => unknown): void {
  closers.push(close)
}

/** For `afterEach` of every suite that uses this file. */
export async function closeAll (): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

export class TestLog implements Logger {
  readonly lines: string[] = []
  readonly debugEnabled = true

  error (...args: unknown[]): void { this.lines.push(format(...args)) }
  warn (...args: unknown[]): void { this.lines.push(format(...args)) }
  info (...args: unknown[]): void { this.lines.push(format(...args)) }
  debug (...args: unknown[]): void { this.lines.push(format(...args)) }
  trace (...args: unknown[]): void { this.lines.push(format(...args)) }
}

const store = { get: () => Promise.resolve(undefined), put: () => Promise.resolve(), del: () => Promise.resolve() }

export function makePlugin (options: Record<string, unknown>, log: Logger = new TestLog()): PluginBtp {
  const plugin = new PluginBtp(options, { store, log })
  afterTest(() => plugin.disconnect())
  return plugin
}

export interface Listening {
  plugin: PluginBtp
  port: number
  /** Resolves when a peer is there. */
  connected: Promise<void>
}

/** A plugin that listens, by default on a free port with SECRET. */
export async function listening (
  listener: Record<string, unknown> = {}, options: Record<string, unknown> = {}, log?: Logger
): Promise<Listening> {
  const plugin = makePlugin({ ...options, listener: { port: 0, secret: SECRET, ...listener } }, log)
  const connected = plugin.connect()
  connected.catch(() => undefined)
  return { plugin, port: await portOf(plugin, connected), connected }
}

/** The port that a plugin listens on, once it does. Rejects when `connecting` does first. */
export async function portOf (plugin: Pick<PluginBtp, 'getAdminInfo'>, connecting: Promise<void>): Promise<number> {
  for (;;) {
    const { listener } = await plugin.getAdminInfo() as { listener?: { port: number } }
    if (listener !== undefined) return listener.port
    await Promise.race([nextTurn(), connecting])
  }
}

/** A port that nobody listens on. */
export async function freePort (): Promise<number> {
  const { plugin, port } = await listening()
  await plugin.disconnect()
  return port
}

export function serverUrl (port: number, token = SECRET, username = ''): string {
  return `btp+ws://${username}:${token}@127.0.0.1:${port}`
}

export interface Pair {
  server: PluginBtp
  client: PluginBtp
  port: number
}

/** Two plugins, connected. */
export async function connectedPair (
  serverOptions: Record<string, unknown> = {}, clientOptions: Record<string, unknown> = {}
): Promise<Pair> {
  const { plugin, port, connected } = await listening({}, serverOptions)
  const client = makePlugin({ server: serverUrl(port), ...clientOptions })
  await client.connect()
  await connected
  return { server: plugin, client, port }
}

export type Packet = ReturnType<typeof BtpPacket.deserialize>

/** A peer that says and hears exactly what the test wants, through btp-packet. */
export class HandPeer {
  readonly received: Packet[] = []
  readonly closed: Promise<number>
  readonly #waiting: Array<(packet: Packet) => void> = []
  #read = 0

  constructor (readonly ws: WebSocket) {
    this.closed = once(ws, 'close').then(([code]: unknown[]) => Number(code))
    ws.on('error', () => undefined)
    ws.on('message', (data: Buffer) => {
      const packet = BtpPacket.deserialize(data)
      this.received.push(packet)
      const waiting = this.#waiting.shift()
      if (waiting === undefined) return
      this.#read++
      waiting(packet)
    })
    afterTest(() => ws.terminate())
  }

  /** The next packet that was not asked for yet. */
  next (): Promise<Packet> {
    const packet = this.received[this.#read]
    if (packet === undefined) return new Promise(resolve => this.#waiting.push(resolve))
    this.#read++
    return Promise.resolve(packet)
  }

  message (requestId: number, ilp: Buffer): void {
    this.ws.send(BtpPacket.serializeMessage(requestId, [ilpEntry(ilp)]))
  }

  respond (requestId: number, ilp: Buffer): void {
    this.ws.send(BtpPacket.serializeResponse(requestId, [ilpEntry(ilp)]))
  }

  authenticate (token = SECRET, username?: string): void {
    this.ws.send(authMessage(token, username))
  }
}

function ilpEntry (data: Buffer): BtpPacket.ProtocolData {
  return { protocolName: 'ilp', contentType: 0, data }
}

export function authMessage (token: string, username?: string, requestId = 1): Buffer {
  const text = (protocolName: string, value: string) => ({ protocolName, contentType: 1, data: Buffer.from(value) })
  return BtpPacket.serializeMessage(requestId, [
    { protocolName: 'auth', contentType: 0, data: Buffer.alloc(0) },
    ...(username === undefined ? [] : [text('auth_username', username)]),
    text('auth_token', token)
  ])
}

/** An open WebSocket to a listening plugin, not authenticated. */
export async function dial (port: number): Promise<HandPeer> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
  const peer = new HandPeer(ws)
  await once(ws, 'open')
  return peer
}

/** A peer that the plugin on `port` has let in. Rejects when it is refused, or not let in in time. */
export async function authenticated (port: number, token = SECRET, username?: string): Promise<HandPeer> {
  const peer = await dial(port)
  peer.authenticate(token, username)
  const answer = await Promise.race([peer.next(), peer.closed.then(code => { throw new Error(`not let in: closed with ${code}`) })])
  if (answer.type !== BtpPacket.TYPE_RESPONSE) throw new Error(`not let in: ${JSON.stringify(answer.data)}`)
  return peer
}

/** Holds every packet until it is told to answer them all. */
export function holding (plugin: PluginBtp): { count: () => number, release: (answer: Buffer) => void } {
  const held: Array<(answer: Buffer) => void> = []
  let count = 0
  plugin.registerDataHandler(() => new Promise(resolve => {
    count++
    held.push(resolve)
  }))
  return { count: () => count, release: answer => { for (const resolve of held.splice(0)) resolve(answer) } }
}

/** Ends the peer's connection, and waits until the plugin has noticed. */
export async function cut (peer: HandPeer, plugin: PluginBtp): Promise<void> {
  const disconnected = once(plugin, 'disconnect')
  peer.ws.terminate()
  await disconnected
}

/** Whatever the plugin has sent by now, without what it says to the first frame. Ends the peer's part in the test. */
export async function heardBy (peer: HandPeer): Promise<Packet[]> {
  const ponged = once(peer.ws, 'pong')
  peer.ws.ping()
  await ponged
  return peer.received.slice(1)
}

/** The text of a Response's first entry. */
export const textOf = ({ data }: Packet): string => String(data.protocolData[0]?.data)

/** What an Error frame said, from the error that a caller gets for it. */
export function btpErrorOf (err: Error): { code: string, name: string, data: string } {
  return JSON.parse(err.message) as { code: string, name: string, data: string }
}

/** Timers of ours stand still until the test moves them; sockets and immediates go on. */
export function fakeTimers (...also: Array<'Date'>): SinonFakeTimers {
  const clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', ...also], now: Date.now() })
  afterTest(() => clock.restore())
  return clock
}

/** Moves the timers on, a step per turn of the event loop, until `done`. */
export async function drive (clock: SinonFakeTimers, done: () => boolean, stepMs: number): Promise<void> {
  while (!done()) {
    clock.tick(stepMs)
    await nextTurn()
  }
}
