/**
 * Makes counts of all packets, and events of some. As many as the budget allows are followed step by step; what is rejected beyond them is
 * told of from a budget of its own, so that a few refusals are not lost among many payments. All others are counted as left out.
 */
import type { Audience, ExplorerEvent, InAsset, PacketReceived } from '../contracts/explorer-events.js'
import { prepareOf, type PrepareView } from '../packet/prepare.js'
import { codeOf, fulfillOf, isFulfill, isReject, rejectOf, type RejectFields } from '../packet/reply.js'
import type { PacketObserver, Trace } from '../pipeline/packet-observers.js'
import { Budget } from './budget.js'
import type { Counts } from './counts.js'

/** Packets that are followed, in a second in which somebody looks on. */
export const FOLLOWED_PER_SECOND = 100
/** Packets that were rejected and not followed, and are told of all the same, in a second. */
export const REJECTS_PER_SECOND = 50
/** The same two for the history alone: an event costs it more than a packet costs the connector. */
export const KEPT_PER_SECOND = 20
/** Another node wrote the message. UTF-16 units. */
export const MESSAGE_LENGTH_MAX = 1000
/** What neighbours ask each other pays nobody. */
const NEIGHBOURS = 'peer.'
const NOTHING = Buffer.alloc(0)

export interface PacketEventsParts {
  counts: Counts
  nodeId: string
  /** Whether the data of packets goes into events. */
  payloads: boolean
  assetOf: (accountId: string) => InAsset
  /** Who is to be told; undefined: nobody. */
  audience: () => Audience | undefined
  tell: (event: ExplorerEvent) => void
  /** What must not happen has happened. */
  failed: (error: unknown) => void
}

export class PacketEvents implements PacketObserver {
  readonly #followed = new Budget()
  readonly #rejects = new Budget()
  #leftOut = 0
  #leftOutSince = Date.now()

  constructor (private readonly parts: PacketEventsParts) {}

  arrived (packet: Trace): void {
    const audience = this.parts.audience()
    if (audience === undefined || !this.#followed.take(audience === 'live' ? FOLLOWED_PER_SECOND : KEPT_PER_SECOND)) return
    const view = read(packet.data)
    if (view !== undefined && isForNeighbours(view)) {
      this.#followed.giveBack()
      return
    }
    packet.follow(packet => { this.#forwarded(packet) })
    if (view === undefined) return
    this.parts.tell({
      type: 'PACKET_RECEIVED', ...this.#described(packet, view), bytes: packet.data.length, expiresAt: view.expiresAt, ...this.#payload(view.data)
    })
  }

  answered (packet: Trace, reply: Buffer | undefined): void {
    try {
      this.#count(packet, Buffer.isBuffer(reply) ? reply : undefined)
    } catch (error) {
      this.parts.failed(error)
    }
  }

  refusedEarly (accountId: string, code: string): void {
    this.parts.counts.refusedEarly(accountId, code)
    this.#leftOut++
  }

  /** Tells how many packets were not told of since it was last called. */
  endSecond (): void {
    const now = Date.now()
    this.#followed.refill()
    this.#rejects.refill()
    if (this.#leftOut > 0 && this.parts.audience() !== undefined) {
      this.parts.tell({ type: 'PACKETS_LEFT_OUT', nodeId: this.parts.nodeId, count: this.#leftOut, since: this.#leftOutSince, timestamp: now })
    }
    this.#leftOut = 0
    this.#leftOutSince = now
  }

  #count (packet: Trace, reply: Buffer | undefined): void {
    const isFulfilled = reply !== undefined && isFulfill(reply)
    const view = packet.view ?? (isFulfilled ? read(packet.data) : undefined)
    if (view !== undefined && isForNeighbours(view)) return
    const took = packet.age()
    this.parts.counts.answered({
      from: packet.accountId,
      amount: view?.amount ?? 0n,
      isFulfilled,
      code: !isFulfilled && reply !== undefined && isReject(reply) ? codeOf(reply) : '',
      tookMs: took,
      nextHop: packet.nextHop,
      outgoing: packet.outgoing,
      isPaid: packet.isPaid
    })
    const isTold = packet.isDetailed || (!isFulfilled && this.#tellsOfReject())
    if (isTold) this.#tellAnswer(packet, view ?? read(packet.data), reply, took)
    else this.#leftOut++
  }

  #tellsOfReject (): boolean {
    const audience = this.parts.audience()
    return audience !== undefined && this.#rejects.take(audience === 'live' ? REJECTS_PER_SECOND : KEPT_PER_SECOND)
  }

  #forwarded (packet: Trace): void {
    const { nextHop: to, outgoing } = packet
    const view = read(packet.data)
    if (view === undefined || to === undefined) return
    this.parts.tell({ type: 'PACKET_FORWARDED', ...this.#described(packet, view), amount: String(outgoing), ...this.parts.assetOf(to), to })
  }

  #tellAnswer (packet: Trace, view: PrepareView | undefined, reply: Buffer | undefined, took: number): void {
    const { steps = [], nextHop } = packet
    const answer = { ...this.#described(packet, view), ...(nextHop !== undefined && { to: nextHop }), took, steps }
    if (reply !== undefined && isFulfill(reply)) {
      const { fulfillment, data } = fulfillOf(reply)
      this.parts.tell({ type: 'PACKET_FULFILLED', ...answer, fulfillment: fulfillment.toString('hex'), ...this.#payload(data) })
      return
    }
    const { refusedBy } = packet
    const { data, ...reject } = reasonOf(reply)
    this.parts.tell({ type: 'PACKET_REJECTED', ...answer, ...reject, ...(refusedBy !== undefined && { refusedBy }), ...this.#payload(data) })
  }

  /** Of a packet that cannot be read, little is known. */
  #described (packet: Trace, view: PrepareView | undefined): Described {
    return {
      nodeId: this.parts.nodeId,
      packetId: view?.executionCondition.toString('hex') ?? '',
      destination: view?.destination ?? '',
      amount: String(view?.amount ?? 0n),
      ...this.parts.assetOf(packet.accountId),
      from: packet.accountId,
      timestamp: Date.now()
    }
  }

  #payload (data: Buffer): { data?: string } {
    return this.parts.payloads ? { data: data.toString('base64') } : {}
  }
}

type Described = InAsset & Pick<PacketReceived, 'nodeId' | 'packetId' | 'destination' | 'amount' | 'from' | 'timestamp'>

function isForNeighbours ({ destination }: PrepareView): boolean {
  return destination.startsWith(NEIGHBOURS)
}

function read (packet: Buffer): PrepareView | undefined {
  try {
    return prepareOf(packet)
  } catch {
    return undefined
  }
}

/** What a Reject says, however badly it is written; without an answer, nothing. */
function reasonOf (reply: Buffer | undefined): RejectFields {
  if (reply === undefined || !isReject(reply)) return { code: '', message: 'there was no answer.', triggeredBy: '', data: NOTHING }
  try {
    const { message, ...fields } = rejectOf(reply)
    return { ...fields, message: message.slice(0, MESSAGE_LENGTH_MAX) }
  } catch {
    return { code: codeOf(reply), message: 'the answer is malformed.', triggeredBy: '', data: NOTHING }
  }
}
