/** `POST /admin/ilp/send`: one packet of our own, for programs beside the node in any language. */
import { z } from 'zod'
import type { ILPFulfillPacket, ILPRejectPacket, NodeConfig, SendPacketParams } from '../../contracts/node.js'
import { isValidAddress } from '../../packet/address.js'
import { MAX_UINT64 } from '../../packet/prepare.js'
import type { Logger } from '../../contracts/logger.js'
import { errorAnswer, toError } from '../../http/errors.js'
import { json } from '../../http/responses.js'
import { SluiceError } from '../../contracts/errors.js'
import { route, type Route } from '../../http/route.js'
import { isRunning, type HealthNode } from './health.js'

/** Bytes of a request body: 64 KiB as base64, and the rest. */
export const MAX_SEND_BODY_SIZE = 128 * 1024
/** Bytes of application data that a request may carry. (A packet takes 32 KiB; the node rejects larger ones with F01.) */
export const MAX_SEND_DATA_SIZE = 65_536
export const DEFAULT_SEND_TIMEOUT_MS = 30_000
const MAX_SEND_TIMEOUT_MS = 300_000

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export interface IlpSendRequest {
  destination: string
  /** Base units, decimal. */
  amount: string
  /** base64, may be empty. */
  data: string
  timeoutMs?: number | undefined
}

export interface IlpSendResponse {
  accepted: boolean
  fulfilled: boolean
  /** base64. */
  fulfillment?: string
  /** base64; left out when there is none. */
  data?: string
  code?: string
  message?: string
}

/** What this route asks of the node. */
export interface PacketsNode extends Pick<HealthNode, 'getHealthStatus'> {
  readonly config: Pick<NodeConfig, 'nodeId'>
  /** Derives the condition from the data. Resolves by the packet's expiry. */
  sendPacket (packet: SendPacketParams): Promise<IlpAnswer>
}

/** As much of express as is used. */
interface ExpressResponse {
  status (code: number): { json (body: object): unknown }
}

type IlpAnswer = ILPFulfillPacket | ILPRejectPacket

const isMissing = (value: unknown): boolean => value === undefined || value === null || value === ''

/** Null for a valid request body, or the first fault in words. Fields that are not known are left alone. */
export function validateIlpSendRequest (body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'Request body must be a JSON object'
  const { destination, amount, data, timeoutMs } = body as Record<keyof IlpSendRequest, unknown>
  if (isMissing(destination)) return 'Missing required field: destination'
  if (typeof destination !== 'string' || !isValidAddress(destination)) return `Invalid ILP address: ${String(destination)}`
  if (isMissing(amount)) return 'Missing required field: amount'
  if (typeof amount !== 'string' || !/^\d+$/.test(amount)) return 'Amount must be a non-negative integer string'
  if (amount.length > 20 || BigInt(amount) > MAX_UINT64) return `Amount must be at most ${MAX_UINT64}, the largest of ILP`
  if (data === undefined || data === null) return 'Missing required field: data'
  if (typeof data !== 'string' || !BASE64.test(data)) return 'Data must be valid base64'
  if (Buffer.byteLength(data, 'base64') > MAX_SEND_DATA_SIZE) return `Data exceeds maximum size of ${MAX_SEND_DATA_SIZE} bytes`
  if (timeoutMs === undefined) return null
  if (typeof timeoutMs !== 'number' || !Number.isSafeInteger(timeoutMs) || timeoutMs <= 0) return 'timeoutMs must be a positive integer'
  return timeoutMs > MAX_SEND_TIMEOUT_MS ? `timeoutMs must be at most ${MAX_SEND_TIMEOUT_MS}` : null
}

/** For the OpenAPI document; the checks are those of validateIlpSendRequest, whose texts and order clients know. */
const requestSchema = z.object({
  destination: z.string().describe('ILP address'),
  amount: z.string().regex(/^\d+$/).describe('Base units, decimal, at most 18446744073709551615'),
  data: z.base64().describe(`base64 of at most ${MAX_SEND_DATA_SIZE} bytes; may be empty`),
  timeoutMs: z.int().min(1).max(MAX_SEND_TIMEOUT_MS).default(DEFAULT_SEND_TIMEOUT_MS).describe('How long the packet may take')
})

