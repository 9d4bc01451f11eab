/** Errors as this plugin's callers see them, and as the peer sees ours. */
import { format } from 'node:util'
import { TransportError } from '../../../src/contracts/transport.js'
import { FrameType, toGeneralizedTime } from './frame.js'
import type { BtpError, ErrorFrame } from './frame.js'

/** Carries the ILP error code with which the connector rejects the packet. RFC 0027 section "Error codes". */
export class IlpError extends TransportError {
  override readonly name = 'IlpError'
}

/** Names of errors that deployed plugins throw from their handlers, and the codes that they have in BTP frames. */
export const CODES: ReadonlyMap<string, string> = new Map([
  ['UnreachableError', 'T00'],
  ['NotAcceptedError', 'F00'],
  ['InvalidFieldsError', 'F01'],
  ['TransferNotFoundError', 'F03'],
  ['InvalidFulfillmentError', 'F04'],
  ['DuplicateIdError', 'F05'],
  ['AlreadyRolledBackError', 'F06'],
  ['AlreadyFulfilledError', 'F07'],
  ['InsufficientBalanceError', 'F08']
])

/** What a TRANSFER is answered with where nobody takes it. Made once: with its stack, an Error costs more than all the rest. */
export const NO_MONEY = new Error('No sendMoney functionality is included in this module')

/** An error message is for a person; more than this is cut off. */
const MAX_MESSAGE_LENGTH = 1024

/** The Error frame that tells the peer why its request failed. `reason` may be anything that was thrown. */
export function errorFrame (requestId: number, reason: unknown): ErrorFrame {
  const name = nameOf(reason)
  const message = messageOf(reason).slice(0, MAX_MESSAGE_LENGTH)
  return errorFrameOf(requestId, { code: CODES.get(name) ?? 'F00', name, data: JSON.stringify({ message }) })
}

export function errorFrameOf (requestId: number, error: Omit<BtpError, 'triggeredAt'>): ErrorFrame {
  return { type: FrameType.ERROR, requestId, error: { ...error, triggeredAt: toGeneralizedTime(new Date()) }, protocolData: [] }
}

/** The Error frame for a request that was not carried out, and that may be sent again. */
export function temporaryErrorFrame (requestId: number, message: string): ErrorFrame {
  return errorFrameOf(requestId, { code: 'T00', name: 'UnreachableError', data: JSON.stringify({ message }) })
}

/**
 * What a caller is told when the peer answered with an Error frame: the frame as JSON, which is not for the sender of a packet. A temporary
 * BTP error (`T..`) is a temporary ILP error; for all others the connector chooses its usual code.
 */
export function errorOfFrame ({ error }: ErrorFrame): IlpError {
  const { code, name, triggeredAt } = error
  const data = error.data.slice(0, MAX_MESSAGE_LENGTH)
  const ilpError = new IlpError(code.startsWith('T') ? 'T00' : undefined, JSON.stringify({ code, name, triggeredAt, data }))
  return Object.assign(ilpError, { publicMessage: 'the peer answered with an error.' })
}

/** There is no connection, and nothing was sent. */
export function closedError (): IlpError {
  return new IlpError('T01', 'no BTP connection to the peer')
}

/** A frame that the peer would close the connection for. Sizes in bytes. */
export function tooLarge (size: number, maxPayload: number): RangeError {
  return new RangeError(`BTP frame is too large. bytes=${size} maxPayload=${maxPayload}`)
}

/** Two peers dial each other without a secret: one of the two sockets is enough, so this is not a problem. */
export class AlreadyConnectedError extends Error {
  constructor () {
    super('the account is connected already')
  }
}

/** The message of whatever was thrown; never throws itself, as `String(reason)` can. */
export function messageOf (reason: unknown): string {
  return format('%s', reason instanceof Error ? reason.message : reason)
}

/** As it can stand in a frame. */
export function nameOf (reason: unknown): string {
  return reason instanceof Error && isAscii(reason.name) ? reason.name : 'NotAcceptedError'
}

function isAscii (text: string): boolean {
  return /^[ -~]+$/.test(text)
}
