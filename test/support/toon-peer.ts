/**
 * A peer that speaks the other dialect of BTP and ILP, byte for byte as agent connectors were seen to, in both roles. It knows nothing of
 * the product's codecs: what it cannot read, it complains about in an Error with request id 0.
 */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { afterTest } from './btp.js'

export interface ToonEntry {
  name: string
  contentType: number
  data: Buffer
}

export interface ToonFrame {
  type: number
  requestId: number
  entries: ToonEntry[]
  packet: Buffer
  /** Of an Error. */
  code?: string
}

export interface ToonPrepare {
  amount: bigint
  /** `20260102030405.678Z`. */
  expiresAt: string
  condition: Buffer
  destination: string
  data: Buffer
}

export const RESPONSE = 1
export const ERROR = 2
export const MESSAGE = 6

export function toonFrame (type: number, requestId: number, entries: readonly ToonEntry[], packet: Buffer = Buffer.alloc(0)): Buffer {
  const parts = [Buffer.from([type]), u32(requestId), Buffer.from([entries.length])]
  for (const { name, contentType, data } of entries) {
    parts.push(Buffer.from([name.length]), Buffer.from(name), Buffer.from([contentType >> 8, contentType & 0xff]), u32(data.length), data)
  }
  return Buffer.concat([...parts, u32(packet.length), packet])
}

export function toonError (requestId: number, code = 'F00', name = 'BTPError'): Buffer {
  const time = new Date().toISOString()
  return Buffer.concat([
    Buffer.from([ERROR]), u32(requestId), Buffer.from([code.length]), Buffer.from(code), Buffer.from([name.length]), Buffer.from(name),
    Buffer.from([time.length]), Buffer.from(time), u32(0)
  ])
}

export function toonAuth (requestId: number, peerId: string, secret: string): Buffer {
  return toonFrame(MESSAGE, requestId, [{ name: 'auth', contentType: 0, data: Buffer.from(JSON.stringify({ peerId, secret })) }])
}

export function toonPrepare ({ amount, expiresAt, condition, destination, data }: ToonPrepare): Buffer {
  return Buffer.concat([
    Buffer.from([12]), varUint(amount), Buffer.from(expiresAt), condition, octets(Buffer.from(destination)), octets(data)
  ])
}

export function toonFulfill (fulfillment: Buffer, data: Buffer = Buffer.alloc(0)): Buffer {
  return Buffer.concat([Buffer.from([13]), fulfillment, octets(data)])
}

export function toonReject (code: string, triggeredBy: string, message: string): Buffer {
  return Buffer.concat([
    Buffer.from([14]), Buffer.from(code), octets(Buffer.from(triggeredBy)), octets(Buffer.from(message)), octets(Buffer.alloc(0))
  ])
}

/** In an hour, as such peers write it. */
export function toonTime (time: Date = new Date(Date.now() + 3_600_000)): string {
  return time.toISOString().replace(/[-:T]/g, '')
}

function readToonFrame (bytes: Buffer): ToonFrame {
  let at = 0
  const take = (size: number): Buffer => {
    if (at + size > bytes.length) throw new RangeError('unexpected end')
    return bytes.subarray(at, at += size)
  }
  const type = take(1).readUInt8()
  const requestId = take(4).readUInt32BE()
  if (type === ERROR) {
    const code = String(take(take(1).readUInt8()))
    take(take(1).readUInt8())
    take(take(1).readUInt8())
    const data = take(take(4).readUInt32BE())
    return { type, requestId, entries: [{ name: 'data', contentType: 1, data }], packet: Buffer.alloc(0), code }
  }
  const entries: ToonEntry[] = []
  for (let left = take(1).readUInt8(); left > 0; left--) {
    const name = String(take(take(1).readUInt8()))
    entries.push({ name, contentType: take(2).readUInt16BE(), data: take(take(4).readUInt32BE()) })
  }
  const packet = take(take(4).readUInt32BE())
  if (at !== bytes.length) throw new RangeError('bytes behind the frame')
  return { type, requestId, entries, packet }
}

export function readToonPrepare (packet: Buffer): ToonPrepare {
  let at = 1
  const take = (size: number): Buffer => packet.subarray(at, at += size)
  const number = (): bigint => {
    const first = take(1).readUInt8()
    return first < 128 ? BigInt(first) : BigInt(`0x${take(first - 128).toString('hex')}`)
  }
  return {
    amount: number(),
    expiresAt: String(take(19)),
    condition: take(32),
    destination: String(take(Number(number()))),
    data: take(Number(number()))
  }
}

