/** What was thrown, as an answer: which status, which code, and the JSON that tells of it. */
import { z } from 'zod'
import { codeOf, statusOfCode, type ErrorCode } from '../contracts/errors.js'

/** `error` of an answer, by status. */
const LABELS: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  408: 'Request timeout',
  409: 'Conflict',
  413: 'Payload too large',
  415: 'Unsupported media type',
  429: 'Too many requests',
  503: 'Service unavailable'
}

const UNEXPECTED = 'Internal server error'

export interface ErrorBody {
  error: string
  message: string
}

const httpCoded = z.object({ httpErrorCode: z.int().min(400).max(599) })
const atLimit = z.object({ ilpErrorCode: z.literal('T04') })

/** Anything that was thrown, as an Error. Plugins and middlewares throw undefined, strings and bare objects too. */
export function toError (thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  if (typeof thrown !== 'object' || thrown === null) return new Error(`non-object thrown. error=${String(thrown)}`)
  return new Error('message' in thrown && typeof thrown.message === 'string' ? thrown.message : 'non-error object thrown.')
}

/** The error's own `httpErrorCode`, which middlewares and plugins of others throw as well; else that of its code; 500 for what has none. */
export function statusOf (err: Error): number {
  const own = httpCoded.safeParse(err).data?.httpErrorCode
  const code = knownCodeOf(err)
  return own ?? (code === undefined ? 500 : statusOfCode(code))
}

/** Undefined for a refusal of somebody else's, which has a status and no code of ours. */
export function answeredCodeOf (err: Error): ErrorCode | undefined {
  return knownCodeOf(err) ?? (statusOf(err) < 500 ? undefined : 'SLUICE_UNEXPECTED')
}

/** Of an unexpected error only the first line: Node appends file paths to some (MODULE_NOT_FOUND's require stack). */
export function messageOf (err: Error): string {
  return statusOf(err) < 500 ? err.message : err.message.split('\n', 1).join('')
}

/** The status in words. */
export function labelOf (status: number): string {
  return LABELS[status] ?? UNEXPECTED
}

/** The status and the JSON body for anything that was thrown as an Error. Never a stack. */
export function errorAnswer (err: Error): { status: number, body: ErrorBody } {
  const status = statusOf(err)
  return { status, body: { error: labelOf(status), message: messageOf(err) } }
}

/** A balance that would pass its limit is an ILP error (T04), wherever it comes from. */
function knownCodeOf (err: Error): ErrorCode | undefined {
  return codeOf(err) ?? (atLimit.safeParse(err).success ? 'SLUICE_BALANCE_LIMIT' : undefined)
}
