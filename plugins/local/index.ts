/**
 * The account of the connector's own application: packets to it are delivered to a function of this process or to a business logic
 * server, and packets from it enter the connector as from any other account. No money moves here, because the application is ours.
 */
import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { isObject } from '../../src/lib/is-object.js'
import { TIMER_LONGEST_MS } from '../../src/lib/timers.js'
import { LogThrottle } from '../../src/lib/log-throttle.js'
import { SILENT_LOG } from '../../src/contracts/logger.js'
import { describeError } from '../../src/lib/describe-error.js'
import { computeFulfillmentFromData, decodeBase64 } from '../../src/delivery/payment.js'
import type { LocalDeliveryRequest, LocalDeliveryResponse } from '../../src/delivery/payment.js'
import { DATA_LENGTH_MAX, prepareOf } from '../../src/packet/prepare.js'
import type { PrepareView } from '../../src/packet/prepare.js'
import { encodeFulfill, encodeReject } from '../../src/packet/reply.js'
import type { Logger } from '../../src/contracts/logger.js'
import type { DataHandler, MoneyHandler, PluginInstance, PluginServices } from '../../src/contracts/plugin.js'
import { BusinessLogicServer } from './business-logic.js'
import { parseOptions } from './options.js'
import type { Settings } from './options.js'

/** Packets that the application has not answered, and their bytes. One more is rejected with T03. */
export const MAX_DELIVERIES = 10_000
export const MAX_DELIVERY_BYTES = 16 * 1024 * 1024

/** A handler that fails for every packet makes one log line in this time. */
const LOG_INTERVAL_MS = 10_000
const NOTHING = Buffer.alloc(0)
const ERROR_CODE = /^[FTR]\d\d$/
const AUTO_FULFILLED = Buffer.from('Local delivery - auto-fulfill stub')

export default class PluginLocal extends EventEmitter implements PluginInstance {
  static readonly version = 2

  readonly settles = false
  readonly #settings: Settings
  readonly #server: BusinessLogicServer | undefined
  readonly #log: Logger
  readonly #lines = new LogThrottle(LOG_INTERVAL_MS)
  #dataHandler: DataHandler | undefined
  #connected = false
  #deliveries = 0
  #deliveryBytes = 0

  /** Options: see options.ts. Throws when they cannot work. */
  constructor (options: Record<string, unknown>, services?: PluginServices) {
    super()
    this.#settings = parseOptions(options)
    this.#log = services?.log ?? SILENT_LOG
    const { handlerUrl, timeout, maxConcurrentRequests: maxConcurrent, authToken } = this.#settings
    if (handlerUrl !== undefined) {
      this.#server = new BusinessLogicServer({ url: handlerUrl, timeoutMs: timeout, maxConcurrent, authToken, log: this.#log })
    }
  }

  connect (): Promise<void> {
    if (!this.#connected) {
      this.#connected = true
      this.emit('connect')
    }
    return Promise.resolve()
  }

  disconnect (): Promise<void> {
    if (this.#connected) {
      this.#connected = false
      this.emit('disconnect')
    }
    return Promise.resolve()
  }

  isConnected (): boolean {
    return this.#connected
  }

  /** Delivers a packet of the account `origin` to the application. Resolves to its answer; what the application does wrong is a reject. */
  async sendData (packet: Buffer, { origin }: { origin?: string | undefined } = {}): Promise<Buffer> {
    const prepare = prepareOf(packet)
    if (this.#deliveries >= MAX_DELIVERIES || this.#deliveryBytes + packet.length > MAX_DELIVERY_BYTES) {
      return this.#reject({ code: 'T03', message: 'Too many packets are waiting for the application' })
    }
    this.#deliveries++
    this.#deliveryBytes += packet.length
    try {
      const response = await this.#deliver(requestOf(prepare, origin))
      return this.#answer(prepare, response)
    } finally {
      this.#deliveries--
      this.#deliveryBytes -= packet.length
    }
  }

  /** Tells the application of a packet that passes through. Resolves when it has been told; rejects when it cannot be. */
  async notify (packet: Buffer, origin?: string): Promise<void> {
    const request = { ...requestOf(prepareOf(packet), origin), isTransit: true }
    const delivery = this.#settings.deliver?.(request)
    if (delivery === undefined) await this.#server?.notify(request)
    else await inTime(delivery, request.expiresAt)
  }