/** What the peer answers to a packet, or undefined for nothing. */
export type Answering = (packet: Buffer, frame: ToonFrame) => Buffer | undefined

export class ToonPeer {
  readonly received: ToonFrame[] = []
  readonly closed: Promise<number>
  answering: Answering = () => undefined
  readonly #waiting = new Map<number, (frame: ToonFrame) => void>()
  readonly #early = new Map<number, ToonFrame>()

  constructor (readonly ws: WebSocket) {
    this.closed = new Promise(resolve => { ws.once('close', resolve) })
    ws.on('error', () => undefined)
    ws.on('message', (bytes: Buffer) => { this.#hear(bytes) })
    afterTest(() => ws.terminate())
  }

  /** The answer to the request with this id. */
  answer (requestId: number): Promise<ToonFrame> {
    const early = this.#early.get(requestId)
    if (early !== undefined) return Promise.resolve(early)
    return new Promise(resolve => this.#waiting.set(requestId, resolve))
  }

  /** Sends a packet and resolves to the one in the answer. */
  async send (requestId: number, packet: Buffer, entries: readonly ToonEntry[] = []): Promise<Buffer> {
    this.ws.send(toonFrame(MESSAGE, requestId, entries, packet))
    return (await this.answer(requestId)).packet
  }

  async authenticate (peerId: string, secret: string): Promise<ToonFrame> {
    this.ws.send(toonAuth(1, peerId, secret))
    return this.answer(1)
  }

  #hear (bytes: Buffer): void {
    let frame: ToonFrame
    try {
      frame = readToonFrame(bytes)
    } catch {
      this.ws.send(toonError(0))
      return
    }
    this.received.push(frame)
    if (frame.type === MESSAGE) {
      const answer = this.answering(frame.packet, frame)
      if (answer !== undefined) this.ws.send(toonFrame(RESPONSE, frame.requestId, [], answer))
      return
    }
    this.#early.set(frame.requestId, frame)
    this.#waiting.get(frame.requestId)?.(frame)
  }
}

/** Dials a listener and does not say who it is yet. */
export async function toonDial (port: number): Promise<ToonPeer> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false })
  const peer = new ToonPeer(ws)
  await once(ws, 'open')
  return peer
}

export interface ToonListener {
  port: number
  /** Resolves with each peer that was let in, in turn. */
  next: () => Promise<ToonPeer>
  /** The peers that authenticated, whether they were let in or not. */
  auths: Array<{ peerId: string, secret: string }>
  /** Connections so far. */
  dialled: () => number
}

/** Lets in who shows the secret. */
export async function toonListen (secret: string, port = 0, answering?: Answering): Promise<ToonListener & { close: () => void }> {
  const server = new WebSocketServer({ port, host: '127.0.0.1' })
  afterTest(() => server.close())
  const auths: ToonListener['auths'] = []
  const peers: ToonPeer[] = []
  const waiting: Array<(peer: ToonPeer) => void> = []
  let dialled = 0
  server.on('connection', ws => {
    dialled++
    const peer = new ToonPeer(ws)
    peer.answering = (packet, frame) => {
      const [auth] = frame.entries
      if (auth?.name !== 'auth') return answering?.(packet, frame)
      const claimed = JSON.parse(String(auth.data)) as { peerId: string, secret: string }
      auths.push(claimed)
      if (claimed.secret !== secret) {
        ws.send(toonError(frame.requestId))
        setTimeout(() => { ws.close(1008, 'Authentication failed') }, 100)
        return undefined
      }
      peer.answering = (packet, frame) => answering?.(packet, frame)
      const next = waiting.shift()
      if (next === undefined) peers.push(peer)
      else next(peer)
      return Buffer.alloc(0)
    }
  })
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    next: () => {
      const peer = peers.shift()
      return peer === undefined ? new Promise(resolve => waiting.push(resolve)) : Promise.resolve(peer)
    },
    auths,
    dialled: () => dialled,
    close: () => {
      for (const client of server.clients) client.terminate()
      server.close()
    }
  }
}

function u32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function varUint (value: bigint): Buffer {
  if (value < 128n) return Buffer.from([Number(value)])
  const hex = value.toString(16)
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex')
  return Buffer.concat([Buffer.from([128 + bytes.length]), bytes])
}

function octets (bytes: Buffer): Buffer {
  return Buffer.concat([varUint(BigInt(bytes.length)), bytes])
}
