/** `POST /admin/ilp/send`: one packet of our own, for programs beside the node in any language. `POST /send-packet` is its older name. */
import { z } from 'zod'
import type { ILPFulfillPacket, ILPRejectPacket, NodeConfig, SendPacketParams } from '../../contracts/node.js'
import { computeConditionFromData } from '../../delivery/payment.js'
import { isValidAddress } from '../../packet/address.js'
import { MAX_UINT64 } from '../../packet/prepare.js'
import type { Logger } from '../../contracts/logger.js'
import { errorAnswer, toError } from '../../http/errors.js'
import { json } from '../../http/responses.js'
import { SluiceError } from '../../contracts/errors.js'
import { route, type Route } from '../../http/route.js'

/** Bytes of a request body: 64 KiB as base64, and the rest. */
export const MAX_SEND_BODY_SIZE = 128 * 1024
/** Bytes of application data that a request may carry. (A packet takes 32 KiB; the node rejects larger ones with F01.) */
export const MAX_SEND_DATA_SIZE = 65_536
export const DEFAULT_SEND_TIMEOUT_MS = 30_000
const MAX_SEND_TIMEOUT_MS = 300_000

const CONDITION_LENGTH = 32

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export interface IlpSendRequest {
  destination: string
  /** Base units, decimal. */
  amount: string
  /** base64, may be empty. */
  data: string
  /** How long the packet may take. Or `expiresAt`, when it ends: ISO 8601. */
  timeoutMs?: number | undefined
  expiresAt?: string | undefined
  /** 32 bytes, base64. Left out, or all zero: derived from the data. */
  executionCondition?: string | undefined
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
export interface PacketsNode {
  canSend (): boolean
  readonly config: Pick<NodeConfig, 'nodeId'>
  /** Derives the condition from the data. Resolves by the packet's expiry. */
  sendPacket (packet: SendPacketParams): Promise<IlpAnswer>
}

/** As much of express as is used. */
interface ExpressResponse {
  status (code: number): { json (body: object): unknown }
}

type IlpAnswer = ILPFulfillPacket | ILPRejectPacket

/** Null for a valid request body, or the first fault in words; a field of another type counts as missing. Unknown fields are left alone. */
export function validateIlpSendRequest (body: unknown): string | null {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'Request body must be a JSON object'
  const { destination, amount, data, timeoutMs, expiresAt, executionCondition } = body as Record<keyof IlpSendRequest, unknown>
  if (typeof destination !== 'string' || destination === '') return 'Missing required field: destination'
  if (!isValidAddress(destination)) return `Invalid ILP address: ${destination}`
  if (typeof amount !== 'string') return 'Missing required field: amount'
  if (!/^\d+$/.test(amount)) return 'Amount must be a non-negative integer string'
  if (amount.length > 20 || BigInt(amount) > MAX_UINT64) return `Amount must be at most ${MAX_UINT64}, the largest of ILP`
  if (typeof data !== 'string') return 'Missing required field: data'
  if (!BASE64.test(data)) return 'Data must be valid base64'
  if (Buffer.byteLength(data, 'base64') > MAX_SEND_DATA_SIZE) return `Data exceeds maximum size of ${MAX_SEND_DATA_SIZE} bytes`
  return conditionFault(executionCondition) ?? timeFault(timeoutMs, expiresAt)
}

function conditionFault (condition: unknown): string | undefined {
  if (condition === undefined) return undefined
  const isCondition = typeof condition === 'string' && BASE64.test(condition) && Buffer.byteLength(condition, 'base64') === CONDITION_LENGTH
  return isCondition ? undefined : `executionCondition must be ${CONDITION_LENGTH} bytes in base64`
}

function timeFault (timeoutMs: unknown, expiresAt: unknown): string | null {
  if (timeoutMs !== undefined && expiresAt !== undefined) return 'Set expiresAt or timeoutMs, not both'
  if (expiresAt !== undefined) {
    const { data: end } = isoTime.safeParse(expiresAt)
    if (end === undefined) return 'expiresAt must be a time in ISO 8601, such as 2026-01-31T12:00:00.000Z'
    const leftMs = Date.parse(end) - Date.now()
    return leftMs > 0 && leftMs <= MAX_SEND_TIMEOUT_MS ? null : `expiresAt must be in the future, and at most ${MAX_SEND_TIMEOUT_MS} ms away`
  }
  if (timeoutMs === undefined) return null
  if (typeof timeoutMs !== 'number' || !Number.isSafeInteger(timeoutMs) || timeoutMs <= 0) return 'timeoutMs must be a positive integer'
  return timeoutMs > MAX_SEND_TIMEOUT_MS ? `timeoutMs must be at most ${MAX_SEND_TIMEOUT_MS}` : null
}

const isoTime = z.iso.datetime({ offset: true })

/** For the OpenAPI document; the checks are those of validateIlpSendRequest, whose texts and order clients know. */
const requestSchema = z.object({
  destination: z.string().describe('ILP address'),
  amount: z.string().regex(/^\d+$/).describe('Base units, decimal, at most 18446744073709551615'),
  data: z.base64().describe(`base64 of at most ${MAX_SEND_DATA_SIZE} bytes; may be empty`),
  timeoutMs: z.int().min(1).max(MAX_SEND_TIMEOUT_MS).default(DEFAULT_SEND_TIMEOUT_MS).describe('How long the packet may take'),
  expiresAt: isoTime.optional().describe(`Instead of timeoutMs: when the packet ends, at most ${MAX_SEND_TIMEOUT_MS} ms from now`),
  executionCondition: z.base64().optional().describe('32 bytes. Left out, or all zero: derived from the data, as a node of this kind fulfils it')
})

const fulfilled = z.strictObject({
  accepted: z.literal(true), fulfilled: z.literal(true), fulfillment: z.base64(), data: z.base64().optional()
})
const rejected = z.strictObject({
  accepted: z.literal(false), fulfilled: z.literal(false), code: z.string(), message: z.string(), data: z.base64().optional()
})

/** Sends a packet of our own: as `ConnectorNode.sendPacket`. The condition is that of the request, or the one that the data make. */
export type PacketSenderFn = (packet: SendPacketParams & { executionCondition: Buffer, data: Buffer }) => Promise<IlpAnswer>
export type IsReadyFn = () => boolean

/** The route without a server around it: the admin API uses it, and so can an application's own server. */
export class IlpSendHandler {
  /** Without a sender every request is answered with 503, as while `isReady` says no. */
  constructor (
    private readonly sendPacket: PacketSenderFn | null, private readonly isReady: IsReadyFn | null, private readonly log: Pick<Logger, 'warn'>
  ) {}

  /** Resolves to the answer for a parsed body. Throws SluiceError for a bad request and for what cannot be done now. */
  async send (body: unknown): Promise<{ status: number, body: IlpSendResponse }> {
    const request = checkIlpSendRequest(body)
    const { destination, amount, data, executionCondition: condition } = request
    const sendPacket = this.sendPacket
    if (sendPacket === null) throw new SluiceError('SLUICE_NO_SENDER', 'Outbound sender not configured')
    if (this.isReady?.() !== true) throw new SluiceError('SLUICE_NODE_NOT_READY', 'Connector not ready')
    const { expiresAt, timeoutMs } = timeOf(request)
    const bytes = Buffer.from(data, 'base64')
    const executionCondition = condition === undefined ? computeConditionFromData(bytes).condition : Buffer.from(condition, 'base64')
    const packet = { destination, amount: BigInt(amount), executionCondition, expiresAt, data: bytes }
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

/** The route under its name here, and under the one that clients of other connectors call. */
export function ilpSendRoutes (node: PacketsNode, log: Pick<Logger, 'warn'>): Route[] {
  const handler = new IlpSendHandler(packet => node.sendPacket(packet), () => node.canSend(), log)
  const described = {
    method: 'post' as const,
    body: {
      schema: requestSchema, check: checkIlpSendRequest, example: { destination: `g.${node.config.nodeId}.me`, amount: '1000', data: 'aGVsbG8=' }
    },
    maxBodySize: MAX_SEND_BODY_SIZE,
    errors: { 400: 'A field is missing or wrong', 408: 'No answer came in time', 503: 'The node is not ready' }
  }
  return [
    route({
      ...described,
      path: '/admin/ilp/send',
      summary: 'Sends a packet and waits for its answer: fulfilled, or rejected with an ILP error code',
      responses: { 200: z.union([fulfilled, rejected]) }
    }, async ({ body }) => {
      const answer = await handler.send(body)
      return json(answer.status, answer.body)
    }),
    route({
      ...described,
      path: '/send-packet',
      summary: 'The same under the name that clients of other connectors for agents call; the answer says accept, too',
      responses: { 200: z.union([fulfilled.extend({ accept: z.literal(true) }), rejected.extend({ accept: z.literal(false) })]) }
    }, async ({ body }) => {
      const answer = await handler.send(body)
      return json(answer.status, { accept: answer.body.accepted, ...answer.body })
    })
  ]
}

function checkIlpSendRequest (body: unknown): IlpSendRequest {
  const fault = validateIlpSendRequest(body)
  if (fault !== null) throw new SluiceError('SLUICE_PACKET_INVALID', fault)
  return body as IlpSendRequest
}

/** When the packet ends, and how many ms that is from now. */
function timeOf ({ timeoutMs = DEFAULT_SEND_TIMEOUT_MS, expiresAt }: IlpSendRequest): { expiresAt: Date, timeoutMs: number } {
  const now = Date.now()
  if (expiresAt === undefined) return { expiresAt: new Date(now + timeoutMs), timeoutMs }
  const end = new Date(expiresAt)
  return { expiresAt: end, timeoutMs: Math.max(end.getTime() - now, 1) }
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
