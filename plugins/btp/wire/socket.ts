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
import type { Asking, Exchange, Line } from './exchange.js'
import {
  FrameType, HEADER_BYTES, beginsWithPacket, decodeFrame, frameBytes, packetFrameBytes, packetIn, requestIdAt, writeFrame, writePacketFrame
} from './frame.js'
import type { Frame, MessageFrame, SubProtocol, TransferFrame } from './frame.js'
import type { Codec, Wire } from './fast-reader.js'
import { LogThrottle } from '../../../src/lib/log-throttle.js'
import { Backpressure, MAX_UNSENT_BYTES } from './backpressure.js'
import { Outbox } from './outbox.js'
import { EarlyReject } from './early-reject.js'
import { FairQueue } from './fair-queue.js'
import { atTurnEnd } from './turn-end.js'

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
  /** Whether the connector has no room for a packet of so many bytes, which is then answered with T03. */
  isBusy: (bytes: number) => boolean
  /** Counts a request of the peer, and tells whether it may go on. */
  admits: () => boolean
  /** Whether anything is done with a TRANSFER. */
  takesTransfers: () => boolean
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
  readonly #queue = new FairQueue(frame => { this.#workOn(frame) })
  readonly #flush = (): void => {
    this.#willFlush = false
    this.#earlyReject.report()
    this.#outbox.flush()
    this.#raw.uncork()
  }

  readonly #complaints = new LogThrottle(COMPLAINT_LOG_INTERVAL_MS)
  #willFlush = false
  /** Whether the message that is about to be received has been let pass. */
  #isLookedAt = false
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
    this.#backpressure = new Backpressure(wire)
    this.#outbox = new Outbox(raw)
    this.#earlyReject = new EarlyReject({
      log: options.log,
      ownAddress: options.ownAddress,
      beginsWithPacket: codec?.beginsWithPacket ?? beginsWithPacket,
      admits: () => this.#admits(),
      isFull: bytes => this.#exchange.isFullFor(bytes, this.#queue.size) || !this.#queue.hasRoomFor(bytes),
      isBusy: options.isBusy,
      takesTransfers: options.takesTransfers,
      isAwaited: requestId => this.#exchange.isAwaited(requestId),
      isKnown: requestId => this.#exchange.isKnown(requestId),
      send: (bytes, start, end) => { this.sendFrame(bytes, start, end) }
    })
    this.#heartbeat = setInterval(() => { this.#beat() }, BUSY_PING_INTERVAL_MS).unref()
    if (codec === undefined) wire.glance = (bytes, start, end) => this.#glance(bytes, start, end)
    ws.on('message', (data, isBinary) => { this.#receive(data, isBinary) })
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
      const asking: Asking = { requestId: 0, dueTick: 0, bytes: packetFrameBytes(packet.length), wants: 'packet', resolve, reject }
      this.#ask(asking)
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
      const frame = { ...contents, requestId: 0 }
      const asking: Asking = { requestId: 0, dueTick: 0, bytes: frameBytes(frame), wants: 'entries', resolve, reject }
      this.#ask(asking)
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

  terminate (): void {
    this.#ws.terminate()
  }

  /** Opens a request and makes room for its frame. Throws what the promise of the caller is then rejected with. */
  #ask (asking: Asking): void {
    if (!this.isOpen) throw closedError()
    if (this.#raw.writableLength > MAX_UNSENT_BYTES) {
      throw new IlpError('T03', `BTP connection is busy: too many unsent bytes. maximum=${MAX_UNSENT_BYTES}`)
    }
    if (asking.bytes > this.#options.maxPayload) throw tooLarge(asking.bytes, this.#options.maxPayload)
    this.#exchange.open(asking)
    this.#begin(asking.bytes)
  }

  #receive (data: RawData, isBinary: boolean): void {
    this.#heard = true
    const isLookedAt = this.#isLookedAt
    this.#isLookedAt = false
    if (!isBinary || !Buffer.isBuffer(data)) {
      if (this.#admits()) this.#dropped('a BTP frame is a binary message')
    } else if (this.#codec !== undefined && isComplaintAt(data)) {
      if (this.#admits()) this.#complained(data)
    } else if (isLookedAt || !this.#earlyReject.refuses(data, 0, data.length)) {
      this.#take(data)
    }
  }

  /** A message that comes the fast way, at first only its beginning. True: it is dealt with, and not received any more. */
  #glance (bytes: Buffer, start: number, end: number): boolean {
    this.#heard = true
    this.#isLookedAt = !this.#earlyReject.refuses(bytes, start, end)
    return !this.#isLookedAt
  }

  /** What the peer asks is worked on in its order: a claim may not overtake the packets before it, which have older ones. */
  #take (data: Buffer): void {
    const isAnswer = data[0] === FrameType.RESPONSE || data[0] === FrameType.ERROR
    const frame = this.#translated(data)
    const packet = isAnswer && frame !== undefined ? packetIn(frame) : undefined
    if (packet !== undefined) this.#exchange.resolvePacket(requestIdAt(data, 0), packet)
    else if (isAnswer) this.#answer(frame)
    else if (frame !== undefined) this.#queue.add(frame)
  }

  #translated (data: Buffer): Buffer | undefined {
    try {
      return this.#codec === undefined ? data : this.#codec.read(data)
    } catch (err) {
      this.#dropped(messageOf(err))
      return undefined
    }
  }

  /** An answer that cannot be read leaves us waiting for another one, so it counts as if nobody had waited for it. */
  #answer (bytes: Buffer | undefined): void {
    const frame = bytes === undefined ? undefined : this.#decode(bytes)
    if (frame?.type === FrameType.RESPONSE || frame?.type === FrameType.ERROR) this.#exchange.resolve(frame)
    else this.#admits()
  }

  #workOn (bytes: Buffer): void {
    const frame = this.#decode(bytes)
    if (frame?.type === FrameType.MESSAGE || frame?.type === FrameType.TRANSFER) this.#exchange.carryOut(frame, bytes, this)
  }

  #decode (bytes: Buffer): Frame | undefined {
    try {
      return decodeFrame(bytes)
    } catch (err) {
      this.#dropped(messageOf(err))
      return undefined
    }
  }

  /** Peers of the dialect do not say which frame it was that they could not work on: its request ends with its time. */
  #complained (bytes: Buffer): void {
    const translated = this.#translated(bytes)
    const frame = translated === undefined ? undefined : this.#decode(translated)
    if (frame?.type !== FrameType.ERROR) return
    const count = this.#complaints.due()
    if (count === undefined) return
    const { error } = frame
    this.#options.log.warn('the peer could not work on a frame of ours, and does not say on which. code=%s complaintsSinceLastLine=%d', error.code, count)
  }

  #dropped (reason: string): void {
    this.#unreadableFrames++
    this.#options.log.debug('dropped an unreadable frame. error=%s', reason)
  }

  /** Whether something may go on that counts against the limit of the account. */
  #admits (): boolean {
    const isAdmitted = this.#options.admits()
    if (!isAdmitted) this.#backpressure.throttled()
    return isAdmitted
  }

  #flushSoon (): void {
    if (this.#willFlush) return
    this.#willFlush = true
    if (!this.#isDirect) this.#raw.cork()
    atTurnEnd(this.#flush)
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

/** Whether it is an Error that answers no particular frame, in the dialect that has such. */
function isComplaintAt (bytes: Buffer): boolean {
  return bytes[0] === FrameType.ERROR && bytes.length >= HEADER_BYTES && requestIdAt(bytes, 0) === 0
}
