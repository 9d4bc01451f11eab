/** One route of the node's admin API: what it is for, what it takes, what it answers. Served and documented from the same description. */
import { z } from 'zod'
import { SluiceError } from '../contracts/errors.js'

/** Bytes of a request body. */
const MAX_BODY_SIZE = 100 * 1024

export interface Answer {
  status: number
  body: object
}

/** What a handler sees of a request. `params` are decoded. */
export interface RouteRequest<Body> {
  params: Readonly<Record<string, string>>
  query: Readonly<Record<string, string>>
  body: Body
}

interface BodyDescription<Body> {
  schema: z.ZodType<Body>
  example: object
  /** Instead of the schema's own check, where clients know other texts. Throws 400. */
  check?: ((body: unknown) => Body) | undefined
}

interface Description<Body> {
  method: 'get' | 'post' | 'put' | 'delete'
  /** As in OpenAPI: `/admin/peers/{peerId}`. */
  path: string
  summary: string
  /** What the parts in braces are, and what may follow the question mark. */
  params?: Readonly<Record<string, string>> | undefined
  query?: Readonly<Record<string, string>> | undefined
  body?: BodyDescription<Body> | undefined
  maxBodySize?: number | undefined
  /** By status. Errors are `{ error, message }`; here stands when they happen. */
  responses: Readonly<Record<number, z.ZodType>>
  errors: Readonly<Record<number, string>>
}

/** A description with its handler; the body is checked before the handler sees it. */
export interface Route extends Description<unknown> {
  maxBodySize: number
  handle (request: RouteRequest<unknown>): Promise<Answer>
}

/** Adds what all routes have in common, and checks the body for the handler. */
export function route<Body> (
  description: Description<Body>, handle: (request: RouteRequest<Body>) => Answer | Promise<Answer>
): Route {
  const { body, maxBodySize = MAX_BODY_SIZE, ...rest } = description
  return {
    ...rest,
    maxBodySize,
    body: body && { schema: body.schema, example: body.example },
    errors: { 401: 'The key is missing or wrong', 403: 'The client may not use this API', 500: 'Something unexpected', ...description.errors },
    handle: async request => handle({ ...request, body: checked(body, request.body) })
  }
}

/** The value of a parameter that the path has. */
export function param ({ params }: RouteRequest<unknown>, name: string): string {
  const value = params[name]
  if (value === undefined) throw new Error(`no ${name} in the path of this route`)
  return value
}

function checked<Body> (description: BodyDescription<Body> | undefined, body: unknown): Body {
  // A route without a body description is one whose handler asks for none: Body is undefined there.
  if (description === undefined) return undefined as Body
  return description.check === undefined ? parse(description.schema, body) : description.check(body)
}

/** Throws 400 with the first fault: the schemas' own texts, and for unknown keys which they are. */
function parse<T> (schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const [issue] = result.error.issues
  if (issue?.code === 'unrecognized_keys') {
    const known = schema instanceof z.ZodObject ? ` Known are: ${Object.keys(schema.shape).join(', ')}.` : ''
    throw new SluiceError('SLUICE_BODY_INVALID', `Unknown field: ${issue.keys.join(', ')}.${issue.path.length === 0 ? known : ''}`)
  }
  throw new SluiceError('SLUICE_BODY_INVALID', issue?.message ?? 'Invalid request body')
}
