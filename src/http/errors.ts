/** What was thrown, as an answer: which status, and which code. The texts are each API's own. */
import { z } from 'zod'
import { codeOf, statusOfCode, type ErrorCode } from '../contracts/errors.js'

/** Anything that was thrown, as an Error. Plugins and middlewares throw undefined, strings and bare objects too. */
export function toError (thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  if (typeof thrown !== 'object' || thrown === null) return new Error(`non-object thrown. error=${String(thrown)}`)
  return new Error('message' in thrown && typeof thrown.message === 'string' ? thrown.message : 'non-error object thrown.')
}

const httpCoded = z.object({ httpErrorCode: z.int().min(400).max(599) })
const atLimit = z.object({ ilpErrorCode: z.literal('T04') })

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

/** A balance that would pass its limit is an ILP error (T04), wherever it comes from. */
function knownCodeOf (err: Error): ErrorCode | undefined {
  return codeOf(err) ?? (atLimit.safeParse(err).success ? 'SLUICE_BALANCE_LIMIT' : undefined)
}
