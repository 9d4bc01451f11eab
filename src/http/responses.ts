/** How the HTTP servers write an answer. */
import { SluiceError } from '../contracts/errors.js'
import { answeredCodeOf } from './errors.js'
import { errorAnswer } from './node-errors.js'

/** Answers may hold balances: they are not for caches, nor for browsers to guess a type for. */
export const HEADERS = { 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }
/** Carries the code of an error (docs/errors.md), whatever the body looks like. */
const ERROR_CODE_HEADER = 'X-Error-Code'

export function json (status: number, body: object): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...HEADERS, 'Content-Type': 'application/json' } })
}

/** Anything that was thrown as an Error, as JSON. */
export function failed (err: Error): Response {
  const { status, body } = errorAnswer(err)
  return withCode(json(status, body), err)
}

/** Adds the error's code to the answer that tells of it. */
export function withCode (response: Response, err: Error): Response {
  const code = answeredCodeOf(err)
  if (code !== undefined) response.headers.set(ERROR_CODE_HEADER, code)
  return response
}

/** For a method and path that nothing is behind. */
export function noSuchRoute (method: string, path: string, advice = ''): Response {
  return failed(new SluiceError('SLUICE_PATH_UNKNOWN', `No such route: ${method} ${path}.${advice}`))
}
