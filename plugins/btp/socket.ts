/**
 * One WebSocket that speaks BTP (RFC 0023), whichever side opened it: asks and answers, and keeps what a peer can make us hold within
 * bounds. A peer that is silent is dropped, one that does not read is dropped, one that asks too much at a time is told so.
 */
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import type { Logger } from '../../src/types/logger.js'
import { IlpError, errorFrame, errorFrameOf, errorOfFrame, messageOf } from './errors.js'
import { ContentType, FrameType, decodeFrame, frameBytes, packetFrameBytes, packetIn, writeFrame, writePacketFrame } from './frame.js'
import type { Frame, MessageFrame, SubProtocol, TransferFrame } from './frame.js'
import type { Wire } from './fast-reader.js'
import { Intake, MAX_UNSENT_BYTES } from './intake.js'
import { Outbox } from './outbox.js'
import { Refusals, beginsWithPacket } from './refusals.js'
import { PendingRequests } from './requests.js'
import type { Waiting } from './requests.js'
import { PacketQueue } from './turns.js'

/** Requests of ours that the peer has not answered, and requests of the peer that we have not answered: at most this many each. */
export const MAX_IN_FLIGHT = 10_000

/** A ping goes out this often. A peer from which nothing at all came between two of them is dropped. */
export const PING_INTERVAL_MS = 20_000

const TOO_MANY = `too many requests in flight. maximum=${MAX_IN_FLIGHT}`

const EMPTY: Buffer = Buffer.alloc(0)
const REQUEST_ID_AT = 1

export type Request = MessageFrame | TransferFrame
export type RequestContents = Omit<MessageFrame, 'requestId'> | Omit<TransferFrame, 'requestId'>

/** Entries for a Response, or the ILP packet that is its only entry. */
export type Answer = Buffer | readonly SubProtocol[]

export interface SocketOptions {
  /** A client's messages are masked (RFC 6455 section 5.3), a server's are not. */
  role: 'client' | 'server'
  log: Logger
  /** How long the peer has for an answer. */
  responseTimeoutMs: number
  /** The largest frame that is written, in bytes; `ws` keeps it for what is read. */
  maxPayload: number
  /** Whether the connector takes no packets now; those of the peer are then answered with T03. */
  isBusy: () => boolean
  /** The connector's ILP address. */
  ownAddress: () => string
  /** Answers a request of the peer. A rejection goes to the peer as an Error frame. */
  answer: (request: Request) => Promise<Answer>
  /** Called once, when the socket is closed, whoever closed it. */
  onClose: () => void
}

/** Somebody who waits for an answer, and for how much of it. */
type Asking = Waiting & { reject: (reason: Error) => void } & (
  { wants: 'packet', resolve: (packet: Buffer) => void } |
  { wants: 'entries', resolve: (protocolData: readonly SubProtocol[]) => void }
)

