/**
 * The errors that become rejects. They are ilp-packet's own classes, so that `instanceof` holds across third-party middlewares.
 * RFC 0027, "ILP Error Codes".
 */
import { Errors } from 'ilp-packet'

export const {
  AmountTooLargeError,
  BadRequestError,
  ConnectorBusyError,
  InsufficientLiquidityError,
  InsufficientSourceAmountError,
  InsufficientTimeoutError,
  InternalError,
  InvalidPacketError,
  PeerUnreachableError,
  RateLimitedError,
  TransferTimedOutError,
  UnreachableError,
  WrongConditionError
} = Errors

/** What somebody hears who asks too often. */
export const THROTTLED = 'too many requests, throttling.'

/** The fields of a thrown value that decide what the sender is told. */
export interface RejectReason {
  code: string
  message: string
  data: Buffer
}

const NOTHING = Buffer.alloc(0)
const ERROR_CODE = /^[!-~]{3}$/

/** Whether a reject can carry `value` as its code: three visible ASCII characters. */
export function isErrorCode (value: unknown): value is string {
  return typeof value === 'string' && ERROR_CODE.test(value)
}

/** What a thrown value (anything, also `undefined`) says to the sender: its `ilpErrorCode` (default F00), message and `ilpErrorData`. */
export function rejectReasonOf (thrown: unknown): RejectReason {
  if (typeof thrown !== 'object' || thrown === null) {
    return { code: 'F00', message: `Non-object thrown: ${String(thrown)}`, data: NOTHING }
  }
  const { ilpErrorCode, ilpErrorData, message } = thrown as { ilpErrorCode?: unknown, ilpErrorData?: unknown, message?: unknown }
  return {
    code: isErrorCode(ilpErrorCode) ? ilpErrorCode : 'F00',
    message: typeof message === 'string' ? message : '',
    data: Buffer.isBuffer(ilpErrorData) ? ilpErrorData : NOTHING
  }
}