const responseSchema = z.union([
  z.strictObject({ accepted: z.literal(true), fulfilled: z.literal(true), fulfillment: z.base64(), data: z.base64().optional() }),
  z.strictObject({
    accepted: z.literal(false), fulfilled: z.literal(false), code: z.string(), message: z.string(), data: z.base64().optional()
  })
])

/** Sends a packet of our own: as `ConnectorNode.sendPacket`. */
export type PacketSenderFn = (packet: SendPacketParams) => Promise<IlpAnswer>
export type IsReadyFn = () => boolean

/** The route without a server around it: the admin API uses it, and so can an application's own server. */
export class IlpSendHandler {
  /** Without a sender every request is answered with 503, as while `isReady` says no. */
  constructor (
    private readonly sendPacket: PacketSenderFn | null, private readonly isReady: IsReadyFn | null, private readonly log: Pick<Logger, 'warn'>
  ) {}

  /** Resolves to the answer for a parsed body. Throws SluiceError for a bad request and for what cannot be done now. */
  async send (body: unknown): Promise<{ status: number, body: IlpSendResponse }> {
    const { destination, amount, data, timeoutMs = DEFAULT_SEND_TIMEOUT_MS } = checkIlpSendRequest(body)
    const sendPacket = this.sendPacket
    if (sendPacket === null) throw new SluiceError('SLUICE_NO_SENDER', 'Outbound sender not configured')
    if (this.isReady?.() !== true) throw new SluiceError('SLUICE_NODE_NOT_READY', 'Connector not ready')
    const expiresAt = new Date(Date.now() + timeoutMs)
    const packet = { destination, amount: BigInt(amount), expiresAt, data: Buffer.from(data, 'base64') }
    return { status: 200, body: responseOf(await within(timeoutMs, () => sendPacket(packet))) }
  }

  /** For express and its like, behind a JSON body parser. Never rejects. */
  async handle (request: { body?: unknown }, response: ExpressResponse): Promise<void> {
    try {
      const { status, body } = await this.send(request.body)
      response.status(status).json(body)
    } catch (thrown) {
      const err = toError(thrown)
      const { status, body } = errorAnswer(err)
      if (status >= 500) this.log.warn('could not send a packet. error=%s', err.message)
      response.status(status).json(body)
    }
  }
}

export function ilpSendRoute (node: PacketsNode, log: Pick<Logger, 'warn'>): Route {
  const handler = new IlpSendHandler(packet => node.sendPacket(packet), () => isRunning(node), log)
  return route({
    method: 'post',
    path: '/admin/ilp/send',
    summary: 'Sends a packet and waits for its answer: fulfilled, or rejected with an ILP error code',
    body: {
      schema: requestSchema, check: checkIlpSendRequest, example: { destination: `g.${node.config.nodeId}.me`, amount: '1000', data: 'aGVsbG8=' }
    },
    maxBodySize: MAX_SEND_BODY_SIZE,
    responses: { 200: responseSchema },
    errors: { 400: 'A field is missing or wrong', 408: 'No answer came in time', 503: 'The node is not ready' }
  }, async ({ body }) => {
    const answer = await handler.send(body)
    return json(answer.status, answer.body)
  })
}

function checkIlpSendRequest (body: unknown): IlpSendRequest {
  const fault = validateIlpSendRequest(body)
  if (fault !== null) throw new SluiceError('SLUICE_PACKET_INVALID', fault)
  return body as IlpSendRequest
}

/** Rejects with 408 when there is no answer in time: whatever comes later, the packet has expired. */
async function within (timeoutMs: number, send: () => Promise<IlpAnswer>): Promise<IlpAnswer> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new SluiceError('SLUICE_PACKET_TIMED_OUT', `No response received within ${timeoutMs}ms`)) }, timeoutMs)
    timer.unref()
  })
  try {
    return await Promise.race([send(), timeout])
  } finally {
    clearTimeout(timer)
  }
}

function responseOf (answer: IlpAnswer): IlpSendResponse {
  const data = answer.data.length === 0 ? {} : { data: answer.data.toString('base64') }
  if (answer.type === 13) return { accepted: true, fulfilled: true, fulfillment: answer.fulfillment.toString('base64'), ...data }
  return { accepted: false, fulfilled: false, code: answer.code, message: answer.message, ...data }
}
