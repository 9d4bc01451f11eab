/** One route of an HTTP API: what it is for, what it takes, what it answers. Served and documented from the same description. */
import type { z } from 'zod'
import { firstFault } from '../lib/first-fault.js'
import { SluiceError } from '../contracts/errors.js'

/** What a handler sees of a request. `params` are decoded. */
export interface RouteRequest<Body> {
  params: Readonly<Record<string, string>>
  query: Readonly<Record<string, string>>
  body: Body
}

/** The shape of an answer: JSON, text, or no body at all. */
export type Shape = z.ZodType | 'text' | 'nothing'

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
  /** Bytes. Default: the API's. */
  maxBodySize?: number | undefined
  /** By status. How errors look is the same for the whole API; here stands when they happen. */
  responses: Readonly<Record<number, Shape>>
  errors: Readonly<Record<number, string>>
}

/** A description with its handler; the body is checked before the handler sees it. */
export interface Route extends Description<unknown> {
  handle (request: RouteRequest<unknown>): Promise<Response>
}

/** Adds what all routes have in common, and checks the body for the handler. */
export function route<Body> (
  description: Description<Body>, handle: (request: RouteRequest<Body>) => Response | Promise<Response>
): Route {
  const { body, ...rest } = description
  return {
    ...rest,
    body: body && { schema: body.schema, example: body.example },
    errors: {
      401: 'The key is missing or wrong',
      403: 'The client may not use this API',
      ...(body !== undefined && { 415: 'The body does not say that it is JSON' }),
      500: 'Something unexpected',
      ...description.errors
    },
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

/** Throws 400 with the first fault. */
function parse<T> (schema: z.ZodType<T>, body: unknown): T {
  const { success, data, error } = schema.safeParse(body)
  if (success) return data
  throw new SluiceError('SLUICE_BODY_INVALID', firstFault(error, schema))
}
