/**
 * What we and one peer ask each other, whatever connections come and go meanwhile: an answer belongs to its request, and not to the socket
 * that carried it. A request of ours stays open until its answer comes on any connection of this peer, or its time is over. An answer of
 * ours that may have been lost with a connection goes out on the next one. A request that comes again is carried out once.
 *
 * No request is sent again: what was written into a connection that broke may have arrived.
 */
import { randomBytes } from 'node:crypto'
import type { Logger } from '../../../src/contracts/logger.js'
import { packetEntry, packetOf } from '../../../src/contracts/transport.js'
import type { Answer } from '../../../src/contracts/transport.js'
import { busyReject, shortReject } from '../../../src/packet/reply.js'
import { IlpError, errorFrame, errorOfFrame, messageOf, temporaryErrorFrame, tooLarge } from './errors.js'
import { FrameType, frameBytes, packetFrameBytes, requestIdAt, writeFrame, writePacketFrame } from './frame.js'
import type { ErrorFrame, MessageFrame, ResponseFrame, SubProtocol, TransferFrame } from './frame.js'
import type { HandlerFaults } from './handler-faults.js'
import type { UnknownOutcomes } from './unknown-outcomes.js'
import { ReceivedRequests, markOf } from './received-requests.js'
import type { ReceivedRequest } from './received-requests.js'
import { PendingRequests } from './pending-requests.js'
import type { Waiting } from './pending-requests.js'

/** Requests of ours that the peer has not answered, and requests of the peer that we have not answered: at most this many each. */
export const MAX_IN_FLIGHT = 10_000
/** The bytes of their frames. One frame may be larger, as long as it is alone. */
export const MAX_BYTES_IN_FLIGHT = 16 * 1024 * 1024

export const TOO_MANY = `too many requests in flight. maximum=${MAX_IN_FLIGHT} maximumBytes=${MAX_BYTES_IN_FLIGHT}`
const EMPTY: Buffer = Buffer.alloc(0)
const ENDED = 'the connection ended before the answer, the peer may have carried out the request'

/** What is asked: to be answered with a Response or an Error. */
export type Request = MessageFrame | TransferFrame

/** Somebody who waits for an answer, and for how much of it. */
export type Asking = Waiting & { bytes: number, reject: (reason: Error) => void } & (
  { wants: 'packet', resolve: (packet: Buffer) => void } |
  { wants: 'entries', resolve: (protocolData: readonly SubProtocol[]) => void }
)

/** A request of the peer, and where it came from. */
interface Asked extends ReceivedRequest {
  readonly line: Line
}

/** A connection to the peer. */
export interface Line {
  readonly isOpen: boolean
  /** Our answers up to this one (by `answers` of the exchange) have arrived. */
  arrived: number
  /** Sends the frame in `bytes` from `start` to `end`, if the connection is open. */
  sendFrame (bytes: Buffer, start: number, end: number): void
  /** To be told of every packet that answers the peer. */
  answered (packet: Buffer): void
}

export interface ExchangeOptions {
  log: Logger
  /** How long the peer has for an answer, and how long we remember its requests at least. */
  responseTimeoutMs: number
  /** The largest frame that is written, in bytes. */
  maxPayload: number
  /** The connector's ILP address. */
  ownAddress: () => string
  /** Answers a request of the peer. A rejection goes to the peer as an Error frame. */
  answer: (request: Request) => Promise<Answer>
  unknown: UnknownOutcomes
  faults: HandlerFaults
}

export class Exchange {
  readonly #options: ExchangeOptions
  readonly #pending: PendingRequests<Asking>
  readonly #received: ReceivedRequests
  /** The connections there are, the newest last. A peer has two at most, and for a moment those that they replace. */
  readonly #lines: Line[] = []
  #pendingBytes = 0
  #answering = 0
  #answeringBytes = 0
  /** Our answers after this one may have been lost with the last connection. Infinity: none. */
  #lostAfter = Infinity
  #hasEnded = false

