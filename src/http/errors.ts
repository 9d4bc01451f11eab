/** How failures become HTTP answers: a status and one line of plain text, `Name: message`, never a stack. */
import { z } from 'zod'

/** An answer other than success. `name` is the first word of the text. */
export class HttpError extends Error {
  constructor (readonly httpErrorCode: number, message: string, name = 'Error') {
    super(message)
    this.name = name
  }
}

/** Refuses an account id that nobody has. */
export function unknownAccount (accountId: string): HttpError {
  return new HttpError(404, `unknown account id. accountId=${accountId}`)
}

/** Anything that was thrown, as an Error. Plugins and middlewares throw undefined, strings and bare objects too. */
export function toError (thrown: unknown): Error {
  if (thrown instanceof Error) return thrown
  if (typeof thrown !== 'object' || thrown === null) return new Error(`non-object thrown. error=${String(thrown)}`)
  return new Error('message' in thrown && typeof thrown.message === 'string' ? thrown.message : 'non-error object thrown.')
}

const httpCoded = z.object({ httpErrorCode: z.int().min(400).max(599) })
const atLimit = z.object({ ilpErrorCode: z.literal('T04') })

/** The error's own `httpErrorCode`; 409 for T04 (a balance would pass its limit); 500 for what nobody expected. */
export function statusOf (err: Error): number {
  const coded = httpCoded.safeParse(err)
  if (coded.success) return coded.data.httpErrorCode
  return atLimit.safeParse(err).success ? 409 : 500
}

/** `Name: message`. Of an unexpected error only the first line: Node appends file paths to some (MODULE_NOT_FOUND's require stack). */
export function textOf (err: Error): string {
  const text = `${err.name}: ${err.message}`
  return statusOf(err) < 500 ? text : text.split('\n', 1).join('')
}
