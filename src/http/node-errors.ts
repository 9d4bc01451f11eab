/** Failures of the node's HTTP servers as JSON: `{ error, message }`, never a stack. */
import { statusOf } from './errors.js'

/** `error` of an answer, by status. */
const LABELS: Record<number, string> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  408: 'Request timeout',
  409: 'Conflict',
  413: 'Payload too large',
  503: 'Service unavailable'
}

const UNEXPECTED = 'Internal server error'

export interface ErrorBody {
  error: string
  message: string
}

export function labelOf (status: number): string {
  return LABELS[status] ?? UNEXPECTED
}

/** The status and body for anything that was thrown as an Error. Of an unexpected error only the first line: Node appends file paths. */
export function errorAnswer (err: Error): { status: number, body: ErrorBody } {
  const status = statusOf(err)
  const message = status < 500 ? err.message : err.message.split('\n', 1).join('')
  return { status, body: { error: labelOf(status), message } }
}
