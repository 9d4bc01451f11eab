/**
 * The business logic server: a web server in any language, next to the connector. It answers `POST {url}/handle-packet` with a
 * PaymentRequest by a PaymentResponse, and `GET {url}/health` by any 2xx when it is ready. Whatever it does, a packet gets an ILP answer
 * in time.
 */
import { LogThrottle } from '../../src/lib/log-throttle.js'
import { readUpTo } from '../../src/lib/read-up-to.js'
import { MalformedResponseError, computeFulfillmentFromData, deliveryOf, paymentRequestOf } from '../../src/delivery/payment.js'
import type { LocalDeliveryRequest, LocalDeliveryResponse } from '../../src/delivery/payment.js'
import type { Logger } from '../../src/contracts/logger.js'
import { RequestQueue } from './request-queue.js'

/** A response carries 32 KiB as base64 and some words; more is not read. */
const MAX_RESPONSE_BYTES = 128 * 1024
const HEALTH_TIMEOUT_MS = 5000
/** Of an error's body, this much is logged. */
const MAX_SHOWN = 200
/** A server that fails for every packet makes one log line in this time. */
const LOG_INTERVAL_MS = 10_000
/** Packets of all peers that wait for their turn. */
const MAX_WAITING = 5000
const TOO_MANY = 'Too many packets are waiting for the application'

export interface BusinessLogicOptions {
  /** Without a slash at its end. */
  url: string
  timeoutMs: number
  /** Requests at a time. */
  maxConcurrent: number
  authToken: string | undefined
  log: Logger
}

export class BusinessLogicServer {
  private readonly queue: RequestQueue
  private readonly lines = new LogThrottle(LOG_INTERVAL_MS)

  constructor (private readonly options: BusinessLogicOptions) {
    this.queue = new RequestQueue({ maxUnderWay: options.maxConcurrent, maxWaiting: MAX_WAITING })
  }

  /** Never rejects: what goes wrong is a reject with the code that says whose fault it was. */
  async deliver (packet: LocalDeliveryRequest): Promise<LocalDeliveryResponse> {
    const turn = await this.queue.enter(packet.sourcePeer, Date.parse(packet.expiresAt))
    if (turn === 'full') return rejected('T03', TOO_MANY)
    if (turn === 'expired') return rejected('R00', 'Payment has expired')
    try {
      return await this.ask(packet)
    } finally {
      this.queue.leave()
    }
  }

  /** Tells of a packet in transit. Rejects when the server cannot be told; its answer does not matter. */
  async notify (packet: LocalDeliveryRequest): Promise<void> {
    const turn = await this.queue.enter(packet.sourcePeer, Date.parse(packet.expiresAt))
    if (turn !== 'turn') throw new Error(turn === 'full' ? TOO_MANY : 'the packet has expired')
    try {
      const response = await this.post(packet)
      await response.body?.cancel()
    } finally {
      this.queue.leave()
    }
  }

  private async ask (packet: LocalDeliveryRequest): Promise<LocalDeliveryResponse> {
    try {
      const response = await this.post(packet)
      const text = (await readUpTo(response.body, MAX_RESPONSE_BYTES))?.toString()
      if (!response.ok) {
        // What it says may be full of addresses and passwords, and the sender may be anybody.
        const body = (text ?? '').slice(0, MAX_SHOWN)
        this.throttled((log, count) => {
          log.warn('the business logic server refused a packet. status=%d body=%j packetsSinceLastLine=%d', response.status, body, count)
        })
        return rejected('T00', `Business logic server returned status ${response.status}`)
      }
      const answer = deliveryOf(parsed(text), packet, {
        warn: (fields, reason) => this.throttled((log, count) => {
          log.warn('the business logic server gave a faulty answer. reason=%s details=%j packetsSinceLastLine=%d', reason, fields, count)
        })
      })
      return fits(answer, packet) ? answer : rejected('T00', 'Fulfillment/condition mismatch')
    } catch (error) {
      return this.failure(error)
    }
  }

  async isHealthy (): Promise<boolean> {
    try {
      const response = await fetch(`${this.options.url}/health`, { redirect: 'error', signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS) })
      await response.body?.cancel()
      return response.ok
    } catch {
      return false
    }
  }

  /** Gives up when the packet has expired, or after `timeoutMs`. */
  private post (packet: LocalDeliveryRequest): Promise<Response> {
    const { url, authToken, timeoutMs } = this.options
    const leftMs = Math.max(Date.parse(packet.expiresAt) - Date.now(), 0)
    return fetch(`${url}/handle-packet`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authToken !== undefined && { authorization: `Bearer ${authToken}` }) },
      body: JSON.stringify(paymentRequestOf(packet)),
      redirect: 'error',
      signal: AbortSignal.timeout(Math.ceil(Math.min(timeoutMs, leftMs)))
    })
  }

  private failure (error: unknown): LocalDeliveryResponse {
    if (error instanceof MalformedResponseError) {
      this.throttled((log, count) => {
        log.warn('malformed response from the business logic server. error=%s packetsSinceLastLine=%d', error.message, count)
      })
      return rejected('T00', 'Malformed response from business logic server')
    }
    if (error instanceof DOMException && error.name === 'TimeoutError') return rejected('R00', 'Business logic server request timed out')
    this.throttled((log, count) => {
      log.warn('cannot reach the business logic server. url=%s error=%s packetsSinceLastLine=%d', this.options.url, causeOf(error), count)
    })
    return rejected('T00', 'Business logic server is not reachable')
  }

  /** Writes a line, with the number of packets since the last one, if one is due. */
  private throttled (write: (log: Logger, count: number) => void): void {
    const count = this.lines.due()
    if (count !== undefined) write(this.options.log, count)
  }
}

/** A server only says yes; whether the data fulfils what the sender asked for is another matter. */
function fits ({ fulfill }: LocalDeliveryResponse, { executionCondition }: LocalDeliveryRequest): boolean {
  if (fulfill === undefined) return true
  return computeFulfillmentFromData(Buffer.from(fulfill.fulfillment, 'base64')).toString('base64') === executionCondition
}

function rejected (code: string, message: string): LocalDeliveryResponse {
  return { reject: { code, message } }
}

function parsed (text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '') as unknown
  } catch {
    throw new MalformedResponseError()
  }
}

/** fetch only says that it failed; why stands in the cause. */
function causeOf (error: unknown): string {
  const { cause, message } = Object(error) as { cause?: { code?: unknown, message?: unknown }, message?: unknown }
  return String(cause?.code ?? cause?.message ?? message)
}
