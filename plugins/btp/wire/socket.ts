/**
 * One WebSocket that speaks BTP (RFC 0023), whichever side opened it: reads and writes frames, and bounds what a peer can make us hold. A
 * peer that is silent, or does not read, is disconnected; a peer that asks too much at a time is told so. Open requests and answers belong
 * to the exchange, which outlives the socket.
 */
import type { Socket } from 'node:net'
import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import type { Logger } from '../../../src/contracts/logger.js'
import { notAPacket } from '../../../src/contracts/transport.js'
import { IlpError, closedError, messageOf, tooLarge } from './errors.js'
import { MAX_IN_FLIGHT } from './exchange.js'
import type { Asking, Exchange, Line } from './exchange.js'
import {
  FrameType, beginsWithPacket, decodeFrame, frameBytes, packetFrameBytes, packetIn, requestIdAt, writeFrame, writePacketFrame
} from './frame.js'
import type { ErrorFrame, Frame, MessageFrame, SubProtocol, TransferFrame } from './frame.js'
import type { Codec, Wire } from './fast-reader.js'
import { LogThrottle } from '../../../src/lib/log-throttle.js'
import { Backpressure, MAX_UNSENT_BYTES } from './backpressure.js'
import { Outbox } from './outbox.js'
import { EarlyReject } from './early-reject.js'
import { FairQueue } from './fair-queue.js'

/** A ping goes out this often. A peer from which nothing at all came between two of them is dropped. */
export const PING_INTERVAL_MS = 20_000

/** And this often while an answer is missing, or not known to have arrived: a dead connection is replaced before packets expire. */
export const BUSY_PING_INTERVAL_MS = 5000
const IDLE_BEATS = PING_INTERVAL_MS / BUSY_PING_INTERVAL_MS

/** A ping says up to which of our answers it stands for, and its pong that they have arrived. */
const PING_BYTES = 8

/** Complaints of a peer make one log line in this time. */
const COMPLAINT_LOG_INTERVAL_MS = 1000

const EMPTY: Buffer = Buffer.alloc(0)

export type RequestContents = Omit<MessageFrame, 'requestId'> | Omit<TransferFrame, 'requestId'>

export interface SocketOptions {
  /** A client's messages are masked (RFC 6455 section 5.3), a server's are not. */
  role: 'client' | 'server'
  log: Logger
  /** The largest frame that is written, in bytes; `ws` keeps it for what is read. */
  maxPayload: number
  /** Whether the connector takes no packets now; those of the peer are then answered with T03. */
  isBusy: () => boolean
  /** The connector's ILP address. */
  ownAddress: () => string
  /** What we and this peer ask each other. */
  exchange: Exchange
  /** Called once, when the socket is closed, whoever closed it. */
  onClose: () => void
}

