/** CCP on the wire: route control and route update messages are the data of a Prepare to `peer.route.*` (codec: ilp-protocol-ccp). */
import { serializeIlpPrepare } from 'ilp-packet'
import {
  CCP_CONTROL_DESTINATION, CCP_UPDATE_DESTINATION, PEER_PROTOCOL_CONDITION,
  deserializeCcpRouteControlRequestPayload, deserializeCcpRouteUpdateRequestPayload,
  serializeCcpResponse, serializeCcpRouteControlRequestPayload, serializeCcpRouteUpdateRequestPayload
} from 'ilp-protocol-ccp'
import type { CcpRouteControlRequest, CcpRouteUpdateRequest } from 'ilp-protocol-ccp'
import { describeError } from '../../lib/describe-error.js'
import { BadRequestError } from '../../packet/errors.js'
import { MAX_MESSAGE_BYTES } from '../table/limits.js'

/** How long our own messages are valid. */
const EXPIRY_MS = 60_000

/** A Prepare to `peer.route.*`, as far as routing cares. */
export interface CcpPrepare {
  readonly destination: string
  /** ms since the epoch */
  readonly expiresAt: number
  readonly data: Buffer
}

export type CcpMessage =
  | { type: 'control', request: CcpRouteControlRequest }
  | { type: 'update', request: CcpRouteUpdateRequest }

/** Throws BadRequestError (F00) for what is expired or malformed, and Error (F00) for an unknown destination. */
export function readMessage (prepare: CcpPrepare, nowMs: number): CcpMessage {
  switch (prepare.destination) {
  case CCP_CONTROL_DESTINATION:
    return { type: 'control', request: read('route control', prepare, nowMs, deserializeCcpRouteControlRequestPayload) }
  case CCP_UPDATE_DESTINATION: {
    const request = read('route update', prepare, nowMs, deserializeCcpRouteUpdateRequestPayload)
    const { fromEpochIndex, toEpochIndex } = request
    if (fromEpochIndex > toEpochIndex) throw new BadRequestError(`route update goes backwards. fromEpoch=${fromEpochIndex} toEpoch=${toEpochIndex}`)
    return { type: 'update', request }
  }
  default:
    throw new BadRequestError('unrecognized ccp message. destination=' + prepare.destination)
  }
}

function read<T> (name: string, { data, expiresAt }: CcpPrepare, nowMs: number, deserialize: (data: Buffer) => T): T {
  if (nowMs > expiresAt) throw new BadRequestError(`CCP ${name} request packet is expired.`)
  if (data.length > MAX_MESSAGE_BYTES) throw new BadRequestError(`${name} message is too large. bytes=${data.length} maximum=${MAX_MESSAGE_BYTES}`)
  try {
    return deserialize(data)
  } catch (error) {
    throw new BadRequestError(`${name} message is malformed. reason=${describeError(error)}`)
  }
}

const prepareFor = (destination: string, data: Buffer, nowMs: number): Buffer => serializeIlpPrepare({
  amount: '0',
  destination,
  executionCondition: PEER_PROTOCOL_CONDITION,
  expiresAt: new Date(nowMs + EXPIRY_MS),
  data
})

export const writeControl = (request: CcpRouteControlRequest, nowMs: number): Buffer =>
  prepareFor(CCP_CONTROL_DESTINATION, serializeCcpRouteControlRequestPayload(request), nowMs)

export const writeUpdate = (request: CcpRouteUpdateRequest, nowMs: number): Buffer =>
  prepareFor(CCP_UPDATE_DESTINATION, serializeCcpRouteUpdateRequestPayload(request), nowMs)

/** The answer to a message that was accepted. */
export const writeResponse = (): Buffer => serializeCcpResponse()
