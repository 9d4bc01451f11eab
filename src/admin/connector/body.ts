/** Request bodies of the connector's admin API, and what it says of bad ones: as clients of ilp-connector know it. */
import type { z } from 'zod'
import { SluiceError } from '../../contracts/errors.js'

/** What a route says of its body. */
interface BodyDescription<T> {
  schema: z.ZodType<T>
  example: object
  check (body: unknown): T
}

/** A body that must fit `schema`. `what` begins the text of a refusal. */
export function bodyOf<T> (schema: z.ZodType<T>, what: string, example: object): BodyDescription<T> {
  return { schema, example, check: body => checked(schema, body, what) }
}

/** The body, which must be a JSON object or list. `missing` is the text of the refusal. */
export function objectOf (body: unknown, missing: string): object {
  if (typeof body !== 'object' || body === null) throw new SluiceError('SLUICE_BODY_MISSING', missing)
  return body
}

/** Throws 400 naming the first fault and where it is. Values found are not repeated, they may be secret. */
export function checked<T> (schema: z.ZodType<T>, body: unknown, what: string): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const dataPath = (issue?.path ?? []).map(key => `.${String(key)}`).join('')
  throw new SluiceError('SLUICE_BODY_INVALID', `${what}: error=${issue?.message ?? 'unknown validation error'} dataPath=${dataPath}`)
}