  /** Sends a packet of the application into the connector. Resolves to the raw answer. */
  sendPrepare (packet: Buffer): Promise<Buffer> {
    if (this.#dataHandler === undefined) return Promise.reject(new Error('the connector does not accept packets from its application yet'))
    return this.#dataHandler(packet)
  }

  /** Whether the business logic server says that it is ready. True if none is configured. */
  isHandlerHealthy (): Promise<boolean> {
    return this.#server?.isHealthy() ?? Promise.resolve(true)
  }

  /** Moves no money. */
  sendMoney (): Promise<void> {
    return Promise.resolve()
  }

  registerDataHandler (handler: DataHandler): void {
    if (this.#dataHandler !== undefined) throw new Error('requestHandler is already registered')
    this.#dataHandler = handler
  }

  deregisterDataHandler (): void {
    this.#dataHandler = undefined
  }

  registerMoneyHandler (_handler: MoneyHandler): void {
    // No money comes in here.
  }

  deregisterMoneyHandler (): void {
    // No money comes in here.
  }

  async #deliver (request: LocalDeliveryRequest): Promise<unknown> {
    try {
      const delivery = this.#settings.deliver?.(request)
      if (delivery !== undefined) return await inTime(delivery, request.expiresAt)
    } catch (error) {
      const failed = this.#lines.due() // the sender may be anybody, and gets none of the handler's words
      if (failed !== undefined) this.#log.warn('local delivery handler failed. error=%s packetsSinceLastLine=%d', describeError(error), failed)
      return { reject: { code: 'T00', message: 'Local delivery handler error' } }
    }
    if (this.#server !== undefined) return this.#server.deliver(request)
    if (this.#settings.autoFulfill) return autoFulfilled(request)
    return { reject: { code: 'F02', message: 'No packet handler is configured: set a packet handler or localDelivery.handlerUrl' } }
  }

  /** `response` comes from outside, so nothing about it is certain. */
  #answer ({ executionCondition }: PrepareView, response: unknown): Buffer {
    const { fulfill, reject } = Object(response) as { fulfill?: unknown, reject?: unknown }
    if (isObject(fulfill)) {
      const { fulfillment, data } = fulfill
      const preimage = typeof fulfillment === 'string' ? decodeBase64(fulfillment) : undefined
      if (preimage === undefined || !createHash('sha256').update(preimage).digest().equals(executionCondition)) {
        return this.#reject({ code: 'T00', message: 'Invalid fulfillment from local delivery handler' })
      }
      return encodeFulfill(preimage, this.#dataOf(data))
    }
    if (isObject(reject)) return this.#reject(reject)
    return this.#reject({ code: 'T00', message: 'Invalid response from local delivery handler' })
  }

  #reject ({ code, message, data }: { code?: unknown, message?: unknown, data?: unknown }): Buffer {
    return encodeReject({
      code: typeof code === 'string' && ERROR_CODE.test(code) ? code : 'F99',
      triggeredBy: this.#settings.address,
      message: typeof message === 'string' ? message : 'Rejected by agent',
      data: this.#dataOf(data)
    })
  }

  #dataOf (data: unknown): Buffer {
    if (data === undefined) return NOTHING
    const bytes = typeof data === 'string' ? decodeBase64(data) : undefined
    if (bytes !== undefined && bytes.length <= DATA_LENGTH_MAX) return bytes
    this.#log.warn('response data dropped: expected base64 of at most %d bytes', DATA_LENGTH_MAX)
    return NOTHING
  }
}

function requestOf ({ destination, amount, executionCondition, expiresAt, data }: PrepareView, sourcePeer = 'unknown'): LocalDeliveryRequest {
  return {
    destination,
    amount: String(amount),
    executionCondition: executionCondition.toString('base64'),
    expiresAt: new Date(expiresAt).toISOString(),
    data: data.toString('base64'),
    sourcePeer
  }
}

function autoFulfilled ({ data }: LocalDeliveryRequest): LocalDeliveryResponse {
  const fulfillment = computeFulfillmentFromData(Buffer.from(data, 'base64'))
  return { fulfill: { fulfillment: fulfillment.toString('base64'), data: AUTO_FULFILLED.toString('base64') } }
}

/** The handler's answer, or R00 when the packet has expired: a handler may never answer. */
async function inTime (delivery: LocalDeliveryResponse | Promise<LocalDeliveryResponse>, expiresAt: string): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined
  const expired = new Promise<LocalDeliveryResponse>(resolve => {
    const reject = { code: 'R00', message: 'Local delivery handler timed out' }
    timer = setTimeout(() => { resolve({ reject }) }, Math.min(Date.parse(expiresAt) - Date.now(), TIMER_LONGEST_MS)).unref()
  })
  try {
    return await Promise.race([delivery, expired])
  } finally {
    clearTimeout(timer)
  }
}
