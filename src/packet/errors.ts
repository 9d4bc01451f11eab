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

/** What a thrown value means for the sender of the packet, and for the operator. */
export interface RejectReason {
  code: string
  message: string
  data: Buffer
  /** Whether the sender is told all of it. If not, the log has to say the rest. */
  isWhole: boolean
  /** Whether it was thrown to be told. If not, something is broken on our side. */
  isExpected: boolean
}

const NOTHING = Buffer.alloc(0)
const ERROR_CODE = /^[!-~]{3}$/
const UNEXPECTED = 'internal error.'

/** Whether a reject can carry `value` as its code: three visible ASCII characters. */
export function isErrorCode (value: unknown): value is string {
  return typeof value === 'string' && ERROR_CODE.test(value)
}

/**
 * An error with details that only the log may say, such as the ids of accounts: the sender of the packet may be anybody, and is told
 * `publicMessage` alone.
 */
export function withDetails<E extends Error> (make: (message: string) => E, publicMessage: string, details: string): E {
  return Object.assign(make(`${publicMessage} ${details}`), { publicMessage })
}

/**
 * What the sender is told of a thrown value (anything, also `undefined`). An error with an `ilpErrorCode` was made to be told: its message
 * (or `publicMessage`, if it has one) and its `ilpErrorData` are passed on. Anything else is a fault on our side: F00, and its text,
 * which may name hosts, files and passwords, is for the log alone.
 */
export function rejectReasonOf (thrown: unknown): RejectReason {
  const { ilpErrorCode, ilpErrorData, message, publicMessage } = Object(thrown) as
    { ilpErrorCode?: unknown, ilpErrorData?: unknown, message?: unknown, publicMessage?: unknown }
  if (!isErrorCode(ilpErrorCode)) return { code: 'F00', message: UNEXPECTED, data: NOTHING, isWhole: false, isExpected: false }
  const told = [publicMessage, message].find(text => typeof text === 'string') ?? ''
  return {
    code: ilpErrorCode,
    message: told,
    data: Buffer.isBuffer(ilpErrorData) ? ilpErrorData : NOTHING,
    isWhole: told === message || typeof message !== 'string',
    isExpected: true
  }
}