  constructor (options: ExchangeOptions) {
    this.#options = options
    // Counting goes on over all connections, from where no other peer knows.
    this.#pending = new PendingRequests(randomBytes(4).readUInt32BE(), options.responseTimeoutMs, asking => {
      this.#pendingBytes -= asking.bytes
      this.#giveUp(asking, `${asking.requestId} timed out`)
    })
    this.#received = new ReceivedRequests(options.responseTimeoutMs)
  }

  /** Requests that wait for the peer's answer. */
  get pendingRequests (): number {
    return this.#pending.size
  }

  /** Whether so many bytes more cannot be carried out now, if so many requests wait besides. */
  isFullFor (bytes: number, waiting: number): boolean {
    return this.#answering + waiting >= MAX_IN_FLIGHT || isTooMuch(this.#answeringBytes, bytes)
  }

  /** Counts our answers. */
  get answers (): number {
    return this.#received.order
  }

  /** A connection to the peer, which has shown who it is. It gets the answers that may have been lost. */
  join (line: Line): void {
    this.#lines.push(line)
    line.arrived = this.answers
    this.#sendAgain(line, this.#lostAfter)
    this.#lostAfter = Infinity
  }

  /** The connection is closed. What was answered on it and may be lost goes out on another one. */
  leave (line: Line): void {
    const at = this.#lines.indexOf(line)
    if (at < 0) return
    this.#lines.splice(at, 1)
    const other = this.#lineFor(line)
    if (other === undefined) this.#lostAfter = Math.min(this.#lostAfter, line.arrived)
    else this.#sendAgain(other, line.arrived)
  }

  /** Ends it for good: nobody can answer or be answered any more. */
  end (): void {
    this.#hasEnded = true
    this.#received.clear()
    this.#pendingBytes = 0
    for (const asking of this.#pending.clear()) this.#giveUp(asking, ENDED)
  }

  /** Opens a request and sets its id. Throws an IlpError with T03 when too many, or too many bytes, are open. */
  open (asking: Asking): void {
    if (this.#pending.size >= MAX_IN_FLIGHT || isTooMuch(this.#pendingBytes, asking.bytes)) {
      throw new IlpError('T03', `BTP connection is busy: ${TOO_MANY}`)
    }
    this.#pending.add(asking)
    this.#pendingBytes += asking.bytes
  }

  /** Takes back a request that was not sent. */
  withdraw ({ requestId }: Asking): void {
    this.#take(requestId)
  }

  /** Whether we wait for an answer with this id. */
  isAwaited (requestId: number): boolean {
    return this.#pending.has(requestId)
  }

  /** A Response of the peer with nothing but a packet. Does nothing when nobody asked, or got the answer already. */
  resolvePacket (requestId: number, packet: Buffer): void {
    const asking = this.#take(requestId)
    if (asking?.wants === 'packet') asking.resolve(packet)
    else asking?.resolve([packetEntry(packet)])
  }

  /** Another answer of the peer. */
  resolve (frame: ResponseFrame | ErrorFrame): void {
    const asking = this.#take(frame.requestId)
    if (frame.type === FrameType.ERROR) asking?.reject(errorOfFrame(frame))
    else if (asking?.wants === 'packet') asking.resolve(packetOf(frame.protocolData) ?? EMPTY)
    else asking?.resolve(frame.protocolData)
  }

  /** Whether the peer has asked this before, as far as its id says. */
  isKnown (requestId: number): boolean {
    return this.#received.has(requestId)
  }

  /** Carries out a request of the peer, which came on `line` as `bytes`, and answers it. */
  carryOut (request: Request, bytes: Buffer, line: Line): void {
    const asked = this.#newRequest(request.requestId, bytes, line)
    if (asked === undefined) return
    if (this.isFullFor(bytes.length, 0)) {
      this.#send(asked, temporaryErrorFrame(asked.requestId, TOO_MANY))
      return
    }
    let answer: Promise<Answer>
    try {
      answer = Promise.resolve(this.#options.answer(request)) // handlers of users are not always what their types say
    } catch (err) {
      this.#fail(asked, this.#told(request, err))
      return
    }
    const size = bytes.length
    this.#answering++
    this.#answeringBytes += size
    answer.then(packetOrEntries => {
      this.#done(size)
      try {
        this.#respond(asked, packetOrEntries)
      } catch (err) {
        this.#fail(asked, err)
      }
    }, (err: unknown) => {
      this.#done(size)
      this.#fail(asked, this.#told(request, err))
    })
  }

  #done (bytes: number): void {
    this.#answering--
    this.#answeringBytes -= bytes
  }

  /** Answers a request that will not be carried out: a packet with T03, all else with T00. */
  refuse (bytes: Buffer, isPacket: boolean, line: Line): void {
    const asked = this.#newRequest(requestIdAt(bytes, 0), bytes, line)
    if (asked === undefined) return
    if (isPacket) this.#respond(asked, busyReject(this.#options.ownAddress()))
    else this.#send(asked, temporaryErrorFrame(asked.requestId, TOO_MANY))
  }

  #take (requestId: number): Asking | undefined {
    const asking = this.#pending.take(requestId)
    if (asking !== undefined) this.#pendingBytes -= asking.bytes
    return asking
  }

  /** Undefined: it has come before, or comes too late. If there is an answer, that goes out again. */
  #newRequest (requestId: number, bytes: Buffer, line: Line): Asked | undefined {
    if (this.#hasEnded) return undefined
    const mark = markOf(bytes)
    const answer = this.#received.find(requestId, mark)
    if (answer === undefined) return { requestId, mark, place: this.#received.add(requestId, mark), line }
    if (answer.length > 0) this.#lineFor(line)?.sendFrame(answer, 0, answer.length)
    return undefined
  }

  #respond (asked: Asked, answer: Answer): void {
    if (!Buffer.isBuffer(answer)) {
      const protocolData = Array.isArray(answer) ? answer as readonly SubProtocol[] : [packetEntry(answer)]
      const packet = packetOf(protocolData)
      if (packet !== undefined) this.#lineFor(asked.line)?.answered(packet)
      this.#send(asked, this.#fitting({ type: FrameType.RESPONSE, requestId: asked.requestId, protocolData }))
      return
    }
    if (this.#hasEnded) return
    const excess = packetFrameBytes(answer.length) - this.#options.maxPayload
    if (excess > 0) answer = shortReject(answer, answer.length - excess)
    const line = this.#lineFor(asked.line)
    line?.answered(answer)
    const size = packetFrameBytes(answer.length)
    const start = this.#makeRoom(asked, size)
    const { bytes } = this.#received
    writePacketFrame(bytes, start, FrameType.RESPONSE, asked.requestId, answer)
    line?.sendFrame(bytes, start, start + size)
  }

  /** With a Reject that is cut where the whole does not fit into a frame. */
  #fitting (frame: ResponseFrame): ResponseFrame {
    const excess = frameBytes(frame) - this.#options.maxPayload
    if (excess <= 0) return frame
    const protocolData = frame.protocolData.map(entry => {
      return entry.protocolName === 'ilp' ? packetEntry(shortReject(entry.data, entry.data.length - excess)) : entry
    })
    return { ...frame, protocolData }
  }

  /** What a handler of entries throws is for the peer, unlike what the handler of packets throws. */
  #told ({ type, protocolData }: Request, err: unknown): unknown {
    const isLonePacket = type === FrameType.MESSAGE && protocolData.length === 1 && protocolData[0]?.protocolName === 'ilp'
    return isLonePacket ? this.#options.faults.toldOf(err) : err
  }

  #fail (asked: Asked, err: unknown): void {
    this.#options.log.debug('request of the peer failed. requestId=%d error=%s', asked.requestId, messageOf(err))
    this.#send(asked, errorFrame(asked.requestId, err))
  }

  #send (asked: Asked, frame: ResponseFrame | ErrorFrame): void {
    if (this.#hasEnded) return
    const size = frameBytes(frame)
    const start = this.#makeRoom(asked, size)
    const { bytes } = this.#received
    writeFrame(bytes, start, frame)
    this.#lineFor(asked.line)?.sendFrame(bytes, start, start + size)
  }

  /** Where to write the answer, so that it is kept. */
  #makeRoom (asked: Asked, size: number): number {
    const { maxPayload } = this.#options
    if (size > maxPayload) throw tooLarge(size, maxPayload)
    return this.#received.answer(asked, size)
  }

  /** The connection that a request came on, as long as it is open: there are peers that take answers from there only. */
  #lineFor (line: Line): Line | undefined {
    return line.isOpen ? line : this.#lines.findLast(({ isOpen }) => isOpen)
  }

  #sendAgain (line: Line, answersAfter: number): void {
    line.arrived = Math.min(line.arrived, answersAfter)
    for (const frame of this.#received.since(answersAfter)) line.sendFrame(frame, 0, frame.length)
  }

  #giveUp (asking: Asking, message: string): void {
    this.#options.unknown.add()
    asking.reject(new IlpError('R00', message))
  }
}

function isTooMuch (bytes: number, more: number): boolean {
  return bytes > 0 && bytes + more > MAX_BYTES_IN_FLIGHT
}