export class BtpSocket {
  readonly #ws: WebSocket
  readonly #raw: Socket
  readonly #options: SocketOptions
  readonly #pending: PendingRequests<Asking>
  readonly #heartbeat: NodeJS.Timeout
  readonly #intake: Intake
  readonly #outbox: Outbox
  readonly #refusals: Refusals
  readonly #queue = new PacketQueue(frame => { this.#workOn(frame, true) })
  readonly #flush = (): void => {
    this.#willFlush = false
    this.#refusals.report()
    this.#outbox.flush()
    this.#raw.uncork()
  }

  #willFlush = false
  #bytes = EMPTY
  #start = 0
  #answering = 0
  #heard = true
  #unreadableFrames = 0

  constructor (wire: Wire, options: SocketOptions) {
    const { ws, raw } = wire
    this.#ws = ws
    this.#raw = raw
    this.#options = options
    this.#intake = new Intake(ws, raw)
    this.#outbox = new Outbox(raw)
    this.#refusals = new Refusals(options.log)
    this.#pending = new PendingRequests(randomBytes(4).readUInt32BE(), options.responseTimeoutMs, ({ requestId, reject }) => {
      reject(new IlpError('R00', `${requestId} timed out`))
    })
    this.#heartbeat = setInterval(() => { this.#ping() }, PING_INTERVAL_MS).unref()
    wire.glance = (bytes, start, end) => this.#refuses(bytes, start, end)
    ws.on('message', (data, isBinary) => { this.#receive(data, isBinary) })
    ws.on('pong', () => { this.#heard = true })
    ws.on('error', err => { options.log.debug('websocket error. error=%s', err.message) })
    ws.on('close', () => {
      this.#abandon()
      options.onClose()
    })
  }

  /** Requests that wait for the peer's answer. */
  get pendingRequests (): number {
    return this.#pending.size
  }

  /** Frames that could not be read. They get no answer, and the socket stays open: what is meant for others should not suffer. */
  get unreadableFrames (): number {
    return this.#unreadableFrames
  }

  /** Sends an ILP packet and resolves to the packet in the Response, empty when it holds none. Rejects like `request`. */
  sendPacket (packet: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const asking: Asking = { requestId: 0, dueTick: 0, wants: 'packet', resolve, reject }
      this.#ask(asking)
      try {
        this.#sendPacketFrame(FrameType.MESSAGE, asking.requestId, packet)
      } catch (err) {
        this.#pending.take(asking.requestId)
        throw err
      }
    })
  }

  /**
   * Sends a MESSAGE or TRANSFER and resolves to the entries of the peer's Response.
   * Rejects with an IlpError: T01 the socket is or gets closed, T03 too much under way, R00 no answer in time, or the peer's error.
   */
  request (contents: RequestContents): Promise<readonly SubProtocol[]> {
    return new Promise((resolve, reject) => {
      const asking: Asking = { requestId: 0, dueTick: 0, wants: 'entries', resolve, reject }
      this.#ask(asking)
      try {
        this.#send({ ...contents, requestId: asking.requestId })
      } catch (err) {
        this.#pending.take(asking.requestId)
        throw err
      }
    })
  }

  /** Answers a request. Does nothing when the socket is closed: the answer would reach somebody else. */
  respond (requestId: number, answer: Answer): void {
    if (Buffer.isBuffer(answer)) {
      this.#intake.answered(answer, this.#options.ownAddress())
      this.#sendPacketFrame(FrameType.RESPONSE, requestId, answer)
    } else this.#send({ type: FrameType.RESPONSE, requestId, protocolData: Array.isArray(answer) ? answer : [ilpEntry(answer)] })
  }

  /** Closes the socket; what waits for an answer is rejected at once. Resolves when the connection is gone. */
  close (reason: string): Promise<void> {
    this.#abandon()
    if (this.#ws.readyState === WebSocket.CLOSED) return Promise.resolve()
    this.#flush() // before the close frame
    return new Promise(resolve => {
      this.#ws.once('close', () => resolve())
      this.#ws.close(1000, reason)
    })
  }

  /** Throws what the promise of the caller is then rejected with. */
  #ask (asking: Asking): void {
    if (this.#ws.readyState !== WebSocket.OPEN) throw closedError()
    const reason = this.#busy()
    if (reason !== undefined) throw new IlpError('T03', `BTP connection is busy: ${reason}`)
    this.#pending.add(asking)
  }

  #receive (data: RawData, isBinary: boolean): void {
    this.#heard = true
    const isRequest = isBinary && Buffer.isBuffer(data) && (data[0] === FrameType.MESSAGE || data[0] === FrameType.TRANSFER)
    if (!isRequest) this.#workOn(data, isBinary)
    else if (!this.#refuses(data, 0, data.length)) this.#inTurn(data)
  }

  /** Requests are worked on in their order: a claim may not overtake the packets before it, which have older ones. */
  #inTurn (request: Buffer): void {
    if (this.#queue.hasRoomFor(request.length)) this.#queue.add(request)
    else this.#workOn(request, true)
  }

  #workOn (data: RawData, isBinary: boolean): void {
    const packet = isBinary && Buffer.isBuffer(data) && data[0] === FrameType.RESPONSE ? packetIn(data) : undefined
    if (packet !== undefined && Buffer.isBuffer(data)) {
      const asking = this.#pending.take(data.readUInt32BE(REQUEST_ID_AT))
      if (asking?.wants === 'packet') asking.resolve(packet)
      else asking?.resolve([ilpEntry(packet)])
      return
    }
    const frame = this.#decode(data, isBinary)
    if (frame === undefined) return
    switch (frame.type) {
    case FrameType.RESPONSE:
      this.#resolve(this.#pending.take(frame.requestId), frame.protocolData)
      return
    case FrameType.ERROR:
      this.#pending.take(frame.requestId)?.reject(errorOfFrame(frame))
      return
    case FrameType.MESSAGE:
    case FrameType.TRANSFER:
      this.#answer(frame)
    }
  }

  /** `asking` is undefined when nobody asked, or got the answer already. */
  #resolve (asking: Asking | undefined, protocolData: readonly SubProtocol[]): void {
    if (asking?.wants === 'packet') asking.resolve(ilpOf(protocolData) ?? EMPTY)
    else asking?.resolve(protocolData)
  }

  #decode (data: RawData, isBinary: boolean): Frame | undefined {
    try {
      if (isBinary && Buffer.isBuffer(data)) return decodeFrame(data)
      throw new TypeError('a BTP frame is a binary message')
    } catch (err) {
      this.#unreadableFrames++
      this.#options.log.debug('dropped an unreadable frame. error=%s', messageOf(err))
      return undefined
    }
  }

  #answer (request: Request): void {
    const { requestId } = request
    if (this.#answering >= MAX_IN_FLIGHT) {
      const data = JSON.stringify({ message: TOO_MANY })
      this.#send(errorFrameOf(requestId, { code: 'T00', name: 'UnreachableError', data }))
      return
    }
    let answer: Promise<Answer>
    try {
      answer = this.#options.answer(request)
    } catch (err) {
      this.#fail(requestId, err)
      return
    }
    this.#answering++
    answer.then(packetOrEntries => {
      this.#answering--
      try {
        this.respond(requestId, packetOrEntries)
      } catch (err) {
        this.#fail(requestId, err)
      }
    }, (err: unknown) => {
      this.#answering--
      this.#fail(requestId, err)
    })
  }

  #fail (requestId: number, err: unknown): void {
    this.#options.log.debug('request of the peer failed. requestId=%d error=%s', requestId, messageOf(err))
    this.#send(errorFrame(requestId, err))
  }

  #isBusy (): boolean {
    return this.#answering + this.#queue.size >= MAX_IN_FLIGHT || this.#options.isBusy()
  }

  /** Answers the frame in `bytes` from `start` to `end` with T03 if it is a packet for which there is no time. */
  #refuses (bytes: Buffer, start: number, end: number): boolean {
    if (!this.#isBusy() && this.#queue.hasRoomFor(end - start)) return false
    if (!beginsWithPacket(bytes, start, end)) return false
    this.#heard = true
    const frame = this.#refusals.frameFor(bytes.readUInt32BE(start + REQUEST_ID_AT), this.#options.ownAddress())
    if (!this.#begin(frame.length)) return true
    frame.copy(this.#bytes, this.#start)
    this.#end()
    return true
  }

  #flushSoon (): void {
    if (this.#willFlush) return
    this.#willFlush = true
    if (this.#options.role === 'client') this.#raw.cork()
    setImmediate(this.#flush)
  }

  /** Why nothing can be asked. */
  #busy (): string | undefined {
    if (this.#pending.size >= MAX_IN_FLIGHT) return TOO_MANY
    if (this.#raw.writableLength > MAX_UNSENT_BYTES) return `too many unsent bytes. maximum=${MAX_UNSENT_BYTES}`
    return undefined
  }

  #send (frame: Frame): void {
    if (!this.#begin(frameBytes(frame))) return
    writeFrame(this.#bytes, this.#start, frame)
    this.#end()
  }

  #sendPacketFrame (type: typeof FrameType.MESSAGE | typeof FrameType.RESPONSE, requestId: number, packet: Buffer): void {
    if (!Buffer.isBuffer(packet)) throw notABuffer(packet) // handlers of users are not always what their types say
    if (!this.#begin(packetFrameBytes(packet.length))) return
    writePacketFrame(this.#bytes, this.#start, type, requestId, packet)
    this.#end()
  }

  /** Makes room for a frame of `size` bytes: it is to be written into `#bytes`, from `#start` on. False when nothing can be sent. */
  #begin (size: number): boolean {
    const { log, maxPayload, role } = this.#options
    if (size > maxPayload) throw new RangeError(`BTP frame is too large. bytes=${size} maxPayload=${maxPayload}`)
    if (this.#ws.readyState !== WebSocket.OPEN) return false
    if (this.#raw.writableLength > 2 * MAX_UNSENT_BYTES) {
      log.warn('peer does not read its BTP connection, closing it. unsentBytes=%d', this.#raw.writableLength)
      this.#ws.terminate()
      return false
    }
    this.#start = role === 'server' ? this.#outbox.place(size) : 0
    this.#bytes = role === 'server' ? this.#outbox.bytes : Buffer.allocUnsafe(size)
    return true
  }

  /** Sends it. What is sent in one turn of the event loop leaves in one system call. */
  #end (): void {
    this.#flushSoon()
    if (this.#options.role === 'server') this.#outbox.added()
    else this.#ws.send(this.#bytes)
    this.#bytes = EMPTY
    this.#intake.wrote()
  }

  #ping (): void {
    if (!this.#heard && !this.#intake.isHeldUp()) {
      this.#options.log.warn('peer is silent, closing the BTP connection. silentMs=%d', PING_INTERVAL_MS)
      this.#ws.terminate()
      return
    }
    this.#heard = false
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping()
  }

  #abandon (): void {
    clearInterval(this.#heartbeat)
    this.#intake.stop()
    this.#queue.clear()
    for (const { reject } of this.#pending.clear()) reject(closedError())
  }
}

/** An ILP packet as an entry. @throws TypeError when it is no Buffer: handlers of users are not always what their types say */
export function ilpEntry (data: unknown): SubProtocol {
  if (!Buffer.isBuffer(data)) throw notABuffer(data)
  return { protocolName: 'ilp', contentType: ContentType.OCTET_STREAM, data }
}

function notABuffer (data: unknown): TypeError {
  return new TypeError(`an ILP packet must be a Buffer. found=${typeof data}`)
}

/** The ILP packet among entries; the first, should there be several. */
export function ilpOf (entries: readonly SubProtocol[]): Buffer | undefined {
  return entries.find(({ protocolName }) => protocolName === 'ilp')?.data
}

export function closedError (): IlpError {
  return new IlpError('T01', 'no BTP connection to the peer')
}
