/** ILP packets for both connectors, built with ilp-packet: the codec that neither side's answers may depend on. */
import { createHash } from 'node:crypto'
import { deserializeIlpPrepare, serializeIlpFulfill, serializeIlpPrepare, serializeIlpReject } from 'ilp-packet'
import { fulfillmentOf, isFulfill, isReject, rejectOf, type RejectFields } from '../../../src/packet/reply.js'

/** What the frozen clock shows when a test starts. */
export const START = Date.UTC(2026, 4, 17, 12, 0, 0)
export const PEER_FULFILLMENT = Buffer.alloc(32)
const NOTHING = Buffer.alloc(0)

export interface PacketFields {
  amount: string | number
  destination: string
  /** ms after START. */
  expiresIn: number
  fulfillment: Buffer
  data: Buffer
}

export type Prepare = ReturnType<typeof deserializeIlpPrepare>

const fulfillments = new Map<string, Buffer>()

/** A Prepare whose fulfillment `fulfillmentFor` will know. Amount 100, expiring after 10 s, unless said otherwise. */
export function preparePacket (fields: Partial<PacketFields> & { destination: string }): Buffer {
  const { amount, destination, expiresIn, fulfillment, data } = {
    amount: 100, expiresIn: 10_000, fulfillment: preimage('any'), data: NOTHING, ...fields
  }
  const executionCondition = createHash('sha256').update(fulfillment).digest()
  fulfillments.set(executionCondition.toString('hex'), fulfillment)
  return serializeIlpPrepare({ amount: String(amount), destination, expiresAt: new Date(START + expiresIn), executionCondition, data })
}

/** 32 bytes made from a text. */
export function preimage (text: string): Buffer {
  return createHash('sha256').update(`preimage of ${text}`).digest()
}

export function fulfil ({ executionCondition }: Prepare, data = NOTHING): Buffer {
  const fulfillment = fulfillments.get(executionCondition.toString('hex'))
  if (fulfillment === undefined) throw new Error('no test made a packet with this condition')
  return fulfillWith(fulfillment, data)
}

export function fulfillWith (fulfillment: Buffer, data = NOTHING): Buffer {
  return serializeIlpFulfill({ fulfillment, data })
}

export function rejectPacket (fields: Partial<RejectFields> = {}): Buffer {
  return serializeIlpReject({ code: 'F99', triggeredBy: 'test.far.away', message: 'no.', data: NOTHING, ...fields })
}

/** A reply for people, and its bytes for the comparison. */
export function describeReply (packet: unknown): object {
  if (!Buffer.isBuffer(packet)) return { notABuffer: typeof packet }
  const bytes = packet.toString('hex')
  try {
    if (isReject(packet)) {
      const { code, message, triggeredBy, data } = rejectOf(packet)
      return { reject: code, message, triggeredBy, data: data.toString('hex'), bytes }
    }
    if (isFulfill(packet)) return { fulfill: fulfillmentOf(packet).toString('hex'), bytes }
  } catch {
    // not well-formed: its bytes have to do
  }
  return { bytes }
}

/** The texts of rejects that name accounts in ilp-connector; its plugins' and middlewares' own errors without an ILP code. */
const NAMING =
  /^(no route found\.|no connection to account\.|refusing to route payments back to sender\.|tried to send \w+ to non-existent account\.) .*$/s
const PLUGIN_ERROR = /^failed to send packet: (?!plugin answered)/
const THROWN = /^(not today$|next\(\) called|non-object thrown|unknown account id\.)/i

/** A described answer of ilp-connector, as Sluice gives it: see "Rejects say nothing about the inside" in docs/differences.md. */
export function withoutDetails (answer: object): object {
  const { reject: code, message, triggeredBy, data } = answer as { reject?: string, message?: string, triggeredBy?: string, data?: string }
  if (code === undefined || message === undefined) return answer
  let told = message.replace(NAMING, '$1')
  if (code === 'F02' && PLUGIN_ERROR.test(message)) told = 'failed to send packet.'
  if (code === 'F00' && THROWN.test(message)) told = 'internal error.'
  if (told === message) return answer
  return describeReply(serializeIlpReject({ code, message: told, triggeredBy: String(triggeredBy), data: Buffer.from(String(data), 'hex') }))
}

const TIMES = / expiry=\S+ currentTime=\S+$/

/** A described answer of Sluice, as ilp-connector gives it: see "An expired question for an address" in docs/differences.md. */
export function withoutTimes (answer: object): object {
  const { reject: code, message = '', triggeredBy, data } = answer as { reject?: string, message?: string, triggeredBy?: string, data?: string }
  if (code === undefined || !message.startsWith('IL-DCP request packet is expired.') || !TIMES.test(message)) return answer
  return describeReply(serializeIlpReject({
    code, message: message.replace(TIMES, ''), triggeredBy: String(triggeredBy), data: Buffer.from(String(data), 'hex')
  }))
}

export function describePrepare (packet: Buffer): object {
  const bytes = packet.toString('hex')
  if (packet[0] !== 12) return { bytes }
  const { amount, destination, expiresAt, executionCondition, data } = deserializeIlpPrepare(packet)
  return {
    amount, destination, expiresIn: expiresAt.getTime() - START, condition: executionCondition.toString('hex'), data: data.toString('hex'), bytes
  }
}

export { deserializeIlpPrepare as readPrepare }