export class BtpSocket implements Line {
  /** Kept by the exchange, and by pongs. */
  arrived = 0
  readonly #ws: WebSocket
  readonly #raw: Socket
  readonly #options: SocketOptions
  readonly #exchange: Exchange
  readonly #codec: Codec | undefined
  /** Whether frames are written straight to the network socket; otherwise `ws` writes them. */
  readonly #isDirect: boolean
  readonly #heartbeat: NodeJS.Timeout
  readonly #backpressure: Backpressure
  readonly #outbox: Outbox
  readonly #earlyReject: EarlyReject
  readonly #queue = new FairQueue(frame => { this.#workOn(frame, true) })
  readonly #flush = (): void => {
    this.#willFlush = false
    this.#earlyReject.report()
    this.#outbox.flush()
    this.#raw.uncork()
  }

  readonly #complaints = new LogThrottle(COMPLAINT_LOG_INTERVAL_MS)
  #willFlush = false
  #bytes = EMPTY
  #start = 0
  #heard = true
  #idleBeats = 0
  #pingedUpTo = -1
  #unreadableFrames = 0

  /** To be made when the peer has shown who it is; belongs to the exchange from `join` on. */
  constructor (wire: Wire, options: SocketOptions) {
    const { ws, raw, codec } = wire
    this.#ws = ws
    this.#codec = codec
    this.#isDirect = options.role === 'server' && codec === undefined
    this.#raw = raw
    this.#options = options
    this.#exchange = options.exchange
    this.#backpressure = new Backpressure(ws, raw)
    this.#outbox = new Outbox(raw)
    this.#earlyReject = new EarlyReject({
      log: options.log,
      ownAddress: options.ownAddress,
      isBusy: size => this.#isBusy(size),
      isKnown: requestId => this.#exchange.isKnown(requestId),
      send: (bytes, start, end) => { this.sendFrame(bytes, start, end) }
    })
    this.#heartbeat = setInterval(() => { this.#beat() }, BUSY_PING_INTERVAL_MS).unref()
    if (codec === undefined) wire.glance = (bytes, start, end) => this.#glance(bytes, start, end)
    ws.on('message', (data, isBinary) => {
      const frame = codec === undefined ? data : this.#translated(codec, data)
      if (frame !== undefined) this.#receive(frame, isBinary)
    })
    ws.on('pong', pong => { this.#pong(pong) })
    ws.on('error', err => { options.log.debug('websocket error. error=%s', err.message) })
    ws.on('close', () => {
      this.#abandon()
      options.onClose()
    })
  }

  /** Whether something can be sent. */
  get isOpen (): boolean {
    return this.#ws.readyState === WebSocket.OPEN
  }

  /** Frames that could not be read. They get no answer, and the socket stays open: what is meant for others should not suffer. */
  get unreadableFrames (): number {
    return this.#unreadableFrames
  }

  /** Sends an ILP packet and resolves to the packet in the Response, empty when it holds none. Rejects like `request`. */
  sendPacket (packet: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (!Buffer.isBuffer(packet)) throw notAPacket(packet) // handlers of users are not always what their types say
      const asking: Asking = { requestId: 0, dueTick: 0, wants: 'packet', resolve, reject }
      this.#ask(asking, packetFrameBytes(packet.length))
      writePacketFrame(this.#bytes, this.#start, FrameType.MESSAGE, asking.requestId, packet)
      this.#end()
    })
  }

  /**
   * Sends a MESSAGE or TRANSFER and resolves to the entries of the peer's Response. Rejects with an IlpError: T01 it was not sent, because
   * the socket is closed, T03 too much under way, R00 no answer in time or before the end of the exchange, or the peer's error.
   */
  request (contents: RequestContents): Promise<readonly SubProtocol[]> {
    return new Promise((resolve, reject) => {
      const asking: Asking = { requestId: 0, dueTick: 0, wants: 'entries', resolve, reject }
      const frame = { ...contents, requestId: 0 }
      this.#ask(asking, frameBytes(frame))
      frame.requestId = asking.requestId
      try {
        writeFrame(this.#bytes, this.#start, frame)
      } catch (err) {
        this.#exchange.withdraw(asking)
        throw err
      }
      this.#end()
    })
  }

  /** Says yes to the first frame of a client. */
  letIn (requestId: number): void {
    const frame: Frame = { type: FrameType.RESPONSE, requestId, protocolData: [] }
    if (!this.#begin(frameBytes(frame))) return
    writeFrame(this.#bytes, this.#start, frame)
    this.#end()
  }

  sendFrame (bytes: Buffer, start: number, end: number): void {
    if (!this.#begin(end - start)) return
    bytes.copy(this.#bytes, this.#start, start, end)
    this.#end()
  }

  answered (packet: Buffer): void {
    this.#backpressure.answered(packet, this.#options.ownAddress())
  }

  /** Closes the socket, and leaves the exchange at once. Resolves when the connection is gone. */
  close (reason: string): Promise<void> {
    if (this.#ws.readyState === WebSocket.CLOSED) return Promise.resolve()
    this.#flush() // before the close frame
    return new Promise(resolve => {
      this.#ws.once('close', () => resolve())
      this.#ws.close(1000, reason)
      this.#abandon()
    })
  }

  /** Opens a request and makes room for its frame. Throws what the promise of the caller is then rejected with. */
  #ask (asking: Asking, size: number): void {
    if (!this.isOpen) throw closedError()
    if (this.#raw.writableLength > MAX_UNSENT_BYTES) {
      throw new IlpError('T03', `BTP connection is busy: too many unsent bytes. maximum=${MAX_UNSENT_BYTES}`)
    }
    if (size > this.#options.maxPayload) throw tooLarge(size, this.#options.maxPayload)
    this.#exchange.open(asking)
    this.#begin(size)
  }

  #receive (data: RawData, isBinary: boolean): void {
    this.#heard = true
    const isRequest = isBinary && Buffer.isBuffer(data) && (data[0] === FrameType.MESSAGE || data[0] === FrameType.TRANSFER)
    if (!isRequest) this.#workOn(data, isBinary)
    else if (!this.#earlyReject.refuses(data, 0, data.length)) this.#inTurn(data)
  }

  #translated (codec: Codec, data: RawData): Buffer | undefined {
    try {
      if (Buffer.isBuffer(data)) return codec.read(data)
    } catch (err) {
      this.#dropped(err)
    }
    return undefined
  }

  /** Requests are worked on in their order: a claim may not overtake the packets before it, which have older ones. */
  #inTurn (request: Buffer): void {
    if (this.#queue.hasRoomFor(request.length)) this.#queue.add(request)
    else this.#workOn(request, true)
  }

  #workOn (data: RawData, isBinary: boolean): void {
    const packet = isBinary && Buffer.isBuffer(data) && data[0] === FrameType.RESPONSE ? packetIn(data) : undefined
    if (packet !== undefined && Buffer.isBuffer(data)) {
      this.#exchange.resolvePacket(requestIdAt(data, 0), packet)
      return
    }
    const frame = this.#decode(data, isBinary)
    if (frame === undefined) return
    if (this.#codec !== undefined && frame.type === FrameType.ERROR && frame.requestId === 0) this.#complained(frame)
    if (frame.type === FrameType.RESPONSE || frame.type === FrameType.ERROR) this.#exchange.resolve(frame)
    else if (Buffer.isBuffer(data)) this.#exchange.carryOut(frame, data, this)
  }

  #decode (data: RawData, isBinary: boolean): Frame | undefined {
    try {
      if (isBinary && Buffer.isBuffer(data)) return decodeFrame(data)
      throw new TypeError('a BTP frame is a binary message')
    } catch (err) {
      this.#dropped(err)
      return undefined
    }
  }

  /** Peers of the dialect do not say which frame it was that they could not work on: its request ends with its time. */
  #complained ({ error }: ErrorFrame): void {
    const count = this.#complaints.due()
    if (count === undefined) return
    this.#options.log.warn('the peer could not work on a frame of ours, and does not say on which. code=%s complaintsSinceLastLine=%d', error.code, count)
  }

  #dropped (err: unknown): void {
    this.#unreadableFrames++
    this.#options.log.debug('dropped an unreadable frame. error=%s', messageOf(err))
  }

  #isBusy (size: number): boolean {
    return this.#exchange.answering + this.#queue.size >= MAX_IN_FLIGHT || this.#options.isBusy() || !this.#queue.hasRoomFor(size)
  }

  /** A message that comes the fast way. True: it is dealt with, and not received any more. */
  #glance (bytes: Buffer, start: number, end: number): boolean {
    if (!this.#earlyReject.refuses(bytes, start, end)) return false
    this.#heard = true
    return true
  }

  #flushSoon (): void {
    if (this.#willFlush) return
    this.#willFlush = true
    if (!this.#isDirect) this.#raw.cork()
    setImmediate(this.#flush)
  }

  /** Makes room for a frame of `size` bytes: it is to be written into `#bytes`, from `#start` on. False when nothing can be sent. */
  #begin (size: number): boolean {
    const { log } = this.#options
    if (!this.isOpen) return false
    if (this.#raw.writableLength > 2 * MAX_UNSENT_BYTES) {
      log.warn('peer does not read its BTP connection, closing it. unsentBytes=%d', this.#raw.writableLength)
      this.#ws.terminate()
      return false
    }
    this.#start = this.#isDirect ? this.#outbox.place(size) : 0
    this.#bytes = this.#isDirect ? this.#outbox.bytes : Buffer.allocUnsafe(size)
    return true
  }

  /** Sends it. What is sent in one turn of the event loop leaves in one system call. */
  #end (): void {
    this.#flushSoon()
    if (this.#isDirect) this.#outbox.added()
    else this.#ws.send(this.#codec?.write(this.#bytes) ?? this.#bytes)
    this.#bytes = EMPTY
    this.#backpressure.wrote()
  }

  #beat (): void {
    const isWaiting = this.#exchange.pendingRequests > 0 || this.#exchange.answers > this.arrived
    if (!isWaiting && ++this.#idleBeats < IDLE_BEATS) return
    this.#idleBeats = 0
    if (!this.#heard && !this.#backpressure.isHeldUp()) {
      this.#options.log.warn('peer is silent, closing the BTP connection. silentMs=%d', isWaiting ? BUSY_PING_INTERVAL_MS : PING_INTERVAL_MS)
      this.#ws.terminate()
      return
    }
    this.#heard = false
    if (this.isOpen) this.#ping()
  }

  #ping (): void {
    const bytes = Buffer.alloc(PING_BYTES)
    this.#pingedUpTo = this.#exchange.answers
    bytes.writeDoubleBE(this.#pingedUpTo)
    this.#flush() // what it stands for goes before it
    this.#ws.ping(bytes)
  }

  #pong (bytes: Buffer): void {
    this.#heard = true
    if (bytes.length === PING_BYTES && bytes.readDoubleBE() === this.#pingedUpTo) this.arrived = this.#pingedUpTo
  }

  /** Packets that still wait for their turn are refused: they have not been carried out, and the peer should know. */
  #abandon (): void {
    clearInterval(this.#heartbeat)
    this.#backpressure.stop()
    this.#exchange.leave(this)
    this.#queue.drain(frame => { this.#exchange.refuse(frame, beginsWithPacket(frame, 0, frame.length), this) })
  }
}
