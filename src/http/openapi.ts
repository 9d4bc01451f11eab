/** An API in OpenAPI 3.1, made from the routes themselves. */
import { z } from 'zod'
import { labelOf } from './errors.js'
import type { Route, Shape } from './route.js'

export type JsonSchema = Record<string, unknown>

/** By media type. */
type Content = Record<string, { schema: JsonSchema, example?: object }>

/** What is the same for all routes of an API. */
export interface ApiDescription {
  title: string
  /** Of the package. */
  version: string
  description: string
  /** Where it answers by default, for the examples of the page. */
  baseUrl: string
  documentPath: string
  pagePath: string
  /** From which people get to the page, besides `/`. */
  otherPaths?: readonly string[]
  /** How an operator of this API calls its key in a shell, such as `$ADMIN_API_KEY`. */
  keyInShell: string
  errors: ErrorDescription
  /** A sentence that says whose API it is, at the time of the request. */
  whose?: () => string
  /** By the name of a field: what stands there in the answers that the page shows. */
  samples?: Readonly<Record<string, unknown>>
}

/** What an error looks like. */
export interface ErrorDescription {
  type: 'application/json' | 'text/plain'
  schema: z.ZodType
  /** For people, as HTML. */
  html: string
}

interface Parameter {
  name: string
  in: 'path' | 'query'
  required: boolean
  description: string
  schema: JsonSchema
}

export interface Operation {
  operationId: string
  summary: string
  parameters: Parameter[]
  requestBody?: { required: true, content: Content }
  responses: Record<string, { description: string, content?: Content }>
}

export interface OpenApiDocument {
  openapi: '3.1.0'
  info: { title: string, version: string, description: string }
  security: Array<Record<string, string[]>>
  components: { securitySchemes: object, schemas: Record<string, JsonSchema> }
  paths: Record<string, Record<string, Operation>>
}

/** `{ error, message }`, as `jsonError` writes it. */
export const JSON_ERRORS: ErrorDescription = {
  type: 'application/json',
  schema: z.strictObject({ error: z.string().describe('The status in words'), message: z.string().describe('What is wrong and what to do') }),
  html: '<code>{ "error", "message" }</code>'
}

export function openApiDocument (routes: readonly Route[], { title, version, description, errors }: ApiDescription): OpenApiDocument {
  const paths: OpenApiDocument['paths'] = {}
  for (const route of routes) (paths[route.path] ??= {})[route.method] = operationOf(route, errors)
  return {
    openapi: '3.1.0',
    info: { title, version, description },
    // Either is enough for this document: whether a key is asked for is the operator's choice.
    security: [{ apiKey: [] }, {}],
    components: {
      securitySchemes: { apiKey: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } },
      schemas: { Error: schemaOf(errors.schema) }
    },
    paths
  }
}

function operationOf (route: Route, errors: ErrorDescription): Operation {
  const operation: Operation = {
    operationId: operationId(route),
    summary: route.summary,
    parameters: [...parametersOf('path', route.params), ...parametersOf('query', route.query)],
    responses: responsesOf(route, errors)
  }
  if (route.body !== undefined) {
    const { schema, example } = route.body
    operation.requestBody = { required: true, content: { 'application/json': { schema: schemaOf(schema), example } } }
  }
  return operation
}

/** `post /admin/channels/{channelId}/close` is `postChannelsChannelIdClose`. */
function operationId ({ method, path }: Route): string {
  const words = path.replace('/admin/', '').split(/[^a-zA-Z]+/).filter(word => word !== '')
  return method + words.map(word => word.charAt(0).toUpperCase() + word.slice(1)).join('')
}

function parametersOf (place: 'path' | 'query', described: Readonly<Record<string, string>> = {}): Parameter[] {
  return Object.entries(described).map(([name, description]) => ({
    name, in: place, required: place === 'path', description, schema: { type: 'string' }
  }))
}

function responsesOf (route: Route, { type }: ErrorDescription): Operation['responses'] {
  const answers: Operation['responses'] = {}
  for (const [status, shape] of Object.entries(route.responses)) {
    answers[status] = { description: status === '201' ? 'Done, something new exists' : 'Done', ...contentOf(shape) }
  }
  for (const [status, when] of Object.entries(route.errors)) {
    answers[status] = { description: `${labelOf(Number(status))}: ${when}`, content: { [type]: { schema: { $ref: '#/components/schemas/Error' } } } }
  }
  return answers
}

function contentOf (shape: Shape): { content?: Content } {
  if (shape === 'nothing') return {}
  return { content: shape === 'text' ? { 'text/plain': { schema: { type: 'string' } } } : { 'application/json': { schema: schemaOf(shape) } } }
}

function schemaOf (schema: z.ZodType): JsonSchema {
  // The document says once for all its schemas which JSON Schema they are: OpenAPI 3.1's own.
  const whole: JsonSchema = z.toJSONSchema(schema, { io: 'input' })
  delete whole.$schema
  return whole
}
