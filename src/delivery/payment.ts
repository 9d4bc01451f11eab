/**
 * What a node and the business logic behind it say to each other about one packet, in process or as JSON over HTTP, and how that is
 * translated from and to ILP. Amounts are decimal strings in base units, data is base64, times are ISO 8601.
 */
import { createHash, randomBytes } from 'node:crypto'
import { describeError } from '../lib/describe-error.js'
import { LogThrottle } from '../lib/log-throttle.js'
import { DATA_LENGTH_MAX } from '../packet/prepare.js'

/** A packet as a packet handler, or `POST /handle-packet` of a business logic server, gets it. */
export interface PaymentRequest {
  /** base64url of 16 random bytes, new for each delivery. */
  paymentId: string
  /** The full ILP address. */
  destination: string
  amount: string
  expiresAt: string
  /** Left out when the packet carries none. */
  data?: string | undefined
  /** True for a packet that only passes through: the response is ignored. Left out where this node is its end. */
  isTransit?: boolean | undefined
  /** The peer that the packet came from, `local` for the node's own. */
  sourcePeer?: string | undefined
}

/** `rejectReason.code` is a business code, or an ILP error code such as `F99`. */
export interface PaymentResponse {
  accept: boolean
  /** base64, at most 32,768 bytes when decoded. Travels back with the Fulfill or the Reject. */
  data?: string | undefined
  rejectReason?: { code: string, message: string } | undefined
}

export type PaymentHandler = (request: PaymentRequest) => Soon<PaymentResponse>

/** A packet as a local delivery handler gets it: the condition too, which it has to fulfil itself. */
export interface LocalDeliveryRequest {
  destination: string
  amount: string
  /** base64 of 32 bytes. */
  executionCondition: string
  expiresAt: string
  data: string
  sourcePeer: string
  isTransit?: boolean | undefined
}

/** Exactly one of the two. */
export interface LocalDeliveryResponse {
  /** The 32 bytes whose SHA-256 is the condition, and data, both base64. */
  fulfill?: { fulfillment: string, data?: string | undefined } | undefined
  /** An ILP error code (default F99) and a message (default `Rejected by agent`). */
  reject?: { code?: string | undefined, message?: string | undefined, data?: string | undefined } | undefined
}

type Soon<T> = T | Promise<T>
export type LocalDeliveryHandler = (packet: LocalDeliveryRequest, sourcePeerId: string) => Soon<LocalDeliveryResponse>

/** Business codes and what they are in ILP (RFC 0027). */
export const REJECT_CODE_MAP: Readonly<Record<string, string>> = Object.freeze({
  insufficient_funds: 'T04',
  expired: 'R00',
  invalid_request: 'F00',
  invalid_amount: 'F03',
  unexpected_payment: 'F06',
  application_error: 'F99',
  internal_error: 'T00',
  timeout: 'T00'
})

/** A handler that fails for every packet makes one log line in this time. */
const LOG_INTERVAL_MS = 10_000
const PAYMENT_ID_LENGTH = 16
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/

/** Whatever takes a warning: fields and a message, as pino and `createLogger` do. */
export interface WarningLog {
  warn (fields: object, message: string): void
}

/** The ILP error code for a business code. ILP codes stay what they are, everything unknown is F99. */
export function mapRejectCode (code: string): string {
  if (Object.hasOwn(REJECT_CODE_MAP, code)) return REJECT_CODE_MAP[code] ?? 'F99'
  return /^[FTR]\d\d$/.test(code) ? code : 'F99'
}

/** 16 random bytes as base64url. */
export function generatePaymentId (): string {
  return randomBytes(PAYMENT_ID_LENGTH).toString('base64url')
}

/** SHA-256 of the data, 32 bytes. Everybody on the way sees the data, so this proves delivery only where the way is trusted. */
export function computeFulfillmentFromData (data: Uint8Array): Buffer {
  return createHash('sha256').update(data).digest()
}

/** What a sender needs so that the receiver can fulfil with `computeFulfillmentFromData`: the fulfillment, and SHA-256 of it. */
export function computeConditionFromData (data: Uint8Array): { condition: Buffer, fulfillment: Buffer } {
  const fulfillment = computeFulfillmentFromData(data)
  return { condition: computeFulfillmentFromData(fulfillment), fulfillment }
}

/** The bytes of canonical base64; undefined for anything else. */
export function decodeBase64 (text: string): Buffer | undefined {
  if (!BASE64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}

/** The same text when it is canonical base64 of at most 32,768 bytes; otherwise undefined, with a warning. */
export function validateResponseData (data: unknown, log: WarningLog): string | undefined {
  if (data === undefined || data === null) return undefined
  const bytes = typeof data === 'string' ? decodeBase64(data) : undefined
  if (bytes !== undefined && bytes.length <= DATA_LENGTH_MAX) return bytes.toString('base64')
  const fault = bytes === undefined ? 'it is not base64' : `it has ${bytes.length} bytes, at most ${DATA_LENGTH_MAX} fit into a packet`
  log.warn({ fault }, 'response data dropped')
  return undefined
}

/** What a packet handler is told of a packet. */
export function paymentRequestOf ({ destination, amount, expiresAt, data, sourcePeer, isTransit }: LocalDeliveryRequest): PaymentRequest {
  return {
    paymentId: generatePaymentId(),
    destination,
    amount,
    expiresAt,
    ...(data !== '' && { data }),
    ...(isTransit === true && { isTransit }),
    sourcePeer
  }
}

/** What a packet handler's response means for the packet it was asked about. `response` is unchecked. */
export function deliveryOf (response: unknown, { data }: LocalDeliveryRequest, log: WarningLog): LocalDeliveryResponse {
  const { accept, rejectReason, data: answered } = Object(response) as { accept?: unknown, rejectReason?: unknown, data?: unknown }
  if (typeof accept !== 'boolean') throw new MalformedResponseError()
  const responseData = validateResponseData(answered, log)
  const extra = responseData === undefined ? {} : { data: responseData }
  if (accept) return { fulfill: { fulfillment: computeFulfillmentFromData(Buffer.from(data, 'base64')).toString('base64'), ...extra } }
  const { code, message } = Object(rejectReason) as { code?: unknown, message?: unknown }
  return {
    reject: {
      code: typeof code === 'string' ? mapRejectCode(code) : 'F99',
      message: typeof message === 'string' ? message : 'Payment rejected',
      ...extra
    }
  }
}

/** A response that says neither yes nor no. */
export class MalformedResponseError extends Error {
  constructor () {
    super('the response has no boolean "accept"')
  }
}

/**
 * Makes a local delivery handler of a packet handler: yes becomes the fulfillment from the data, no the mapped reject code, a throw T00
 * without the handler's words (they are logged), and a packet that has expired R00 without asking.
 */
export function createPaymentHandlerAdapter (handler: PaymentHandler, log: WarningLog): LocalDeliveryHandler {
  const lines = new LogThrottle(LOG_INTERVAL_MS)
  return async packet => {
    if (Date.parse(packet.expiresAt) <= Date.now()) return { reject: { code: 'R00', message: 'Payment has expired' } }
    try {
      return deliveryOf(await handler(paymentRequestOf(packet)), packet, log)
    } catch (error) {
      const packetsSinceLastLine = lines.due()
      if (packetsSinceLastLine !== undefined) {
        log.warn({ destination: packet.destination, error: describeError(error), packetsSinceLastLine }, 'packet handler failed')
      }
      return { reject: { code: 'T00', message: 'Internal error processing payment' } }
    }
  }
}
